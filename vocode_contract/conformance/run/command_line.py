"""The words of a command that runs the suite again as it was run."""

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from vocode_contract.conformance.run.settings import SIMULATOR, Settings
from vocode_contract.contract.model import DEFAULT_PROFILE, Contract
from vocode_contract.http.message import MAX_BODY
from vocode_contract.report.outcome import Outcome, RunDescription
from vocode_contract.report.results import ResultCollector
from vocode_contract.validation.codes import ALL, Selection


def words_of(settings: Settings, prefix: str = "--", *, selection: Selection = ALL) -> list[str]:
    """Return what to type for settings, wherever they came from, each word quoted for a shell.

    What allows an effect beyond this machine is left out on purpose: that is given anew for each run.

    Args:
        settings: Of the run.
        prefix: Of its options: ``--``, or ``--vocode-`` for pytest.
        selection: Which codes counted.
    """
    return [word for name, value in _options(settings, selection) for word in (f"{prefix}{name}", shlex.quote(value))]


def _options(settings: Settings, selection: Selection) -> Iterator[tuple[str, str]]:
    contract = settings.contract
    if contract.date != Contract.load().date:
        yield "contract", contract.date
    if contract.profile != DEFAULT_PROFILE:
        yield "profile", contract.profile
    if settings.endpoint:
        yield "url", str(settings.endpoint)
    yield from (("call-id", identifier) for identifier in settings.call_ids)
    yield from (("policy", settings.policies.word(name)) for name in settings.policies.chosen)
    if settings.ca_file:
        yield "ca", settings.ca_file
    if settings.proxy:
        yield "proxy", str(settings.proxy)
    if settings.timeout is not None:
        yield "timeout", f"{settings.timeout:g}"
    if settings.max_body != MAX_BODY:
        yield "max-body", str(settings.max_body)
    yield from (("select", pattern) for pattern in selection.select)
    yield from (("ignore", pattern) for pattern in selection.ignore)


_MOST_ENDPOINTS = 3


def outcome_of_pytest(
    settings: Settings, tally: ResultCollector, seconds: float, selection: Selection = ALL
) -> Outcome:
    """Return what came so far of a run that pytest began so many seconds ago."""
    run = RunDescription(
        contract=settings.contract.date,
        profile=settings.contract.profile,
        where=_where(settings, tally),
        command=" ".join(["pytest", *words_of(settings, "--vocode-", selection=selection)]),
        uncut="-vv",
        started=datetime.now(UTC) - timedelta(seconds=seconds),
        seconds=seconds,
        policies=settings.policies,
    )
    return Outcome(run=run, tally=tally)


def _where(settings: Settings, tally: ResultCollector) -> str:
    """Say what was asked: as its rows say, which may be users' own traffic; what would have been, if nothing was."""
    asked = [*dict.fromkeys(row.endpoint for row in tally.rows if row.endpoint)]
    shown = ", ".join(asked[:_MOST_ENDPOINTS]) or str(settings.endpoint or SIMULATOR)
    return f"{shown}, ..." if len(asked) > _MOST_ENDPOINTS else shown
