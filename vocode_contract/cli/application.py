"""The application: its commands, each loaded from its module when it is called."""

from collections.abc import Mapping
from importlib import import_module

import click

from vocode_contract.cli import exits
from vocode_contract.cli.options import examples
from vocode_contract.cli.output import NAME
from vocode_contract.cli.words import did_you_mean

#: Command -> the module that holds it, under the same name.
COMMANDS: Mapping[str, str] = {
    "check": "vocode_contract.cli.check",
    "validate": "vocode_contract.cli.validate",
    "which": "vocode_contract.cli.which",
    "explain": "vocode_contract.cli.explain",
    "schema": "vocode_contract.cli.schema",
    "generate": "vocode_contract.cli.generate",
    "coverage": "vocode_contract.cli.coverage",
    "simulate": "vocode_contract.cli.simulate",
    "webhook": "vocode_contract.cli.webhook",
}


class LazyGroup(click.Group):
    """A group that loads the command that is called, and no other."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - its signature is click's
        """Return the names in the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command."""
        if cmd_name not in COMMANDS:
            if cmd_name.startswith("-"):  # an option that the group does not have: click says so
                return None
            ctx.fail(f"no such command {cmd_name!r}{did_you_mean(cmd_name, COMMANDS)}")
        command: click.Command = getattr(import_module(COMMANDS[cmd_name]), cmd_name)
        return command


def _show_version(ctx: click.Context, _parameter: click.Parameter, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        from vocode_contract._version import __version__

        click.echo(f"{NAME} {__version__}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=examples(
        "vocode-contract check                          the suite, against the built-in simulator",
        "vocode-contract validate call.json             one payload, as a Call",
        "vocode-contract validate --lines calls.jsonl   one payload a line",
        "vocode-contract generate --near-miss           payloads with one thing wrong, and what it is",
        "vocode-contract explain enum                   what the code of a violation means",
    )
    + "\n\nExit codes: 0 conforms, 1 violations, 2 wrong usage, 3 could not be judged, 130 interrupted, "
    "143 terminated, 70 a bug of ours.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
@click.pass_context
def application(ctx: click.Context) -> None:
    """Hold a hosted voice-call API to its contract: its payloads, its servers."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), err=True)
        ctx.exit(exits.USAGE)
