"""Before anything is sent to a remote host: rehearse the suite, show the plan, and ask the user."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol  # as pytest's plugins that run tests again do

from vocode_contract.conformance.run.cleanup import uncaptured
from vocode_contract.conformance.run.plan import PlanningClient, RunPlan
from vocode_contract.conformance.run.preflight import run_preflight
from vocode_contract.conformance.run.run import Run
from vocode_contract.errors import spell_option
from vocode_contract.http.client.authentication import TOKEN_VARIABLE
from vocode_contract.http.client.client import Client
from vocode_contract.http.guard.guard import PRODUCTION_HOSTS
from vocode_contract.validation.masking import printable

_HERE = Path(__file__).parents[1]


def rehearse(session: pytest.Session, run: Run, key: pytest.StashKey[Client]) -> RunPlan:
    """Run the tests of the suite against an in-process simulator, and return the requests that they sent."""
    import os

    client = PlanningClient(run.settings, run.consents, has_token=bool(os.environ.get(TOKEN_VARIABLE)))
    items = [item for item in session.items if _HERE in item.path.parents]
    session.config.stash[key] = client
    try:
        if items:
            run_preflight(client, run.settings)
        for item, following in zip_longest(items, items[1:]):
            with _without_foreign_fixtures(item):
                runtestprotocol(item, log=False, nextitem=following)
            item.user_properties.clear()
    finally:
        del session.config.stash[key]
    return client.plan


@contextmanager
def _without_foreign_fixtures(item: pytest.Item) -> Iterator[None]:
    """Leave out autouse fixtures of a project's own conftest.py or plugin, since they might send."""
    if not isinstance(item, pytest.Function):
        yield
        return
    names, known = item.fixturenames, item._fixtureinfo.name2fixturedefs
    asked = item._fixtureinfo.argnames
    item.fixturenames = [
        name for name in names if name in asked or all(_is_of_ours(defined.func) for defined in known.get(name, ()))
    ]
    try:
        yield
    finally:
        item.fixturenames = names


def _is_of_ours(function: object) -> bool:
    return str(getattr(function, "__module__", "")).partition(".")[0] in ("vocode_contract", "_pytest")


def require_approval(session: pytest.Session, run: Run, plan: RunPlan, *, only: bool) -> None:
    """Show the plan, and ask for the confirmation that production needs.

    Raises:
        pytest.UsageError: The approved number is not that of the plan.
    """
    where = str(run.settings.endpoint)
    with uncaptured(session.config):
        if plan.requests or only:
            has_own = not all(_is_of_ours(getattr(item, "function", None)) for item in session.items)
            _say(session.config, plan.lines(where, has_own_tests=has_own))
        if only:
            session.items.clear()
            return
        settings = run.settings
        host = settings.endpoint.host if settings.endpoint else ""
        if settings.approve_sends not in (None, plan.mutating):
            text = f"{spell_option('approve-sends')} says {settings.approve_sends}, and the plan shows {plan.mutating}"
            raise pytest.UsageError(f"{text}: read it again")
        typed: str | int | None = settings.approve_sends
        if host in PRODUCTION_HOSTS and run.may_act and sys.stdin.isatty():  # at a terminal, the number is not enough
            typed = _ask_for_host(session.config, host)
    run.consents = replace(run.consents, approved=typed, planned=plan.mutating)


def _ask_for_host(config: pytest.Config, host: str) -> str:
    """Return what the user types; a wrong name leaves the effects forbidden."""
    _discard_typed()
    _say(config, [f"this is production: type {host} to let the run have these effects"])
    return sys.stdin.readline().strip().lower()


def _discard_typed() -> None:
    """Discard what was typed before the plan was shown."""
    try:
        import termios
    except ImportError:  # Windows has no termios
        return
    with suppress(termios.error):
        termios.tcflush(sys.stdin, termios.TCIFLUSH)


def _say(config: pytest.Config, lines: Iterable[str]) -> None:
    reporter = config.pluginmanager.getplugin("terminalreporter")
    for line in lines:
        if reporter is not None:
            reporter.write_line(printable(line))
        else:
            sys.stdout.write(printable(line) + "\n")
    sys.stdout.flush()
