"""What comes of one test."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from vocode_contract.conformance.calls import NoCall
from vocode_contract.conformance.client import CheckedClient
from vocode_contract.conformance.sights import sights_of
from vocode_contract.http.body import kept_in_mind
from vocode_contract.http.guard.guard import NotPermitted
from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.report.evidence import written as evidence_of
from vocode_contract.report.results import VERDICT, noted, written
from vocode_contract.validation.violation import ContractViolated


@contextmanager
def concluded(item: pytest.Item, client: CheckedClient) -> Iterator[None]:
    """Run a test to its verdict: what is wrong with any answer that it got fails it, all at once.

    A violation weighs more than having no answer, and that more than not having asked.

    Raises:
        ContractViolated: The test, or any answer in it, found something.
        Inconclusive: There was no answer.
    """
    __tracebackhide__ = True
    try:
        yield
    except ContractViolated as error:
        _fail(item, client, error)
    except Inconclusive as inconclusive:
        _fail(item, client)
        noted(item, inconclusive)
        raise
    except (NotPermitted, NoCall) as reason:
        _fail(item, client)
        verdict = "no-call" if isinstance(reason, NoCall) else "not-permitted"
        item.user_properties.append((VERDICT, verdict))
        pytest.skip(str(reason))
    _fail(item, client)
    if client.answers:
        item.user_properties.append((VERDICT, "conforms"))


def _fail(item: pytest.Item, client: CheckedClient, claimed: ContractViolated | None = None) -> None:
    """Raise what is wrong with the answers and what the test itself found, each once."""
    __tracebackhide__ = True
    with kept_in_mind():
        sights = sights_of(client, claimed)
        unique, evidence = tuple(sights), evidence_of(sights, client)
    if any(violation.severity == "error" for violation in unique):
        violated = ContractViolated(unique)
        noted(item, violated)
        item.user_properties += evidence
        raise violated from None
    item.user_properties += [*written(unique), *evidence]
