"""What comes of one test."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from vocode_contract.answer import kept_in_mind
from vocode_contract.conformance.calls import NoCall
from vocode_contract.conformance.client import CheckedClient
from vocode_contract.conformance.evidence import written as evidence_of
from vocode_contract.conformance.properties import VERDICT, noted, written
from vocode_contract.guard import NotPermitted
from vocode_contract.history import Observation
from vocode_contract.inconclusive import Inconclusive
from vocode_contract.lifecycle import breaches
from vocode_contract.violation import ContractViolated, Violation


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
        _fail(item, client, error.violations)
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


def _fail(item: pytest.Item, client: CheckedClient, claimed: Iterable[Violation] = ()) -> None:
    """Raise what is wrong with the answers and what the test itself found, each once."""
    __tracebackhide__ = True
    with kept_in_mind():
        unique, evidence = _found(client, claimed)
    if any(violation.severity == "error" for violation in unique):
        violated = ContractViolated(unique)
        noted(item, violated)
        item.user_properties += evidence
        raise violated from None
    item.user_properties += [*written(unique), *evidence]


def _found(
    client: CheckedClient, claimed: Iterable[Violation]
) -> tuple[tuple[Violation, ...], list[tuple[str, object]]]:
    found = [violation for answer in client.answers for violation in answer.violations]
    unique = tuple(dict.fromkeys([*found, *claimed, *_lived(client)]))
    return unique, evidence_of(unique, client)


def _lived(client: CheckedClient) -> Iterator[Violation]:
    """Yield what cannot be in the life of any call that the answers show."""
    seen: dict[str, list[Observation]] = {}
    for answer in client.answers:
        for identifier, observation in answer.observations.items():
            seen.setdefault(identifier, []).append(observation)
    contract = client.contract
    for observations in seen.values():
        found = list(breaches(observations, contract=contract.date, profile=contract.profile, expected=()))
        went_back = {violation.note for violation in found if violation.code == "status-went-back"}
        for violation in found:
            if violation.code != "end-time-moved" or violation.note not in went_back:  # it follows from going back
                yield replace(violation, note="")
