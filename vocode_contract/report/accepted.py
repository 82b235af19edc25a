"""Render the violations of a run as a file of accepted violations, which the user completes."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta

from vocode_contract.report.outcome import Outcome
from vocode_contract.report.row import Row
from vocode_contract.report.text import identify_cause
from vocode_contract.validation.safe_text import inert
from vocode_contract.validation.violation import Violation

_INDEX = re.compile(r"/[0-9]+(?=/|$)")
#: Days after which an entry expires, unless the user changes that.
_DAYS = 90
_HEAD = """\
# Violations that are accepted: pass this file to --accepted, or to --vocode-accepted of pytest.
# Name the reason of each entry, such as a ticket, and the day until which it is accepted.
"""


def render_accepted_file(outcome: Outcome) -> str:
    """Return TOML with one entry for each operation, place and code of the errors that are not accepted yet."""
    return "\n".join([_HEAD, *_list_entries(outcome)])


def _list_entries(outcome: Outcome) -> Iterator[str]:
    found: dict[tuple[str, str], set[str]] = {}
    for violation, rows in outcome.violations.items():
        if violation.severity == "error" and not violation.accepted:
            key = violation.code, _INDEX.sub("/*", violation.instance_pointer)
            found.setdefault(key, set()).update(_find_operation(violation, row) for row in rows)
    today = outcome.run.started.date()
    for (code, place), operations in found.items():
        for operation in sorted(operations) if "" not in operations else [""]:
            members = {
                "operation": operation,
                "code": code,
                "place": place,
                "reason": f"found on {today}; name the ticket",
            }
            lines = (f"{key} = {json.dumps(inert(text), ensure_ascii=False)}" for key, text in members.items() if text)
            yield "\n".join(["[[accepted]]", *lines, f"expires = {today + timedelta(days=_DAYS)}", ""])


def _find_operation(violation: Violation, row: Row) -> str:
    """Return the operation whose exchange shows a violation; empty if unknown: a test has evidence once per cause."""
    cause = identify_cause(violation)
    shown = {evidence.operation for other, evidence in row.evidence.items() if identify_cause(other) == cause}
    return row.evidence[violation].operation if violation in row.evidence else shown.pop() if len(shown) == 1 else ""
