"""The properties of a test that carry its verdict into reports, and from one process to another."""

import json
from collections.abc import Iterable
from dataclasses import asdict

import pytest

from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.validation.safe_text import inert, inert_json
from vocode_contract.validation.violation import ContractViolated, Violation

ENDPOINT = "vocode_endpoint"
OPERATION = "vocode_operation"
CLAIM = "vocode_claim"
MODULE = "vocode_module"
VERDICT = "vocode_verdict"
VIOLATION = "vocode_violation"
INCONCLUSIVE = "vocode_inconclusive"
REMARK = "vocode_remark"
#: Of a user's own traffic: where it asked; what went by if none was judged; how much was without its body.
HEARD = "vocode_heard"
PASSED_BY = "vocode_passed_by"
UNREAD = "vocode_unread"
#: How the remark begins that tells the policies.
POLICIES_REMARK = "policies: "
#: Options of the plugin that a test needs to do the same again.
OPTIONS = "vocode_options"


def noted(item: pytest.Item, error: BaseException) -> None:
    """Note what a test ended in, unless it is noted already."""
    if any(name == VERDICT for name, _ in item.user_properties):
        return
    if isinstance(error, ContractViolated):
        item.user_properties += [(VERDICT, "violates"), *written(error.violations)]
    elif isinstance(error, Inconclusive):
        item.user_properties += [(VERDICT, "inconclusive"), (INCONCLUSIVE, inert(str(error)))]


def written(violations: Iterable[Violation]) -> list[tuple[str, object]]:
    """Write violations as properties."""
    return [(VIOLATION, inert_json(json.dumps(asdict(violation)))) for violation in violations]


def read(properties: Iterable[tuple[str, object]]) -> tuple[Violation, ...]:
    """Read the violations among properties."""
    return tuple(Violation(**json.loads(str(value))) for name, value in properties if name == VIOLATION)
