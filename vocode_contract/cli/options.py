"""Options that several commands share, and what they mean."""

from typing import TYPE_CHECKING

import click

from vocode_contract.cli.words import meant

if TYPE_CHECKING:
    from vocode_contract.contract.model import Contract


def examples(*lines: str) -> str:
    """Return the part of a command's help that shows how to call it, its lines kept as they are."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


contract_option = click.option(
    "--contract", "date", metavar="DATE", help="Date of the contract; without it, the default one (2023-11-30)."
)
profile_option = click.option(
    "--profile",
    metavar="NAME",
    default="wire",
    show_default=True,
    help="How literally it is read: documented (to the letter), wire (unset optional properties may be null, "
    "as servers send them) or tolerant (what a newer server may add is reported as drift).",
)


def contract_of(date: str | None, profile: str) -> "Contract":
    """Return the contract that the two options mean."""
    from vocode_contract.contract.model import PROFILES, Contract, dates

    known_date = None if date is None else meant(date, dates(), "contract")
    return Contract.load(known_date, profile=meant(profile, PROFILES, "profile"))


def schema_of(contract: "Contract", name: str) -> str:
    """Return the name of the schema that a word means."""
    return meant(name, contract.schemas, "schema", listed_by="vocode-contract schema --list")
