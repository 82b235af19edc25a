"""What the plugin knows in one pytest run, made when it is first asked for."""

from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from vocode_contract.pytest_plugin.options import is_url_typed, require_typed, resolve

if TYPE_CHECKING:
    from vocode_contract.conformance.checked_client import CheckedClient
    from vocode_contract.conformance.run.run import Run
    from vocode_contract.conformance.run.settings import Settings
    from vocode_contract.http.client.client import Client
    from vocode_contract.pytest_plugin.coverage import Touched
    from vocode_contract.pytest_plugin.traffic import Overheard
    from vocode_contract.report.files import Wanted
    from vocode_contract.report.results import ResultCollector

CLIENT: pytest.StashKey["CheckedClient"] = pytest.StashKey()
PLANNER: pytest.StashKey["Client"] = pytest.StashKey()
RUN: pytest.StashKey["Run"] = pytest.StashKey()
SETTINGS: pytest.StashKey["Settings"] = pytest.StashKey()
TALLY: pytest.StashKey["ResultCollector"] = pytest.StashKey()
TOUCHED: pytest.StashKey["Touched"] = pytest.StashKey()
TRAFFIC: pytest.StashKey["Overheard"] = pytest.StashKey()
REPORTS: pytest.StashKey[tuple["Wanted", ...]] = pytest.StashKey()
UNWRITTEN: pytest.StashKey[list[str]] = pytest.StashKey()


def in_processes(config: pytest.Config) -> bool:
    """Return whether tests run in processes of pytest-xdist."""
    return hasattr(config, "workerinput") or bool(getattr(config.option, "numprocesses", None))


def settings_of(config: pytest.Config) -> "Settings":
    """Return what the suite is run against.

    Raises:
        pytest.UsageError: A value cannot be used.
    """
    if SETTINGS not in config.stash:
        from vocode_contract.conformance.run.options import OPTIONS
        from vocode_contract.conformance.run.settings import Settings
        from vocode_contract.errors import ContractError, MissingExtra

        try:
            settings = Settings.from_given({option.name: resolve(config, option) for option in OPTIONS})
            if settings.fuzz and find_spec("schemathesis") is None:
                raise MissingExtra("fuzz", "fuzzing")
        except ContractError as error:
            raise pytest.UsageError(str(error)) from None
        if settings.is_live:
            require_typed(config)
        config.stash[SETTINGS] = settings
    return config.stash[SETTINGS]


def reports_of(config: pytest.Config) -> "tuple[Wanted, ...]":
    """Return the files that were asked for.

    Raises:
        pytest.UsageError: There is no such format.
    """
    from vocode_contract.errors import ContractError
    from vocode_contract.report.files import wanted

    try:
        return wanted(config.getoption("vocode_report"), "--vocode-report")
    except ContractError as error:
        raise pytest.UsageError(str(error)) from None


def run_of(config: pytest.Config) -> "Run":
    """Return the run, which knows what it may do and what it did.

    Raises:
        pytest.UsageError: A file cannot be used.
    """
    if RUN not in config.stash:
        from vocode_contract.conformance.run.options import URL
        from vocode_contract.conformance.run.run import Run
        from vocode_contract.errors import ContractError

        try:
            places = (config.rootpath, config.invocation_params.dir)
            run = Run.from_settings(settings_of(config), *places, alone=not in_processes(config))
            if not is_url_typed(config):
                run.require_known_host(resolve(config, URL).source)
        except ContractError as error:
            raise pytest.UsageError(str(error)) from None
        config.stash[RUN] = run
    return config.stash[RUN]


def watch_coverage(config: pytest.Config) -> None:
    """Count what is touched, if that was asked for.

    Raises:
        pytest.UsageError: The percentage is none.
    """
    from vocode_contract.conformance.run.options import COVERAGE

    given = resolve(config, COVERAGE)
    if not given.value:
        return
    from vocode_contract.errors import InvalidOption
    from vocode_contract.pytest_plugin.coverage import CoverageRun, Touched, threshold

    try:
        least = threshold(given.value, given.source)
    except InvalidOption as error:
        raise pytest.UsageError(str(error)) from None
    touched = config.stash[TOUCHED] = Touched(settings_of(config).contract)
    config.pluginmanager.register(CoverageRun(touched, least), "vocode_contract_coverage")
