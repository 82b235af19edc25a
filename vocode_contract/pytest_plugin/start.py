"""Before the first test: refuse settings that cannot be used, show the plan, lock the run, and meet the server."""

import sys
from collections.abc import Generator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from vocode_contract.pytest_plugin.options import is_url_typed
from vocode_contract.pytest_plugin.results import RESULT_HOOKS
from vocode_contract.pytest_plugin.state import (
    PLANNER,
    SENDER,
    SETTINGS,
    SIMULATED,
    get_offline_settings,
    get_run,
    get_settings,
    is_distributed,
    usage_errors,
)
from vocode_contract.pytest_plugin.suite import get_fixture_names, is_sending, is_suite_test

if TYPE_CHECKING:
    from vocode_contract.conformance.run.run import Run


def check_settings(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse environment variables that cannot be used, if there is a test that would use them."""
    if any(map(is_sending, items)) or (config.getoption("vocode_url") and is_url_typed(config)):
        get_settings(config)
    elif any("vocode_contract" in get_fixture_names(item) for item in items):
        get_offline_settings(config)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Show the plan before anything is sent to a remote host, and lock the run only if it sends something."""
    config = session.config
    settings = config.stash.get(SETTINGS, None)
    if config.option.collectonly:
        return (yield)
    if settings is None or settings.endpoint is None or session.testsfailed or is_distributed(config):
        if config.getoption("vocode_plan"):
            raise pytest.UsageError("--vocode-plan needs --vocode-url and a single process")
        return (yield)  # nothing has an effect on a remote host
    from vocode_contract.conformance.run.dry_run import rehearse, require_approval

    run = get_run(config)
    if run.settings.is_live or config.getoption("vocode_plan"):
        plan = rehearse(session, run, PLANNER)
        require_approval(session, run, plan, only=config.getoption("vocode_plan"))
    stack = ExitStack()
    config.add_cleanup(stack.close)  # no other run may send requests with effects until the last call is ended
    with usage_errors():
        stack.enter_context(run.acting())
    if SIMULATED not in config.stash:
        _meet_server(session, run)
    return (yield)


def _meet_server(session: pytest.Session, run: "Run") -> None:
    """Deselect the tests of a server that cannot be checked, or print the notice about a server on this machine."""
    from vocode_contract.conformance.run.preflight import Preflight, run_preflight
    from vocode_contract.http.client.authentication import token_of_environment

    config, preflight = session.config, Preflight()
    if any(map(is_suite_test, session.items)):
        with usage_errors():
            config.stash[SENDER] = run.sender(token_of_environment(run.settings.authentication))
        preflight = run_preflight(config.stash[SENDER], run.settings)
    is_known = preflight.obstacle or preflight.is_simulated
    if run.consents.withheld or (run.loopback_notice and not is_known):
        sys.stderr.write(f"vocode-contract: {run.loopback_notice}\n")
    if preflight.obstacle:
        using = [item for item in session.items if is_sending(item)]
        config.hook.pytest_deselected(items=using)
        session.items[:] = [item for item in session.items if item not in using]
        for results in config.stash[RESULT_HOOKS].list_collectors():
            results.record_obstacle(preflight.obstacle, str(run.settings.endpoint))
