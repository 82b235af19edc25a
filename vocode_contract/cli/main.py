"""The command line: its commands, each loaded from its module when it is called."""

import os
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from shutil import get_terminal_size
from types import FrameType, TracebackType

import click

from vocode_contract.cli.options import examples
from vocode_contract.cli.output import BUG, CONFORMS, EXIT_CODES, INTERRUPTED, NAME, USAGE, Output
from vocode_contract.errors import ContractError, InvalidOption, Terminated, did_you_mean

#: Command -> the module that holds it, under the same name.
COMMANDS: Mapping[str, str] = {
    "check": "vocode_contract.cli.check",
    "validate": "vocode_contract.cli.validate",
    "which": "vocode_contract.cli.which",
    "explain": "vocode_contract.cli.explain",
    "config": "vocode_contract.cli.config",
    "schema": "vocode_contract.cli.schema",
    "diff": "vocode_contract.cli.diff",
    "drift": "vocode_contract.cli.diff",
    "generate": "vocode_contract.cli.generate",
    "coverage": "vocode_contract.cli.coverage",
    "audit": "vocode_contract.cli.audit",
    "simulate": "vocode_contract.cli.simulate",
    "proxy": "vocode_contract.cli.proxy",
    "webhook": "vocode_contract.cli.webhook",
}


#: Columns of a terminal below which names of options and commands have lines of their own.
_NARROW = 60
_NARROW_NAME = 14


class _NarrowFormatter(click.HelpFormatter):
    """Help for a narrow terminal: click's own takes 50 columns at least, and 30 of them for names."""

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = _NARROW_NAME, col_spacing: int = 2) -> None:
        """Write names and their texts."""
        super().write_dl(rows, col_max, col_spacing)


class _HelpContext(click.Context):
    """The context of a command, whose help fits the terminal."""

    def make_formatter(self) -> click.HelpFormatter:
        """Return what lays out the help."""
        columns = get_terminal_size().columns
        return (
            super().make_formatter() if columns >= _NARROW else _NarrowFormatter(width=max(columns - 2, _NARROW_NAME))
        )


class LazyGroup(click.Group):
    """A group that loads only the command that is called."""

    context_class = _HelpContext

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - its signature is click's
        """Return the names of the commands, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command."""
        if cmd_name not in COMMANDS:
            if cmd_name.startswith("-"):  # an option that the group does not have: click says so
                return None
            ctx.fail(f"no such command {cmd_name!r}{did_you_mean(cmd_name, COMMANDS)}")
        command: click.Command = getattr(import_module(COMMANDS[cmd_name]), cmd_name)
        command.context_class = _HelpContext
        return command


def _show_version(ctx: click.Context, _parameter: click.Parameter, requested: bool) -> None:
    if requested and not ctx.resilient_parsing:
        from vocode_contract._version import __version__  # it is slow to import

        click.echo(f"{NAME} {__version__}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=examples(
        "vocode-contract check                          test the built-in simulator",
        "vocode-contract validate call.json             validate a file against the schema Call",
        "vocode-contract validate --lines calls.jsonl   validate one payload per line",
        "vocode-contract generate --near-miss           generate payloads with one known violation",
        "vocode-contract explain enum                   describe a violation code",
    )
    + f"\n\nExit codes: {', '.join(f'{code} {word}' for code, (word, _) in EXIT_CODES.items())}.",
)
@click.option(
    "-V",
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
@click.pass_context
def application(ctx: click.Context) -> None:
    """Contract tests, validators and a simulator for Vocode's hosted calls API."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), err=True)
        ctx.exit(USAGE)


_COMPLETE = "_VOCODE_CONTRACT_COMPLETE"


def run(arguments: Sequence[str]) -> int:
    """Run the command line.

    Returns:
        The exit code; see `vocode_contract.cli.output`.
    """
    if _COMPLETE in os.environ:
        from vocode_contract.cli.completion import run_completion

        return run_completion(application, NAME, _COMPLETE)
    output = Output()
    return output.close(_run_command(arguments, output))


def _run_command(arguments: Sequence[str], output: Output) -> int:
    try:
        with _handle_signals(), application.make_context(NAME, list(arguments), obj=output) as context:
            application.invoke(context)
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except click.ClickException as error:
        output.say(_format_usage_error(error, arguments))
        return USAGE
    except ContractError as error:
        output.say(_spell_error(error))
        return USAGE
    except Terminated as ending:
        output.say("terminated")
        return ending.exit_code
    except (KeyboardInterrupt, click.Abort):
        output.say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:  # of click's own printing: --help, --version
        return CONFORMS
    except Exception as error:  # noqa: BLE001 - the edge: any other exception is a bug
        if isinstance(error, ModuleNotFoundError) and not (error.name or "").startswith("vocode_contract"):
            output.write_error(_describe_missing_module(error))  # `say` itself imports a dependency
            return USAGE
        _report_bug(error, output)
        return BUG
    return CONFORMS


@contextmanager
def _handle_signals() -> Iterator[None]:
    """Let SIGTERM unwind the stack as Ctrl-C does, and SIGHUP too unless it is ignored (as by nohup)."""
    before = {signal.SIGTERM: signal.signal(signal.SIGTERM, _terminate)}
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) == signal.SIG_DFL:
        before[hangup] = signal.signal(hangup, _terminate)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _terminate(number: int, _frame: FrameType | None) -> None:
    raise Terminated(number)


def _spell_error(error: ContractError) -> str:
    """Return the text of an error; a parameter of a function has the name of the option that supplies it."""
    from vocode_contract.validation.safe_text import limit_error

    is_parameter = isinstance(error, InvalidOption) and error.name.isalpha() and error.name.islower()
    return limit_error(f"--{error}" if is_parameter else str(error))


def _format_usage_error(error: click.ClickException, arguments: Sequence[str]) -> str:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else _find_command_path(arguments)
    message = error.format_message().rstrip(".")
    return f"{message[:1].lower()}{message[1:]}; see '{path} --help'"


def _find_command_path(arguments: Sequence[str]) -> str:
    """Return the command that the arguments name; click does not report which command's option has no value."""
    words = [NAME]
    command: click.Command | None = application
    for argument in arguments:
        if isinstance(command, click.Group) and argument in command.list_commands(context := click.Context(command)):
            words, command = [*words, argument], command.get_command(context, argument)
    return " ".join(words)


def _describe_missing_module(error: ModuleNotFoundError) -> str:
    is_zipped = not os.path.exists(__file__)
    remedy = "is compiled and cannot be loaded from a zip archive" if is_zipped else "is not installed"
    return f"{NAME}: a dependency, the module {error.name}, {remedy}; install the package with pip\n"


def _report_bug(error: Exception, output: Output) -> None:
    """Report where a bug is, without its message, which may contain a part of the payload."""
    kind = type(error).__name__
    output.say(
        f"internal error: {kind} at {_find_place(error.__traceback__)}; please report this line, but not the payload; "
        "VOCODE_CONTRACT_DEBUG=1 shows the traceback"
    )
    if os.environ.get("VOCODE_CONTRACT_DEBUG") == "1":
        output.write_error(_format_traceback(error))


def _find_place(traceback: TracebackType | None) -> str:
    from pathlib import Path
    from traceback import walk_tb

    package = Path(__file__).resolve().parents[1]
    places = [(Path(frame.f_code.co_filename).resolve(), line) for frame, line in walk_tb(traceback)]
    ours = [f"{path.relative_to(package.parent).as_posix()}:{line}" for path, line in places if package in path.parents]
    return ours[-1] if ours else "an unknown place"


def _format_traceback(error: BaseException) -> str:
    """Return the frames of an error and of its causes: code and names, no values and no messages."""
    from traceback import format_tb

    parts: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        parts.append(f"{type(seen).__name__} (message left out)\n{''.join(format_tb(seen.__traceback__))}")
        seen = seen.__cause__ or seen.__context__
    return "raised after:\n".join(parts)
