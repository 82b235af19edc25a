"""Many runs of the suite in this process, over tests that are collected once."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest
from _pytest import fixtures
from _pytest.compat import getfuncargnames
from _pytest.config import _prepareconfig
from _pytest.main import Session

from vocode_contract import conformance, pytest_plugin
from vocode_contract.cli.run_suite import _ISOLATION
from vocode_contract.http.client import client
from vocode_contract.pytest_plugin import state
from vocode_contract.report.results import ResultCollector

#: pytest's own services that the suite does not use; they take time in each run.
BARE = ("--capture=no", "-pno:logging", "-pno:faulthandler", "-pno:unraisableexception", "-pno:threadexception")
#: Enough for every sound server, and quickly reached by endless ones.
_MAX_BODY = "--vocode-max-body=500000"
#: What the plugin keeps of one run.
_KEPT: tuple[pytest.StashKey[Any], ...] = (
    *(state.PLANNER, state.SENDER, state.SIMULATED, state.RUN, state.RUN_IDENTIFIER),
    *(state.SETTINGS, state.OFFLINE_SETTINGS, state.RESULTS),
)


def _list_arguments(function: Callable[..., Any], name: str = "", **others: Any) -> tuple[str, ...]:
    """Return the arguments of a fixture; pytest inspects ``request``, which has none, ten times for each test."""
    return () if name == "request" else getfuncargnames(function, name=name, **others)


class SuiteRuns:
    """The collected tests of the suite, which check one server after the other.

    A run of pytest spends a third of its time on what is the same each time: its configuration, and the collection.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._items = (*session.items,)

    def run(self, url: str, date: str, *, is_simulated: bool = False, **variables: str) -> ResultCollector:
        """Check a server as `run_suite` does; variables are those of the environment."""
        session, collector = self._session, ResultCollector()
        config = session.config
        config.option.vocode_url, config.option.vocode_contract = url, date
        for key in _KEPT:
            if key in config.stash:
                del config.stash[key]
        if is_simulated:
            config.stash[state.SIMULATED] = True
        session.items[:] = self._items
        session.testsfailed, session.exitstatus = 0, pytest.ExitCode.OK
        for item in session.items:
            assert isinstance(item, pytest.Function)
            item._initrequest()
        before, config._cleanup_stack = config._cleanup_stack, ExitStack()
        config.pluginmanager.register(collector)
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(fixtures, "getfuncargnames", _list_arguments)
                for name, value in variables.items():
                    patch.setenv(name, value)
                collector.pytest_collection_finish(session)
                config.hook.pytest_runtestloop(session=session)
                config.hook.pytest_sessionfinish(session=session, exitstatus=session.exitstatus)
        finally:
            config._cleanup_stack.close()
            config._cleanup_stack = before
            config.pluginmanager.unregister(collector)
        return collector


@contextmanager
def collected_suite(**variables: str) -> Iterator[SuiteRuns]:
    """Collect the tests of the suite."""
    directory = os.path.dirname(os.path.abspath(conformance.__file__))
    arguments = [*_ISOLATION, *BARE, f"--rootdir={directory}", _MAX_BODY, "--vocode-url=http://127.0.0.1:1", directory]
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
            patch.delenv(name, raising=False)
        for name, value in variables.items():
            patch.setenv(name, value)
        config = _prepareconfig(arguments, [pytest_plugin])
        config.option.tbstyle = "native"
        config._do_configure()
        session = Session.from_config(config)
        config.hook.pytest_sessionstart(session=session)
        config.hook.pytest_collection(session=session)
    try:
        yield SuiteRuns(session)
    finally:
        config._ensure_unconfigure()


@contextmanager
def carry_in_process(transport: httpx.BaseTransport) -> Iterator[None]:
    """Carry requests by a transport in place of a connection for each, which takes a quarter of the time of a run."""

    class Carrier(httpx.BaseTransport):
        def __init__(self, line: Any, *_: Any) -> None:
            line.sent = True

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            return transport.handle_request(request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "Network", Carrier)
        yield
