"""What holds for every test: nothing talks beyond loopback, nothing is timed. And files for those that read some."""

import gc
import os
import signal
import socket
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache, cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from tests.support.payloads import CALL, RINGING, saved

with suppress(ImportError):  # it is an extra
    from hypothesis import HealthCheck, settings

    # A busy machine is no defect: neither a time limit on one example nor one on drawing it.
    settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("untimed")

# A runner in the background is started with these ignored, and what tests start would inherit that.
for _number in (signal.SIGINT, getattr(signal, "SIGHUP", signal.SIGINT)):
    if signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL)

LOOPBACK = ("127.", "::1", "localhost")


def refuse_beyond_loopback(host: object) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if isinstance(name, str) and name and not name.startswith(LOOPBACK):
        raise AssertionError("a test reached for the network beyond loopback")


def guarded(method: str) -> Any:
    original = getattr(socket.socket, method)

    def guard(self: socket.socket, *arguments: Any) -> Any:
        address = arguments[-1] if arguments else None
        if isinstance(address, tuple):  # a path is a socket of this machine
            refuse_beyond_loopback(address[0])
        return original(self, *arguments)

    return guard


@pytest.fixture(autouse=True, scope="session")
def loopback_only() -> Iterator[None]:
    """Block every connection, datagram and look-up of a name beyond loopback; subprocesses are on their own."""
    resolve = socket.getaddrinfo

    def guarded_resolve(host: Any, *arguments: Any, **options: Any) -> Any:
        refuse_beyond_loopback(host)
        return resolve(host, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("VOCODE_CONTRACT_READ_ONLY", raising=False)
        for method in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, method, guarded(method))
        patch.setattr(socket, "getaddrinfo", guarded_resolve)
        yield


@pytest.fixture(autouse=True, scope="session")
def installed_once() -> Iterator[None]:
    """Read once what is installed: each run of pytest inside a test asks for it, six times if it names plugins."""

    @cache
    def find(_: tuple[str, ...]) -> tuple[metadata.Distribution, ...]:
        return tuple(original())

    def distributions(**context: Any) -> Iterable[metadata.Distribution]:
        return original(**context) if context else find((*sys.path,))

    original, attribute = metadata.distributions, vars(metadata.Distribution)["entry_points"]
    points = cached_property(attribute.fget)
    points.__set_name__(metadata.Distribution, "entry_points")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metadata, "distributions", distributions)
        patch.setattr(metadata.Distribution, "entry_points", points)
        yield


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run three tests for every two processors: a good part of them waits for a process, a server or a time limit."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return available + available // 2


def pytest_collection_finish() -> None:
    """Keep the garbage collector away from what lives as long as the session: collected tests, loaded modules.

    Each run of the suite inside a test ends in a full collection, as every pytest session does.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Open one browser for all tests of the process."""
    from tests.support.browser import open_browser

    with open_browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return saved(tmp_path / "good.json", CALL)


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    return saved(tmp_path / "bad.json", RINGING)
