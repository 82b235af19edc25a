"""Derive the verdict of one test from what it raised."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest

from vocode_contract.conformance.assertions.responses import Claimed
from vocode_contract.conformance.checked_client import CheckedClient
from vocode_contract.conformance.run.accepted import accept
from vocode_contract.conformance.scenario.calls import NoCall
from vocode_contract.contract.acceptance import Acceptance
from vocode_contract.http.checked_exchange import CheckedExchange, collect_looks
from vocode_contract.http.guard.guard import NOT_OFFERED, NotPermitted
from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.report.evidence import FirstSeen
from vocode_contract.report.row import READ_ONLY, record_error, record_verdict, record_violations
from vocode_contract.validation.lifecycle.history import NEW, digest_fixed
from vocode_contract.validation.lifecycle.rules import step
from vocode_contract.validation.scalars import uuid_of
from vocode_contract.validation.violation import ContractViolated, Violation, has_error

#: Codes about a value that never changes, and its key: whichever operation shows another one is wrong.
_CONSTANT: Mapping[str, str] = {
    "owner-changed": "user_id",
    "agent-changed": "agent",
    "provider-changed": "telephony_provider",
}
#: Codes of violations that an earlier request caused.
_EFFECTS = frozenset(("call-not-ended", "created-lost", "method-taken", "other-ended", "refusal-ignored"))


def find_violations(
    client: CheckedClient, claimed: ContractViolated | None = None, accepted: Sequence[Acceptance] = ()
) -> tuple[Mapping[Violation, FirstSeen], tuple[int, ...]]:
    """Return the violations of a test, each once, with the exchange that shows it first.

    Returns:
        The violations, and the numbers of the entries that accept some of them.
    """
    found: dict[Violation, FirstSeen] = {}
    entries: dict[int, None] = {}
    for violation, first in (*_in_exchanges(client.answers), *_in_error(client, claimed), *_in_histories(client)):
        marked, numbers = accept(violation, first.answer.operation.name if first.answer else "", accepted)
        found.setdefault(marked, first)
        entries |= dict.fromkeys(numbers)
    return found, tuple(entries)


def _in_exchanges(answers: Sequence[CheckedExchange]) -> Iterator[tuple[Violation, FirstSeen]]:
    for answer in answers:
        for violation in answer.violations:
            yield violation, FirstSeen(answer=answer, place=violation.instance_pointer)


def _in_error(client: CheckedClient, claimed: ContractViolated | None) -> Iterator[tuple[Violation, FirstSeen]]:
    if claimed is None:
        return
    known = dict(_in_exchanges(client.answers))
    for found in claimed.violations:
        level = client.selection.level(found.code, client.contract.profile)
        if level == "off":
            continue
        violation = replace(found, severity=level)
        if isinstance(claimed, Claimed):
            steps = claimed.steps or (_causes_of(claimed.answer) if violation.code in _EFFECTS else ())
            yield violation, FirstSeen(answer=claimed.answer, place=violation.instance_pointer, steps=steps)
        else:
            yield violation, known.get(violation, FirstSeen(answer=None, place=violation.instance_pointer))


def _causes_of(answer: CheckedExchange) -> tuple[CheckedExchange, ...]:
    """Return the last exchange with an effect before one that only reads, and the last one about the same call."""
    if answer.operation.effect != "reads":
        return ()
    acts, call = tuple(answer.earlier_acts), uuid_of(answer.requested_id)
    same = [act for act in acts if call and uuid_of(act.requested_id) == call]
    return _in_order(*acts[:1], *same[:1])


def _in_order(*answers: CheckedExchange) -> tuple[CheckedExchange, ...]:
    once = {id(answer): answer for answer in answers}
    return tuple(sorted(once.values(), key=lambda answer: answer.at))


def _in_histories(client: CheckedClient) -> Iterator[tuple[Violation, FirstSeen]]:
    """Yield the violations in the histories of calls that the exchanges show."""
    contract = client.contract
    for identifier, unsorted in collect_looks(client.answers).items():
        looks = sorted(unsorted, key=lambda look: look[0].at)
        if all(observation.value == looks[0][1].value for _, observation in looks):
            continue  # nothing changed, which is the most frequent case
        history, before, last, went_back = NEW, None, None, False
        for answer, observation in looks:
            if observation.value == last:
                before = answer
                continue
            last = observation.value
            history, found = step(history, observation, contract=contract, selection=client.selection)
            went_back = went_back or any(violation.code == "status-went-back" for violation in found)
            for violation in found:
                if violation.code != "end-time-moved" or not went_back:  # it follows from a status that went back
                    steps = _in_order(*([before] if before else []), *_causes_of(answer))
                    blamed = _choose_wrong(violation, answer, before, client=client, identifier=identifier)
                    place = f"{blamed.find_pointer(identifier)}{violation.instance_pointer}"
                    yield replace(violation, note=""), FirstSeen(answer=blamed, place=place, steps=steps)
            before = answer


def _choose_wrong(
    violation: Violation,
    answer: CheckedExchange,
    before: CheckedExchange | None,
    *,
    client: CheckedClient,
    identifier: str,
) -> CheckedExchange:
    """Return which of two exchanges that contradict each other is wrong: the one that all other operations contradict.

    It is the later one unless at least two operations agree with it, and none with the earlier one.

    Args:
        violation: What contradicts.
        answer: The later exchange.
        before: The earlier one.
        client: Has the exchanges of the run so far.
        identifier: Id of the call.
    """
    is_clear = before is not None and before.operation.name != answer.operation.name and answer.is_valid
    if violation.code not in _CONSTANT or before is None or not is_clear:
        return answer
    key = _CONSTANT[violation.code]
    shown: dict[str, set[str]] = {}
    for exchange, observation in collect_looks((*client.list_earlier(), *client.answers))[identifier]:
        for digest in digest_fixed(observation.value, (key,)).values():
            shown.setdefault(exchange.operation.name, set()).add(digest)
    suspect, witnesses = shown.pop(before.operation.name, set()), list(shown.values())
    agreed = set.intersection(*witnesses) if len(witnesses) > 1 else set()
    return before if agreed and suspect.isdisjoint(agreed) else answer


@contextmanager
def conclude(item: pytest.Item, client: CheckedClient, accepted: Sequence[Acceptance]) -> Iterator[None]:
    """Run a test and record its verdict; the violations in all of its exchanges fail it together.

    Precedence: violation, inconclusive, not permitted.

    Raises:
        ContractViolated: An assertion or an exchange has an error.
        Inconclusive: There was no complete response.
    """
    __tracebackhide__ = True
    claimed: ContractViolated | None = None
    try:
        yield
        if client.answers and not any(answer.is_success for answer in client.answers):
            client.require_service()
    except ContractViolated as error:
        claimed = error
    except Inconclusive as inconclusive:
        _fail(item, client, accepted)
        record_error(item, inconclusive)
        raise
    except pytest.skip.Exception:
        _fail(item, client, accepted)
        raise
    except (NotPermitted, NoCall) as reason:
        _fail(item, client, accepted)
        verdict = "no-call" if isinstance(reason, NoCall) else "not-permitted"
        record_verdict(item, verdict)
        if isinstance(reason, NotPermitted) and (client.is_read_only or reason.reason == NOT_OFFERED):
            item.user_properties.append((READ_ONLY, "true"))
        pytest.skip(str(reason))
    _fail(item, client, accepted, claimed)
    if client.answers or claimed:
        record_verdict(item, "conforms")


def _fail(
    item: pytest.Item,
    client: CheckedClient,
    accepted: Sequence[Acceptance],
    claimed: ContractViolated | None = None,
) -> None:
    """Raise the violations of a test if one is an error; record them and their evidence in any case."""
    __tracebackhide__ = True
    found, entries = find_violations(client, claimed, accepted)
    record_violations(item, found, client, entries)
    if has_error(found):
        raise ContractViolated(tuple(found)) from None
