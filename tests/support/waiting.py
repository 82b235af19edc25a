"""A clock that is put forward where the client would wait, so that a test need not."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from vocode_contract.conformance import checked_client
from vocode_contract.conformance.fuzzing import inputs
from vocode_contract.conformance.run import cleanup
from vocode_contract.http.client import client, connection, tcp, timing

#: Every module that reads the clock by which the client waits and gives up: they must agree on it.
_MODULES = (checked_client, inputs, cleanup, client, connection, tcp, timing)
#: Seconds that are waited at most, so that a server has its turn.
_TURN = 0.005


@contextmanager
def put_forward() -> Iterator[None]:
    """Put the client's clock forward by what it sleeps; time that a server takes counts as ever."""
    skipped = 0.0

    def sleep(seconds: float) -> None:
        nonlocal skipped
        turn = min(seconds, _TURN)
        time.sleep(turn)
        skipped += seconds - turn

    clock = SimpleNamespace(sleep=sleep, monotonic=lambda: time.monotonic() + skipped, time=time.time)
    with pytest.MonkeyPatch.context() as patch:
        for module in _MODULES:
            patch.setattr(module, "time", clock)
        yield
