"""What the plugin knows in one pytest run, made when it is first asked for."""

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from vocode_contract.pytest_plugin.options import HOSTS, KEYS, codes, given, is_url_typed, require_typed

if TYPE_CHECKING:
    from vocode_contract.conformance.checked_client import CheckedClient
    from vocode_contract.conformance.run.run import Run
    from vocode_contract.conformance.run.settings import Settings
    from vocode_contract.http.client.client import Client
    from vocode_contract.pytest_plugin.coverage import Touched
    from vocode_contract.pytest_plugin.traffic import Overheard
    from vocode_contract.report.files import Wanted
    from vocode_contract.report.results import ResultCollector
    from vocode_contract.validation.codes import Selection

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
        from vocode_contract.conformance.run.settings import Settings, Wishes
        from vocode_contract.errors import ContractError, MissingExtra
        from vocode_contract.http.policies import Policies

        told = {key: given(config, key) for key in KEYS}
        get = config.getoption
        variable = os.environ.get("VOCODE_POLICY", "").split()
        policies = [*config.getini("vocode_policy"), *variable, *get("vocode_policy")]
        try:
            settings = Settings.from_given(
                told,
                tuple(get("vocode_call_id")),
                policies=Policies.from_words(policies, option="--vocode-policy"),
                wishes=Wishes.from_words(
                    get("vocode_allow"),
                    get("vocode_allow_number"),
                    production=get("vocode_production"),
                    budget=get("vocode_budget"),
                    approve_sends=get("vocode_approve_sends"),
                ),
                fuzz=get("vocode_fuzz"),
            )
            if get("vocode_fuzz") and find_spec("schemathesis") is None:
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
        from vocode_contract.conformance.run.run import Run
        from vocode_contract.errors import ContractError

        try:
            places = (config.rootpath, config.invocation_params.dir)
            run = Run.of(settings_of(config), *places, alone=not in_processes(config))
            if not is_url_typed(config):
                run.require_known_host(given(config, "url").source)
        except ContractError as error:
            raise pytest.UsageError(str(error)) from None
        config.stash[RUN] = run
    return config.stash[RUN]


def selection_of(config: pytest.Config) -> "Selection":
    """Return which codes count.

    Raises:
        pytest.UsageError: A pattern fits none.
    """
    from vocode_contract.errors import ContractError
    from vocode_contract.validation.codes import Selection

    try:
        return Selection(select=codes(config, "select"), ignore=codes(config, "ignore"))
    except ContractError as error:
        raise pytest.UsageError(str(error)) from None


def hosts_of(config: pytest.Config) -> tuple[str, ...]:
    """Return the hosts whose traffic is checked, none for any.

    Raises:
        pytest.UsageError: One is no host.
    """
    words = codes(config, HOSTS)
    if words:
        from vocode_contract.errors import ContractError
        from vocode_contract.http.traffic import Hosts

        try:
            Hosts.from_words(words, option="--vocode-traffic-host")
        except ContractError as error:
            raise pytest.UsageError(str(error)) from None
    return words


def watch_coverage(config: pytest.Config) -> None:
    """Count what is touched, if that was asked for.

    Raises:
        pytest.UsageError: The percentage is none.
    """
    sources = (config.getoption("vocode_coverage"), os.environ.get("VOCODE_COVERAGE"), config.getini("vocode_coverage"))
    if not any(sources):
        return
    from vocode_contract.errors import InvalidOption
    from vocode_contract.pytest_plugin.coverage import CoverageRun, Touched, threshold

    told = given(config, "coverage")
    try:
        least = threshold(told.value, told.source)
    except InvalidOption as error:
        raise pytest.UsageError(str(error)) from None
    touched = config.stash[TOUCHED] = Touched(settings_of(config).contract)
    config.pluginmanager.register(CoverageRun(touched, least), "vocode_contract_coverage")
