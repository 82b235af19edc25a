"""Unjudged: what of users' own traffic went by without a verdict, over all tests of a run."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from vocode_contract.conformance.properties import PASSED_BY, UNREAD
from vocode_contract.http.traffic import MOST_READ
from vocode_contract.validation.safe_text import inert

#: Requests that are named at most.
_NAMED = 5


@dataclass(slots=True, eq=False)
class Unjudged:
    """What went by.

    Attributes:
        passed_by: Tests in which nothing was judged, and the names of their requests, with commas between them.
        unread: Tests in which an answer was judged without its body, and how many were.
    """

    passed_by: dict[str, str] = field(default_factory=dict)
    unread: dict[str, int] = field(default_factory=dict)

    def add(self, report: pytest.TestReport) -> None:
        """Take in the last report of a test."""
        for name, value in report.user_properties:
            if name == PASSED_BY:
                self.passed_by[report.nodeid] = str(value)
            elif name == UNREAD:
                self.unread[report.nodeid] = int(str(value))

    def remarks(self) -> Iterator[str]:
        """Yield what there is to say, one line for all tests."""
        if self.passed_by:
            names = dict.fromkeys(name for value in self.passed_by.values() for name in value.split(", ") if name)
            more = ", ..." if len(names) > _NAMED else ""
            went_by = f"no operation of the contract, or another host: {', '.join([*names][:_NAMED])}{more}"
            yield f"vocode_traffic judged nothing in {_told(self.passed_by)}: {went_by if names else 'no request came'}"
        if self.unread:
            answers = f"{sum(self.unread.values()):,} without the body in {_told(self.unread)}"
            yield f"vocode_traffic judged {answers}: over {MOST_READ:,} bytes, or not read to the end"


def _told(tests: dict[str, str] | dict[str, int]) -> str:
    first, *others = tests
    more = f" and {len(others):,} more test{'s' if len(others) != 1 else ''}" if others else ""
    return f"{inert(first)}{more}"
