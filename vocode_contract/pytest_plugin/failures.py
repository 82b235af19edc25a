"""What the report of a failed test shows: only our own text, since a traceback could contain a payload."""

from collections.abc import Generator
from traceback import walk_tb
from typing import TYPE_CHECKING, Any

import pytest

from vocode_contract.pytest_plugin.state import (
    CLIENT,
    INCONCLUSIVE_ATTRIBUTE,
    ONLY_INCONCLUSIVE,
    VIOLATIONS_TITLE,
    get_settings,
    needs_explanation,
)
from vocode_contract.pytest_plugin.suite import is_suite_test

if TYPE_CHECKING:
    from types import TracebackType


def make_report(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show only the text of our own errors: a traceback or local variables could contain a payload."""
    if call.excinfo is not None and _is_ours(call.excinfo.value):
        from vocode_contract.report.row import record_error

        record_error(item, call.excinfo.value)
    report = yield
    raised = call.excinfo  # read again, since pytest replaces it for a unittest.TestCase
    _note_inconclusive(item, report, raised.value if raised is not None else None)
    if raised is None:
        return report
    place = _find_line(raised.tb, item)
    if _is_ours(raised.value):
        representation = raised.getrepr(style="value")
        if representation.reprcrash is not None:  # shown by pytest's short summary and JUnit
            representation.reprcrash.message = _summarize_error(raised.value)
        if place:
            representation.addsection("raised at", place, "-")
        report.longrepr = representation
    elif not is_suite_test(item):
        _add_violations(item, report)
    elif report.failed:
        kind = raised.typename
        report.longrepr = f"a bug in the suite: {kind} at {place}; the message may contain a payload and is left out"
    return report


def _add_violations(item: pytest.Item, report: pytest.TestReport) -> None:
    """Add the violations in the exchanges of ``vocode_client``, which may explain why a test fails by itself."""
    client = item.stash.get(CLIENT, None)
    if client is None or not needs_explanation(report):
        return
    from vocode_contract.conformance.run.verdict import find_violations
    from vocode_contract.pytest_plugin.traffic import explain_violations
    from vocode_contract.report.row import record_violations

    found, entries = find_violations(client, accepted=get_settings(item.config).accepted)
    record_violations(item, found, client, entries)
    report.user_properties = list(item.user_properties)
    if text := explain_violations(client.answers):
        report.sections.append((VIOLATIONS_TITLE, text))


def _note_inconclusive(item: pytest.Item, report: pytest.TestReport, error: BaseException | None) -> None:
    """Note in a report whether the test has failed only because requests got no complete response.

    The note is an attribute of the report because the properties of a test outlive the phase in which they were set.
    pytest itself fails a test that passes after a subtest of it failed.
    """
    if error is not None and report.failed:
        from vocode_contract.http.inconclusive import Inconclusive

        earlier = item.stash.get(ONLY_INCONCLUSIVE, True)
        item.stash[ONLY_INCONCLUSIVE] = earlier and isinstance(error, Inconclusive)
    if item.stash.get(ONLY_INCONCLUSIVE, False):
        vars(report)[INCONCLUSIVE_ATTRIBUTE] = True


def _find_line(traceback: "TracebackType", item: pytest.Item) -> str:
    """Return the innermost line of a traceback in the test's own file; empty if there is none."""
    lines = [line for frame, line in walk_tb(traceback) if frame.f_code.co_filename == str(item.path)]
    return f"{item.location[0]}:{lines[-1]}" if lines else ""


def _summarize_error(error: BaseException) -> str:
    """Return one of our own errors as one line: the first error among several violations."""
    from vocode_contract.validation.safe_text import inert
    from vocode_contract.validation.violation import ContractViolated

    if not isinstance(error, ContractViolated):
        return inert(str(error).partition("\n")[0])
    ordered = sorted(zip(error.violations, error.lines, strict=True), key=lambda found: found[0].severity != "error")
    more = f" (and {len(ordered) - 1:,} more)" if len(ordered) > 1 else ""
    return f"{inert(ordered[0][1])}{more}"


def _is_ours(error: BaseException) -> bool:
    from vocode_contract.errors import ContractError
    from vocode_contract.http.inconclusive import Inconclusive
    from vocode_contract.validation.violation import ContractViolated

    return isinstance(error, (ContractError, ContractViolated, Inconclusive))


@pytest.hookimpl(wrapper=True)
def pytest_report_teststatus(
    report: pytest.CollectReport | pytest.TestReport,
) -> Generator[None, tuple[str, str, Any] | None, tuple[str, str, Any] | None]:
    """Distinguish inconclusive tests from failed ones."""
    status = yield
    if report.failed and hasattr(report, INCONCLUSIVE_ATTRIBUTE):
        return "inconclusive", "?", "INCONCLUSIVE"
    return status
