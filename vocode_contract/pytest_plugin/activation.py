"""Register the modules with the hooks of a run that uses the plugin."""

from importlib import import_module

import pytest

from vocode_contract.pytest_plugin import is_any_given
from vocode_contract.pytest_plugin.results import register_results
from vocode_contract.pytest_plugin.state import REPORTS, collect_coverage, get_offline_settings, get_reports

_MODULES = tuple(f"{__package__}.{name}" for name in ("distribution", "start", "failures", "end"))


def activate(config: pytest.Config) -> None:
    """Register all hooks, once, and refuse options that cannot be used.

    Raises:
        pytest.UsageError: The value of an option cannot be used.
    """
    if config.pluginmanager.has_plugin(_MODULES[-1]):
        return
    register_results(config)
    import_module(f"{__package__}.phases")  # its hooks are registered
    # Not by `pytest_plugins`: for each name in it, pytest reads the metadata of every installed distribution.
    for name in _MODULES:
        config.pluginmanager.register(import_module(name), name)
    if is_any_given(config):
        get_offline_settings(config)
    collect_coverage(config)
    if config.getoption("vocode_report"):
        config.stash[REPORTS] = get_reports(config)
