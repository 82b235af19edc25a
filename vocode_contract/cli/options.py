"""Options that several commands share."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from vocode_contract.audit.files import MOST_BYTES
from vocode_contract.cli.completion import (
    complete_code_lists,
    complete_contracts,
    complete_policies,
    complete_profiles,
    complete_reports,
    complete_schemas,
)
from vocode_contract.errors import CHECK_PREFIX, describe_unknown
from vocode_contract.run_options import OPTIONS, RunOption

if TYPE_CHECKING:
    from vocode_contract.conformance.run.options import Given
    from vocode_contract.contract.model import Contract


def resolve_name(word: str, known: Iterable[str], noun: str, *, listed_by: str = "") -> str:
    """Return a known name, whatever the case of the word that the user typed.

    Raises:
        click.UsageError: The name is unknown.
    """
    import click

    names = tuple(known)
    found = next((name for name in names if name.casefold() == word.casefold()), None)
    if found is not None:
        return found
    raise click.UsageError(describe_unknown(noun, word, names, listed_by=listed_by), click.get_current_context())


class NumberRange(click.FloatRange):
    """A range of numbers; ``nan`` is not in it, which click lets through."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number."""
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail("nan is not a number", param, ctx)
        return number


def examples(*lines: str) -> str:
    """Return examples for a command's help, in which click does not wrap lines."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


class RunParameter(click.Option):
    """An option of a run, which the files of the project may set.

    Attributes:
        run_option: Its entry in `OPTIONS`.
    """

    def __init__(self, *arguments: Any, run_option: RunOption, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.run_option = run_option

    def consume_value(self, ctx: click.Context, opts: Mapping[str, Any]) -> tuple[Any, ParameterSource]:
        """Return the value and its source, which may be a file of the project if it was not given otherwise."""
        value, source = super().consume_value(ctx, opts)
        if source is ParameterSource.DEFAULT and self.run_option.is_configurable and not ctx.resilient_parsing:
            given = read_project_once(ctx).get(self.run_option.name)
            if given is not None:
                return given.value, ParameterSource.DEFAULT_MAP
        return value, source


def read_project_once(ctx: click.Context) -> "Mapping[str, Given]":
    """Return what the files of the project set for options of a run, by name; they are read once for a command."""
    key = f"{__name__}.project"
    if key not in ctx.meta:
        from pathlib import Path

        from vocode_contract.conformance.run.project_file import read_project

        ctx.meta[key] = read_project(Path.cwd())
    found: Mapping[str, Given] = ctx.meta[key]
    return found


_RUN_OPTIONS = {option.name: option for option in OPTIONS}

contract_option = click.option(
    "--contract",
    "date",
    cls=RunParameter,
    run_option=_RUN_OPTIONS["contract"],
    metavar="DATE|PATH",
    envvar="VOCODE_CONTRACT",
    show_envvar=True,
    shell_complete=complete_contracts,
    help="Date of the contract, or a folder or OpenAPI file of your own (default 2023-11-30).",
)


def make_profile_option(default: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option for the profile, with the default of a command."""
    return click.option(
        "--profile",
        cls=RunParameter,
        run_option=_RUN_OPTIONS["profile"],
        metavar="NAME",
        default=default,
        show_default=True,
        envvar="VOCODE_PROFILE",
        show_envvar=True,
        shell_complete=complete_profiles,
        help="How literally the contract is read: documented (to the letter), wire (unset optional properties may be "
        "null, as servers send them) or tolerant (what a newer server may add is reported as drift).",
    )


profile_option = make_profile_option("wire")


schema_option = click.option(
    "--as",
    "name",
    metavar="NAME",
    default="Call",
    show_default=True,
    shell_complete=complete_schemas,
    help="Schema of the payloads.",
)

lines_option = click.option(
    "--lines",
    is_flag=True,
    help="Read each line of a file as a payload (default: only in files named .jsonl or .ndjson).",
)

strict_option = click.option(
    "--strict/--plain",
    default=True,
    help="Report duplicate keys, integers beyond 64 bits and nesting deeper than 64 levels as violations.",
    show_default=True,
)

max_size_option = click.option(
    "--max-size",
    metavar="BYTES",
    type=click.IntRange(1, 1024**3),
    default=MOST_BYTES,
    show_default=True,
    help="Maximum size of a payload, or of a line of JSON Lines.",
)

each_option = click.option(
    "--each", is_flag=True, help="Read each item of an array as a payload (default: the array is one payload)."
)


report_option = click.option(
    "--report",
    "reports",
    metavar="FORMAT[=PATH]",
    multiple=True,
    shell_complete=complete_reports,
    help="Write a report: json, junit, html, sarif, markdown, github or accepted; separate several with commas. "
    "If PATH is missing or -, it goes to standard output, and the summary to standard error (default: none).",
)

port_option = click.option(
    "--port", metavar="PORT", type=click.IntRange(0, 65_535), default=0, help="TCP port (default: any free port)."
)

host_option = click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Loopback address to listen on, such as 127.0.0.2 or ::1; other addresses are rejected.",
)

_COMPLETIONS = {**dict.fromkeys(("select", "ignore", "error"), complete_code_lists), "policy": complete_policies}


def options_of_runs(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add options of a run to a command.

    Args:
        names: Their names in `OPTIONS`; by default all but those that several commands share.
    """

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(OPTIONS):
            if option.is_for_check and (option.name in names if names else option.name not in ("contract", "profile")):
                command = _add_option(option)(command)
        return command

    return add


def given_options(values: Mapping[str, Any]) -> "dict[str, Given]":
    """Return what was given for the options of a run that the running command has, by name."""
    from vocode_contract.conformance.run.options import resolve_option

    context = click.get_current_context()
    names = {
        parameter.run_option: parameter.name or ""
        for parameter in context.command.params
        if isinstance(parameter, RunParameter)
    }
    given = {}
    for option in (option for option in names if option.key in values):
        source = context.get_parameter_source(names[option])
        is_typed = source in (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)
        file = read_project_once(context).get(option.name)
        given[option.name] = resolve_option(
            option, values[option.key] if is_typed else None, prefix=CHECK_PREFIX, files=[file] if file else []
        )
    return given


def _add_option(option: RunOption) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    names = [f"--{option.name}", *([f"--{option.alias}"] if option.alias else []), option.key]
    text = f"{option.description[0].upper()}{option.description[1:]}."
    if option.is_flag:
        return click.option(*names, cls=RunParameter, run_option=option, is_flag=True, help=text)
    return click.option(
        *names,
        cls=RunParameter,
        run_option=option,
        metavar=option.metavar,
        type=option.type,
        default=None if option.is_repeatable or option.default == "" else option.default,
        multiple=option.is_repeatable,
        envvar=option.variable if option.name == "url" else None,
        show_envvar=True,
        shell_complete=_COMPLETIONS.get(option.name),
        help=text,
    )


def contract_of(name: str | None, profile: str) -> "Contract":
    """Return the contract that a user names: a date, or the path of a folder or OpenAPI file."""
    from vocode_contract.contract.model import find_contract

    known_name, known_profile = names_of_contract(name, profile)
    return find_contract(known_name, profile=known_profile)


def names_of_contract(name: str | None, profile: str) -> tuple[str | None, str]:
    """Return the date or path of a contract, and its profile, whatever the case in which the user typed them."""
    from vocode_contract.contract.model import PROFILES, dates, is_contract_path

    if name is not None and not is_contract_path(name):
        name = resolve_name(name, dates(), "contract")
    return name, resolve_name(profile, PROFILES, "profile")


def schema_of(contract: "Contract", name: str) -> str:
    """Return the name of a schema, whatever its case."""
    return resolve_name(name, contract.schemas, "schema", listed_by="vocode-contract schema --list")
