"""Fuzzing, where it was asked for: drawn requests, past the guard, with the ids of calls that exist."""

from contextlib import suppress

import pytest

from vocode_contract.conformance import moments
from vocode_contract.conformance.answers import Answer
from vocode_contract.conformance.calls import NoCall
from vocode_contract.conformance.client import CheckedClient
from vocode_contract.conformance.properties import REMARK
from vocode_contract.conformance.story import Teller
from vocode_contract.exchange import Exchange
from vocode_contract.fuzzing import fuzz
from vocode_contract.guard import NotPermitted
from vocode_contract.inconclusive import Inconclusive
from vocode_contract.transport import Ask
from vocode_contract.violation import ContractViolated

each_operation = pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, id=name, marks=pytest.mark.vocode_operation(name))
        for name in ("create_call", "end_call", "get_call", "get_recording", "list_calls")
    ],
)


@each_operation
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_drawn_requests_break_nothing(
    api: CheckedClient, told: Teller, name: str, request: pytest.FixtureRequest
) -> None:
    examples, seed = request.config.getoption("vocode_fuzz"), request.config.getoption("vocode_seed")
    if not examples:
        pytest.skip("needs --vocode-fuzz N, the number of requests to draw")
    with _Created(api) as created:
        fuzzed = fuzz(
            created.send,
            api.contract.operations[name],
            api.contract,
            origin=str(api.endpoint),
            examples=examples,
            seed=seed,
            call_ids=_known(told),
        )
    if fuzzed.violations:
        again = f"--vocode-fuzz {examples} --vocode-seed {seed}"
        request.node.user_properties.append((REMARK, f"{name}, drawn with {again}, shown by: {fuzzed.curl}"))
        raise ContractViolated(fuzzed.violations)
    if not fuzzed.was_served:
        raise Inconclusive("never-served", f"{fuzzed.requests} requests to {name}")


def _known(told: Teller) -> tuple[str, ...]:
    """Return the ids of calls to put in place of drawn ones."""
    try:
        first = moments.readable(told.story)
    except (NoCall, Inconclusive, NotPermitted):
        return ()
    page = told.story.attempt(moments.listed_before)
    return tuple(dict.fromkeys((first, *(page.item_ids if page else ()))))


class _Created:
    """Sends, and ends in the end what drawn requests created."""

    def __init__(self, api: CheckedClient) -> None:
        self._api = api
        self._answers: list[Answer] = []

    def send(self, ask: Ask) -> Exchange:
        __tracebackhide__ = True
        answer = self._api.exchange(ask)
        if ask.operation.name == "create_call" and answer.call_id:
            self._answers.append(answer)
        return answer.exchange

    def __enter__(self) -> "_Created":
        return self

    def __exit__(self, *_exception: object) -> None:
        for answer in self._answers:
            with suppress(Inconclusive, NotPermitted):
                self._api.ask("end_call", {"id": str(answer.call_id)}, kept=False)
