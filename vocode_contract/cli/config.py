"""``config``: show the options of a run, and where each value comes from."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from vocode_contract.cli.options import examples
from vocode_contract.cli.output import Output, write_table
from vocode_contract.conformance.run.options import Given, resolve_option
from vocode_contract.errors import CHECK_PREFIX, set_option_prefix
from vocode_contract.http.url import HIDDEN, hide_credentials
from vocode_contract.run_options import OPTIONS, RunOption

if TYPE_CHECKING:
    from vocode_contract.http.guard.config_file import Live

FORMATS = ("text", "json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A value, and where it comes from.

    Attributes:
        text: Shown in place of an absent value.
    """

    name: str
    value: Any
    source: str
    text: str = "none"

    def __str__(self) -> str:
        if isinstance(self.value, bool):
            return f"{'yes' if self.value else 'no'} ({self.source})"
        words = self.value if isinstance(self.value, (tuple, list)) else [self.value]
        return f"{' '.join(map(str, words)) if self.value else self.text} ({self.source})"


@click.command(
    short_help="Show the options of a run, and where their values come from.",
    epilog=examples(
        "vocode-contract config",
        "vocode-contract config --output-format json",
        "vocode-contract config --schema > vocode-contract.schema.json",
    ),
)
@click.option("--output-format", type=click.Choice(FORMATS), default="text", show_default=True, help="Output format.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a project's configuration files, and exit.")
@click.pass_context
def config(ctx: click.Context, /, *, output_format: str, schema: bool) -> None:
    """Show the options that a run in the current directory would use, and where each value comes from.

    A value comes from an environment variable, else from vocode-contract.toml, else from the table
    [tool.vocode-contract] of pyproject.toml, else it is the default; options on a command line override all of these.
    The two files are those of the nearest directory that sets an option, from the current one up to the root of the
    checkout. Options that widen what is sent to a remote host cannot be set in them. Secrets and phone numbers are not
    shown.

    Exit codes: 0 if 'vocode-contract check' can use the values, 2 if it cannot.
    """
    from pathlib import Path

    from vocode_contract.cli.check import require_known_host
    from vocode_contract.conformance.run.project_file import make_schema, read_project
    from vocode_contract.conformance.run.settings import Settings
    from vocode_contract.http.guard.config_file import read_live, user_file

    ctx.call_on_close(partial(set_option_prefix, set_option_prefix(CHECK_PREFIX)))
    output = ctx.ensure_object(Output)
    if schema:
        output.write(f"{json.dumps(make_schema(), indent=2)}\n")
        return
    project, own = read_project(Path.cwd()), user_file()
    live = read_live(own, Path.cwd())
    given = {
        option.name: resolve_option(
            option, None, prefix=CHECK_PREFIX, files=list(filter(None, [project.get(option.name)]))
        )
        for option in OPTIONS
    }
    rows = [
        *(_describe_option(option, given[option.name]) for option in OPTIONS),
        *_describe_variables(),
        *_describe_live(live, str(own)),
    ]
    if output_format == "json":
        found = [{"name": row.name, "value": row.value, "source": row.source} for row in rows]
        output.write(f"{json.dumps({'config': found}, indent=2)}\n")
    else:
        write_table([(row.name, str(row)) for row in rows], output)
    # An invalid value is shown first, since its source may be what surprises.
    require_known_host(Settings.from_given(given), given["url"])


def _describe_option(option: RunOption, given: Given) -> Setting:
    if not option.is_set(given.value):
        value = None if option.default in ("", ()) else option.default
        return Setting(name=option.name, value=value, source="default", text=option.default_text)
    return Setting(name=option.name, value=_mask(option, given.value), source=given.source)


def _mask(option: RunOption, value: Any) -> Any:
    """Return a value without what may be secret or personal: phone numbers, and credentials in a URL."""
    if option.metavar == "NUMBER":
        return HIDDEN
    if option.metavar == "URL":
        return hide_credentials(value)
    return value


def _describe_variables() -> Iterator[Setting]:
    """Yield whether the variables are set that have no option, since they hold secrets or only restrict."""
    from vocode_contract.http.client.authentication import OTHER_TOKEN_VARIABLE, PASSPHRASE_VARIABLE, TOKEN_VARIABLE
    from vocode_contract.http.client.endpoint import PROXY_AUTH_VARIABLE

    for name in (TOKEN_VARIABLE, OTHER_TOKEN_VARIABLE, PASSPHRASE_VARIABLE, PROXY_AUTH_VARIABLE):
        value = HIDDEN if os.environ.get(name) else None
        yield Setting(name=name, value=value, source="environment", text="not set")


def _describe_live(live: "Live", own: str) -> Iterator[Setting]:
    """Yield what the files and a variable say of remote hosts."""
    from vocode_contract.http.guard.guard import READ_ONLY_VARIABLE, is_read_only

    forbids = READ_ONLY_VARIABLE if is_read_only() else live.read_only_in
    yield Setting(name="live.read_only", value=bool(forbids), source=forbids or "default")
    yield Setting(name="live.hosts", value=sorted(live.hosts), source=own if live.hosts else "default")
    yield Setting(name="live.numbers", value=[HIDDEN] * len(live.numbers), source=own if live.numbers else "default")
    yield Setting(name="live.rate", value=live.rate, source="default" if live.rate is None else own, text="2")
