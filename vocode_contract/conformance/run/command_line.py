"""The words of a command that runs the suite again as it was run."""

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from vocode_contract.conformance.run.settings import SIMULATOR, Settings
from vocode_contract.contract.model import DEFAULT_PROFILE, Contract
from vocode_contract.errors import CHECK_PREFIX, PYTEST_PREFIX
from vocode_contract.http.client.authentication import BEARER
from vocode_contract.http.message import MAX_BODY
from vocode_contract.report.outcome import Outcome, RunDescription
from vocode_contract.report.results import ResultCollector


def words_of(settings: Settings, prefix: str = CHECK_PREFIX) -> list[str]:
    """Return the options that give settings again, wherever they came from, each word quoted for a shell.

    Options that permit an effect on a remote host are left out on purpose: they must be given for each run.
    """
    return [word for name, value in _options(settings) for word in (f"{prefix}{name}", shlex.quote(value))]


def _options(settings: Settings) -> Iterator[tuple[str, str]]:
    contract = settings.contract
    if settings.contract_path:
        yield "contract", settings.contract_path
        yield from (("operation", f"{name}={found}") for name, found in settings.operations.items())
    elif contract.date != Contract.load().date:
        yield "contract", contract.date
    if contract.profile != DEFAULT_PROFILE:
        yield "profile", contract.profile
    if settings.endpoint:
        yield "url", str(settings.endpoint)
        if settings.endpoint.allows_http:
            yield "allow-http", settings.endpoint.host
    yield from (("call-id", identifier) for identifier in settings.call_ids)
    yield from (("policy", settings.policies.word(name)) for name in settings.policies.chosen)
    if settings.endpoint:
        yield from _access_options(settings)
    if settings.timeout is not None:
        yield "timeout", f"{settings.timeout:g}"
    if settings.max_body != MAX_BODY:
        yield "max-body", str(settings.max_body)
    yield from _selection_options(settings)


def _selection_options(settings: Settings) -> Iterator[tuple[str, str]]:
    selection = settings.selection
    yield from (("select", pattern) for pattern in selection.select)
    yield from (("ignore", pattern) for pattern in selection.ignore)
    if selection.severities:
        yield "error", ",".join(selection.severities)
    if settings.accepted_file:
        yield "accepted", settings.accepted_file


def _access_options(settings: Settings) -> Iterator[tuple[str, str]]:
    if settings.ca_file:
        yield "ca", settings.ca_file
    if settings.certificate:
        yield "cert", settings.certificate.file
        if settings.certificate.key_file:
            yield "key", settings.certificate.key_file
    if settings.authentication != BEARER:
        yield "auth", settings.authentication.word
    yield from (("header-env", f"{header.name}={header.variable}") for header in settings.headers)
    if settings.proxy:
        yield "proxy", str(settings.proxy)


_MOST_ENDPOINTS = 3


def outcome_of_pytest(settings: Settings, tally: ResultCollector, seconds: float) -> Outcome:
    """Return the outcome so far of a run that pytest began so many seconds ago."""
    run = RunDescription(
        contract=settings.contract.date,
        profile=settings.contract.profile,
        paths={name: operation.path for name, operation in settings.contract.operations.items()},
        where=_where(settings, tally),
        command=" ".join(["pytest", *words_of(settings, PYTEST_PREFIX)]),
        uncut="-vv",
        started=datetime.now(UTC) - timedelta(seconds=seconds),
        seconds=seconds,
        policies=settings.policies,
        is_pytest=True,
    )
    return Outcome(run=run, tally=tally)


def _where(settings: Settings, tally: ResultCollector) -> str:
    """Name the servers that were checked, which may be those of users' own traffic."""
    asked = [*dict.fromkeys(row.endpoint for row in tally.rows if row.endpoint)]
    shown = ", ".join(asked[:_MOST_ENDPOINTS]) or str(settings.endpoint or SIMULATOR)
    return f"{shown}, ..." if len(asked) > _MOST_ENDPOINTS else shown
