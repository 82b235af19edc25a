"""The end of a run: end the calls that it created and see that they are over, also after Ctrl-C."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from vocode_contract.conformance.checked_client import CheckedClient
from vocode_contract.http import clock

_LOOKED_AT = 100
#: Seconds for ending the created calls.
LAST_SECONDS = 10.0


def finish(client: CheckedClient, within: float = LAST_SECONDS, *, is_last_word: bool = True) -> tuple[str, ...]:
    """End the calls that were created and are not over, also those of requests without a response.

    Args:
        client: The client that created them.
        within: Maximum seconds.
        is_last_word: Whether Ctrl-C stops this at once; otherwise the first Ctrl-C is raised at the end.

    Returns:
        The IDs of calls that could not be ended.

    Raises:
        KeyboardInterrupt: Ctrl-C came meanwhile.
    """
    deadline = clock.monotonic() + within
    interruptions: list[KeyboardInterrupt] = []

    def has_done(step: Callable[[float], object]) -> bool:
        try:
            step(deadline - clock.monotonic())
        except KeyboardInterrupt as interruption:
            if is_last_word or interruptions:
                raise
            interruptions.append(interruption)
            return False
        return True

    creations = client.creations
    if creations.is_unclear:
        _ = has_done(_look(client)) or has_done(_look(client))
    for identifier in creations.open:
        if not has_done(_end(client, identifier)):
            creations.record_unclear_end(identifier)
            has_done(_end(client, identifier))
    left = creations.record_leftovers()
    if interruptions:
        raise interruptions[0]
    return left


def _look(client: CheckedClient) -> Callable[[float], object]:
    return lambda left: client.try_to_list(size=_LOOKED_AT, within=left)


def _end(client: CheckedClient, identifier: str) -> Callable[[float], None]:
    def end(left: float) -> None:
        if left > 0 and client.try_to_end(identifier, within=left):
            client.creations.record_end(identifier)

    return end


def finish_run(client: CheckedClient, config: pytest.Config, *, journal: str, is_last_word: bool) -> None:
    """End the calls of a run; if that is interrupted, print at once which calls are open.

    Args:
        client: The client that created them.
        config: pytest's configuration.
        journal: Path of the journal that has the IDs; empty for none.
        is_last_word: Whether the run was interrupted already, so that another Ctrl-C stops this.
    """
    try:
        finish(client, is_last_word=is_last_word)
    except BaseException:
        if client.creations.open:
            with uncaptured(config):
                where = f"; they are listed in {journal}" if journal else ""
                names = ", ".join(client.creations.open)
                sys.stderr.write(f"interrupted: still open, end them by hand: {names}{where}\n")
                sys.stderr.flush()
        raise


@contextmanager
def uncaptured(config: pytest.Config) -> Iterator[None]:
    """Suspend pytest's capturing, so that output is seen at once and input can be read."""
    capturing = config.pluginmanager.getplugin("capturemanager")
    if capturing is None:
        yield
        return
    capturing.suspend_global_capture(in_=True)
    try:
        yield
    finally:
        capturing.resume_global_capture()
