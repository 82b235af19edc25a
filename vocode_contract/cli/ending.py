"""Run a command to its end, whichever end that is, and tell the exit code.

click maps Ctrl-C, a closed pipe and a crash to 1, which here means violations alone; so each end is
handled here.
"""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType, TracebackType

import click

from vocode_contract.cli import exits
from vocode_contract.cli.application import application
from vocode_contract.cli.output import NAME, Output
from vocode_contract.errors import ContractError, Terminated

_COMPLETE = "_VOCODE_CONTRACT_COMPLETE"


def run(arguments: Sequence[str]) -> int:
    """Run the command line.

    Args:
        arguments: What stands after the program's name.

    Returns:
        The exit code; see `vocode_contract.cli.exits`.
    """
    if _COMPLETE in os.environ:
        from click.shell_completion import shell_complete

        return shell_complete(application, {}, NAME, _COMPLETE, os.environ[_COMPLETE])
    output = Output()
    return output.closed(_ended(arguments, output))


def _ended(arguments: Sequence[str], output: Output) -> int:
    try:
        with _terminable(), application.make_context(NAME, list(arguments), obj=output) as context:
            application.invoke(context)
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except click.ClickException as error:
        output.say(_usage(error))
        return exits.USAGE
    except ContractError as error:
        output.say(str(error))
        return exits.USAGE
    except Terminated as ending:
        output.say("terminated")
        return ending.exit_code
    except (KeyboardInterrupt, click.Abort):
        output.say("interrupted")
        return exits.INTERRUPTED
    except BrokenPipeError:  # of click's own printing: --help, --version
        return exits.CONFORMS
    except Exception as error:  # noqa: BLE001 - the edge: whatever else comes up here is a bug of ours
        _confess(error, output)
        return exits.BUG
    return exits.CONFORMS


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM unwind the stack as Ctrl-C does, and SIGHUP where nobody lets it be ignored (nohup does)."""
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


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else NAME
    message = error.format_message().rstrip(".")
    return f"{message[:1].lower()}{message[1:]}; see '{path} --help'"


def _confess(error: Exception, output: Output) -> None:
    """Say where a bug is; its message is left out, since it may hold a part of the payload."""
    kind = type(error).__name__
    output.say(
        f"a bug of ours: {kind} at {_place(error.__traceback__)}; please report it with this line and without the "
        "payload; VOCODE_CONTRACT_DEBUG=1 shows the way there"
    )
    if os.environ.get("VOCODE_CONTRACT_DEBUG") == "1":
        output.write_error(_traceback(error))


def _place(traceback: TracebackType | None) -> str:
    """Return file and line of the innermost frame in this package."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    place = "an unknown place"
    while traceback is not None:
        name = os.path.abspath(traceback.tb_frame.f_code.co_filename)
        if name.startswith(package + os.sep):
            relative = os.path.relpath(name, os.path.dirname(package)).replace(os.sep, "/")
            place = f"{relative}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place


def _traceback(error: BaseException) -> str:
    """Write the frames of an error and of its causes: code and names, no value and no message."""
    import traceback

    told: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        told.append(f"{type(seen).__name__} (message left out)\n{''.join(traceback.format_tb(seen.__traceback__))}")
        seen = seen.__cause__ or seen.__context__
    return "raised after:\n".join(told)
