"""The state of the plugin in one pytest run, created when it is first needed."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from vocode_contract.pytest_plugin.options import is_url_typed, require_typed, resolve

if TYPE_CHECKING:
    from vocode_contract.conformance.checked_client import CheckedClient
    from vocode_contract.conformance.run.run import Run
    from vocode_contract.conformance.run.settings import Settings
    from vocode_contract.http.client.client import Client
    from vocode_contract.pytest_plugin.coverage import CoverageCollector
    from vocode_contract.pytest_plugin.traffic import ItemTraffic
    from vocode_contract.report.files import ReportRequest
    from vocode_contract.report.results import ResultCollector

CLIENT: pytest.StashKey["CheckedClient"] = pytest.StashKey()
PLANNER: pytest.StashKey["Client"] = pytest.StashKey()
#: The client of the run, if it sent requests before the tests.
SENDER: pytest.StashKey["Client"] = pytest.StashKey()
#: Present if the endpoint is a simulator that this process started.
SIMULATED: pytest.StashKey[bool] = pytest.StashKey()
RUN: pytest.StashKey["Run"] = pytest.StashKey()
#: The identity of a run in several processes, and the key under which workers of pytest-xdist learn it.
RUN_IDENTIFIER: pytest.StashKey[str] = pytest.StashKey()
RUN_ID = "vocode_run_id"
SETTINGS: pytest.StashKey["Settings"] = pytest.StashKey()
OFFLINE_SETTINGS: pytest.StashKey["Settings"] = pytest.StashKey()
RESULTS: pytest.StashKey["ResultCollector"] = pytest.StashKey()
COVERAGE_COLLECTOR: pytest.StashKey["CoverageCollector"] = pytest.StashKey()
TRAFFIC: pytest.StashKey["ItemTraffic"] = pytest.StashKey()
#: Whether all failures of a test so far are due to incomplete responses; not set before the first failure.
ONLY_INCONCLUSIVE: pytest.StashKey[bool] = pytest.StashKey()
#: What belongs to one attempt at a test; the test itself outlives its attempts if a plugin runs it again.
ATTEMPT_KEYS: tuple[pytest.StashKey[Any], ...] = (CLIENT, TRAFFIC, ONLY_INCONCLUSIVE)
REPORTS: pytest.StashKey[tuple["ReportRequest", ...]] = pytest.StashKey()
#: The texts of reports for standard output, which is pytest's until the end, and why others could not be written.
PRINTED_REPORTS: pytest.StashKey[list[str]] = pytest.StashKey()
REPORT_FAILURES: pytest.StashKey[list[str]] = pytest.StashKey()

#: Attribute of a report of a test that failed only by requests without a complete response.
INCONCLUSIVE_ATTRIBUTE = "vocode_inconclusive"
#: Title of the section that adds violations to the report of a test that fails by itself.
VIOLATIONS_TITLE = "vocode-contract: violations in the traffic of this test"


def needs_explanation(report: pytest.TestReport) -> bool:
    """Return whether a test failed, be it expected or not."""
    return report.failed or hasattr(report, "wasxfail")


@contextmanager
def usage_errors() -> Iterator[None]:
    """Turn our own errors into wrong usage of pytest, which it reports without a traceback."""
    from vocode_contract.errors import ContractError

    try:
        yield
    except ContractError as error:
        from vocode_contract.validation.safe_text import limit_error

        raise pytest.UsageError(limit_error(str(error))) from None


def is_distributed(config: pytest.Config) -> bool:
    """Return whether tests run in workers of pytest-xdist."""
    return hasattr(config, "workerinput") or bool(getattr(config.option, "numprocesses", None))


def get_settings(config: pytest.Config) -> "Settings":
    """Return the settings of the run.

    Raises:
        pytest.UsageError: A value cannot be used.
    """
    if SETTINGS not in config.stash:
        settings = _parse_settings(config)
        if settings.is_live:
            require_typed(config)
        config.stash[SETTINGS] = settings
    return config.stash[SETTINGS]


def get_offline_settings(config: pytest.Config) -> "Settings":
    """Return the settings of the run for tests that send nothing to the endpoint, without variables about it.

    Raises:
        pytest.UsageError: A value cannot be used.
    """
    if OFFLINE_SETTINGS not in config.stash:
        config.stash[OFFLINE_SETTINGS] = _parse_settings(config, is_offline=True)
    return config.stash[OFFLINE_SETTINGS]


def _parse_settings(config: pytest.Config, *, is_offline: bool = False) -> "Settings":
    from vocode_contract.conformance.run.settings import Settings
    from vocode_contract.errors import MissingExtra
    from vocode_contract.run_options import OPTIONS

    with usage_errors():
        given = {option.name: resolve(config, option) for option in OPTIONS}
        settings = Settings.from_given(given, is_offline=is_offline)
        if settings.fuzz and find_spec("schemathesis") is None:
            raise MissingExtra("fuzz", "fuzzing")
    return settings


def get_reports(config: pytest.Config) -> "tuple[ReportRequest, ...]":
    """Return the reports to write.

    Raises:
        pytest.UsageError: A format is unknown, or a path cannot be used.
    """
    from vocode_contract.report.files import parse_reports

    with usage_errors():
        return parse_reports(config.getoption("vocode_report"), "--vocode-report", default="vocode-contract.{}")


def get_run(config: pytest.Config) -> "Run":
    """Return the run, which knows what it may do and what it did.

    Raises:
        pytest.UsageError: A configuration file cannot be used, or does not permit the host.
    """
    if RUN not in config.stash:
        from vocode_contract.conformance.run.run import Run
        from vocode_contract.run_options import URL

        with usage_errors():
            places = (config.rootpath, config.invocation_params.dir)
            run = Run.from_settings(get_settings(config), *places, alone=not is_distributed(config))
            if not is_url_typed(config):
                run.require_known_host(resolve(config, URL).source)
        run.run_id = getattr(config, "workerinput", {}).get(RUN_ID) or config.stash.get(RUN_IDENTIFIER, run.run_id)
        config.stash[RUN] = run
    return config.stash[RUN]


def collect_coverage(config: pytest.Config) -> None:
    """Collect the coverage of the contract, if an option says so.

    Raises:
        pytest.UsageError: The percentage cannot be used.
    """
    from vocode_contract.run_options import COVERAGE

    given = resolve(config, COVERAGE)
    if not given.value:
        return
    from vocode_contract.pytest_plugin.coverage import CoverageCollector, CoverageRun, parse_threshold

    with usage_errors():
        minimum = parse_threshold(given.value, given.source)
    collector = config.stash[COVERAGE_COLLECTOR] = CoverageCollector(get_offline_settings(config).contract)
    config.pluginmanager.register(CoverageRun(collector, minimum), "vocode_contract_coverage")
