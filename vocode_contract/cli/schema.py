"""``schema``: print a schema of the contract, or its OpenAPI document."""

import json
import os
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from vocode_contract.cli.completion import complete_profiles, complete_schemas
from vocode_contract.cli.options import contract_of, contract_option, examples, schema_of
from vocode_contract.cli.output import Output
from vocode_contract.errors import InvalidOption

if TYPE_CHECKING:
    from vocode_contract.contract.model import Contract
    from vocode_contract.contract.operation import Schema

_COMPONENTS = "#/components/schemas/"
_DEFINITIONS = "#/$defs/"
#: The file of a contract's folder that names the others.
OPENAPI = "openapi.json"
#: Keywords of the computed schemas that only our own reports use.
_INTERNAL = ("x-source", "x-tag")


@click.command(
    short_help="Print a schema, or the OpenAPI document.",
    epilog=examples(
        "vocode-contract schema Call > call.schema.json",
        "vocode-contract schema --contract 2024-08-27 > openapi.json",
        "vocode-contract schema --profile wire Call",
        "vocode-contract schema --list",
        "vocode-contract schema --contract 2024-08-27 --new-date contracts/2031-01-01",
    ),
)
@click.argument("name", required=False, shell_complete=complete_schemas)
@contract_option
@click.option(
    "--profile",
    metavar="NAME",
    default="documented",
    show_default=True,
    shell_complete=complete_profiles,
    help="documented prints the published schema; wire and tolerant print what payloads are validated against.",
)
@click.option("--list", "only_names", is_flag=True, help="List the names of the schemas.")
@click.option(
    "--new-date",
    "folder",
    metavar="[DIR/]DATE",
    help="Write a folder with the files of the contract, as the start of one of your own (default: print).",
)
@click.pass_context
def schema(
    ctx: click.Context, name: str | None, *, date: str | None, profile: str, only_names: bool, folder: str | None
) -> None:
    """Print a self-contained schema, or the OpenAPI document if no NAME is given."""
    output = ctx.ensure_object(Output)
    if folder is not None:
        if name is not None or only_names:
            ctx.fail("--new-date copies all files of a contract, so NAME and --list cannot be combined with it")
        count = _start_contract(folder, date)
        output.say(f"{folder}: {count} files; edit them, and use them with --contract {shlex.quote(folder)}")
        return
    contract = contract_of(date, profile)
    if only_names:
        output.write("".join(f"{known}\n" for known in sorted(contract.schemas)))
        return
    document = _document(contract) if name is None else bundle(contract, schema_of(contract, name))
    # ASCII, since the encoding of standard output is unknown.
    output.write(json.dumps(document, indent=2) + "\n")


def _start_contract(folder: str, source: str | None) -> int:
    """Write the files of a contract into a new folder, and return their number.

    Args:
        folder: The path of the new folder; its name is the date of the new contract.
        source: The date of a shipped contract, or a folder of the same form; by default the default contract.

    Raises:
        InvalidOption: The folder exists or cannot be written, its name is no new date, or the source is a document.
        UnknownContract: The source is neither a date nor a path.
    """
    from vocode_contract.contract.model import Contract, dates, is_contract_path
    from vocode_contract.contract.reading import read_files

    new = os.path.basename(os.path.normpath(folder))
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", new) or new in dates():
        raise InvalidOption(
            "--new-date", f"the folder must be named by a date, YYYY-MM-DD, but not {', '.join(dates())}"
        )
    if source is not None and is_contract_path(source):
        if not os.path.isdir(source):
            raise InvalidOption("--contract", "must be a date or a folder here: a document is copied as one file")
        contract, files = Contract.from_path(source), read_files(source)
    else:
        contract = contract_of(source, "documented")
        files = read_files(contract.date, is_shipped=True)
    version = f'"version": "{contract.date}"'.encode()
    try:
        os.makedirs(folder)
        for name, content in files.items():
            with open(os.path.join(folder, name), "xb") as file:
                file.write(content.replace(version, f'"version": "{new}"'.encode()) if name == OPENAPI else content)
    except FileExistsError:
        raise InvalidOption("--new-date", f"{folder} exists, and you may have edited it: choose another") from None
    except OSError as error:
        raise InvalidOption("--new-date", f"{folder} cannot be written: {error.strerror}") from None
    return len(files)


def bundle(contract: "Contract", name: str) -> dict[str, Any]:
    """Return one schema with all schemas that it refers to under ``$defs``, for use by any JSON Schema tool."""
    schemas = _schemas(contract)
    needed = sorted(_dependencies(schemas, name))
    root = {"$schema": "https://json-schema.org/draft/2020-12/schema", **_move(schemas[name])}
    return root | ({"$defs": {below: _move(schemas[below]) for below in needed}} if needed else {})


def _document(contract: "Contract") -> dict[str, Any]:
    components = {**contract.document["components"], "schemas": _schemas(contract)}
    return {**contract.document, "components": components}


def _schemas(contract: "Contract") -> Mapping[str, "Schema"]:
    from vocode_contract.contract.profile import schemas_under_profile

    if contract.profile == "documented":
        return contract.schemas
    return {name: _without_internal(schema) for name, schema in schemas_under_profile(contract).items()}


def _dependencies(schemas: Mapping[str, "Schema"], name: str) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        below = set(_references(schemas[waiting.pop()])) - found
        found |= below
        waiting += below
    return found


def _references(node: object) -> Iterator[str]:
    if isinstance(node, str) and node.startswith(_COMPONENTS):
        yield node.removeprefix(_COMPONENTS)
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _references(child)


def _move(node: Any) -> Any:
    """Copy a schema, its references changed to ``$defs``."""
    if isinstance(node, dict):
        return {key: _move(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_move(item) for item in node]
    return (
        node.replace(_COMPONENTS, _DEFINITIONS, 1) if isinstance(node, str) and node.startswith(_COMPONENTS) else node
    )


def _without_internal(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _without_internal(value) for key, value in node.items() if key not in _INTERNAL}
    return [_without_internal(item) for item in node] if isinstance(node, list) else node
