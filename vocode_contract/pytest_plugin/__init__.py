"""The pytest plugin, loaded by every pytest run in every environment in which this package is installed.

It imports nothing but pytest: hooks and fixtures import what they need when there is something to do.
"""

from typing import Any
from uuid import uuid4

import pytest

from vocode_contract.pytest_plugin import end, failures, fixtures, phases, start
from vocode_contract.pytest_plugin.options import (
    IN_ADDOPTS,
    MARKERS,
    URL_TYPED,
    declare,
    is_any_given,
    is_url_typed,
    list_in_addopts,
    resolve,
)
from vocode_contract.pytest_plugin.results import register_results
from vocode_contract.pytest_plugin.state import (
    REPORTS,
    RUN_ID,
    RUN_IDENTIFIER,
    collect_coverage,
    get_offline_settings,
    get_reports,
    get_settings,
)


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the options and the keys of the configuration file, and register the other modules with hooks."""
    declare(parser)
    # Not by `pytest_plugins`: for each name in it, pytest reads the metadata of every installed distribution.
    for module in (fixtures, start, failures, end):
        pluginmanager.register(module, module.__name__)


def pytest_configure(config: pytest.Config) -> None:
    """Declare markers, and refuse options that cannot be used before tests are collected."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    register_results(config)
    config.pluginmanager.register(phases, "vocode_contract_phases")  # now, to wrap the hooks of all plugins so far
    if is_any_given(config):
        get_offline_settings(config)
    collect_coverage(config)
    if config.getoption("vocode_report"):
        config.stash[REPORTS] = get_reports(config)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Run all tests in one process if requests go to a remote host: there is one request in flight.

    Groups (``--dist=loadgroup``) would not affect other tests, but pytest-xdist 3.8 marks them in an attribute that
    pytest 9.2 no longer reads.
    """
    try:
        from vocode_contract.conformance.run.options import URL

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
