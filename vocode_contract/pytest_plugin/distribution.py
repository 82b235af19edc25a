"""Runs of pytest-xdist: the order of live tests, and what a worker has to know."""

from typing import Any
from uuid import uuid4

import pytest

from vocode_contract.pytest_plugin.options import IN_ADDOPTS, URL_TYPED, is_url_typed, list_in_addopts, resolve
from vocode_contract.pytest_plugin.state import RUN_ID, RUN_IDENTIFIER, get_settings
from vocode_contract.run_options import URL


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Run all tests in one process if requests go to a remote host: there is one request in flight.

    Groups (``--dist=loadgroup``) would not affect other tests, but pytest-xdist 3.8 marks them in an attribute that
    pytest 9.2 no longer reads.
    """
    try:
        is_live = bool(resolve(config, URL).value) and get_settings(config).is_live
    except pytest.UsageError:  # reported when the settings are used, if they are
        return None
    if not is_live:
        return None
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # it has no types

    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = lambda _nodeid: "vocode-live"
    return scheduler


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Pass on to a worker of pytest-xdist which options were typed for this run, and the identity of the run."""
    node.workerinput[URL_TYPED] = is_url_typed(node.config)
    node.workerinput[IN_ADDOPTS] = list_in_addopts(node.config)
    node.workerinput[RUN_ID] = node.config.stash.setdefault(RUN_IDENTIFIER, uuid4().hex[:12])
