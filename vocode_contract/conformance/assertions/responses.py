"""Assertions about responses and about calls; each raises `ContractViolated` if it does not hold."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, NoReturn

from vocode_contract.conformance.scenario import steps
from vocode_contract.conformance.scenario.calls import BYSTANDER, NoCall
from vocode_contract.conformance.scenario.scenario import ScenarioRunner
from vocode_contract.contract import json_pointer
from vocode_contract.contract.model import Contract
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.http.checks import OFF, undeclared_status
from vocode_contract.http.client.fictional_call import Place, default_option, expected_options
from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.validation.lifecycle.call_life import FINAL
from vocode_contract.validation.scalars import instant, uuid_of
from vocode_contract.validation.violation import ContractViolated, Violation


def assert_status(answer: CheckedExchange, status: int, *, policy: str = "") -> None:
    """Assert a status code; a response with an error of its own fails the test anyway.

    Args:
        answer: The exchange.
        status: The status code that the contract declares for this case.
        policy: Name of the policy that allows more status codes in this case.
    """
    __tracebackhide__ = True
    statuses = {status} | (answer.policies.statuses(policy) if policy else frozenset())
    declared = answer.status in answer.operation.statuses
    taken = not declared and answer.policies.allows_everywhere(answer.status)
    if answer.status in statuses or taken or not answer.is_valid:
        return
    if declared:
        expected = _either(statuses)
        fail_with(answer, "status-unexpected", expected=expected, actual=str(answer.status), policy=policy)
    raise Claimed(answer, undeclared_status(answer.status, answer.operation, answer.contract))


def assert_refused(answer: CheckedExchange, *, only_authentication: bool = True) -> None:
    """Assert that a request was rejected, and that the response holds no call.

    Args:
        answer: The exchange of a request that must be rejected.
        only_authentication: Whether only the authentication of the request was wrong.

    Raises:
        Inconclusive: It was rejected, but perhaps because no call has that id.
    """
    __tracebackhide__ = True
    statuses = answer.policies.statuses("authentication")
    expected = _either(statuses)
    if answer.is_success:
        fail_with(answer, "not-refused", expected=expected, actual=str(answer.status), policy="authentication")
    if answer.holds_a_call:
        fail_with(answer, "refusal-leaks", expected="a refusal without a call", actual="a call")
    _assert_rejected_for_authentication(answer, statuses)
    unclear = answer.status not in statuses and not only_authentication
    if unclear and answer.is_valid:
        raise Inconclusive("refusal-unclear", f"status {answer.status} where {expected} was looked for")


def _assert_rejected_for_authentication(answer: CheckedExchange, statuses: frozenset[int]) -> None:
    """Assert that the status code of a rejection is declared, or allowed by the policy ``authentication``.

    Requests that name a call are exempt, since a server may hide from strangers whether the call exists.
    """
    __tracebackhide__ = True
    names_call = any(parameter.name == "id" for parameter in answer.operation.parameters)
    is_allowed = answer.status in {*statuses, *answer.operation.statuses} or answer.policies.allows_everywhere(
        answer.status
    )
    if answer.is_valid and not names_call and not is_allowed:
        undeclared = undeclared_status(answer.status, answer.operation, answer.contract)
        expected, policy = _either(statuses), answer.policies.word("authentication")
        raise Claimed(answer, replace(undeclared, expected=expected, policy=policy))


def require_wanted(answer: CheckedExchange) -> None:
    """Require that a Create Call request was not rejected as the contract allows, as for a number of somebody else.

    Raises:
        NoCall: It was.
    """
    __tracebackhide__ = True
    if answer.status == 422 and answer.is_valid:
        option = "--from-number or --vocode-from-number"
        raise NoCall(f"Create Call rejected the request (422): name a number of your account with {option}")


def require_created(*answers: CheckedExchange) -> None:
    """Require that each response holds a created call.

    Raises:
        NoCall: One does not.
    """
    __tracebackhide__ = True
    if any(answer.call_id is None for answer in answers):
        raise NoCall("no call was created")


def assert_no_call(answer: CheckedExchange) -> None:
    """Assert that a request for a call that does not exist is rejected, and that the response holds no call."""
    __tracebackhide__ = True
    if not answer.is_valid:
        return
    if not 400 <= answer.status < 500:
        fail_with(answer, "status-unexpected", expected="a refusal", actual=str(answer.status))
    if answer.holds_a_call:
        fail_with(answer, "refusal-leaks", expected="a refusal without a call", actual="a call")


def assert_ended(answer: CheckedExchange) -> None:
    """Assert that a call is over."""
    __tracebackhide__ = True
    if answer.is_valid and answer.status == 200 and answer.call_status not in FINAL:
        fail_with(answer, "call-not-ended", "/status", expected='"ended"', actual=_word(answer))


def assert_not_served(answer: CheckedExchange, code: str) -> None:
    """Assert that a request was not served.

    For an HTTP method other than the operation's, a policy says which status codes reject it.
    """
    __tracebackhide__ = True
    if answer.is_success:
        method = answer.exchange.request.method
        other = method != answer.operation.method
        expected = f"{_either(answer.policies.statuses('other-method'))} to {method}" if other else "a refusal"
        policy = "other-method" if other else ""
        fail_with(answer, code, expected=expected, actual=str(answer.status), policy=policy)


def assert_as_requested(answer: CheckedExchange, request: Mapping[str, Any], contract: Contract) -> None:
    """Assert that a created call has the requested phone numbers, context, agent and options, and the defaults."""
    _assert_no_difference(answer, answer.members, tuple(_differences(answer.members, request, contract)))


def is_as_requested(answer: CheckedExchange, request: Mapping[str, Any], contract: Contract) -> bool:
    """Return whether a created call is as requested."""
    return not any(_differences(answer.members, request, contract))


def assert_still_as_requested(
    answer: CheckedExchange, call: Mapping[str, Any], request: Mapping[str, Any], contract: Contract
) -> None:
    """Assert that a call still has the requested context, agent and options, and the defaults."""
    _assert_no_difference(answer, call, tuple(_options(call, request, contract)))


def _assert_no_difference(answer: CheckedExchange, call: Mapping[str, Any], differences: tuple[Place, ...]) -> None:
    if answer.status == 200 and answer.is_valid and call and differences:
        place = json_pointer.from_tokens(differences[0])
        fail_with(answer, "not-as-asked", place, expected="the requested value, or the default", actual="another value")


def _differences(call: Mapping[str, Any], request: Mapping[str, Any], contract: Contract) -> Iterator[Place]:
    yield from ((key,) for key in ("to_number", "from_number") if _digits(call.get(key)) != _digits(request[key]))
    yield from _options(call, request, contract)


def _options(call: Mapping[str, Any], request: Mapping[str, Any], contract: Contract) -> Iterator[Place]:
    """Yield the places in which a call differs; an agent given only by its id is not compared."""
    context = call.get("context")
    if not isinstance(context, dict) or any(context.get(key) != value for key, value in request["context"].items()):
        yield ("context",)
    agent = call.get("agent")
    prompt = agent.get("prompt") if isinstance(agent, dict) else None
    if isinstance(prompt, dict) and prompt.get("content") != request["agent"]["prompt"]["content"]:
        yield ("agent", "prompt", "content")
    voice, asked = (part.get("voice") if isinstance(part, dict) else None for part in (agent, request["agent"]))
    if isinstance(voice, dict) and asked and any(voice.get(key) not in (None, value) for key, value in asked.items()):
        yield ("agent", "voice")
    for place, value in expected_options(contract, request):
        members = (agent if isinstance(agent, dict) else {}) if len(place) > 1 else call
        shown = members.get(place[-1])
        if shown is None:  # an unset key of a full call stands for the default; a list may leave out more
            shown = default_option(contract, place) if isinstance(agent, dict) else value
        if shown != value:
            yield place


def assert_same_times(before: CheckedExchange, after: CheckedExchange) -> None:
    """Assert that two reads of a finished call return the same times.

    A server that computes them at each read would move them.
    """
    __tracebackhide__ = True
    if not (before.is_valid and after.is_valid and before.call_status == after.call_status == "ended"):
        return
    for key in ("start_time", "end_time"):
        one, other = instant(before.members.get(key)), instant(after.members.get(key))
        if one is not None and other is not None and one != other:
            code = f"{key.replace('_', '-')}-moved"
            fail_with(after, code, f"/{key}", expected="the time of the look before", actual="another time")


def assert_times_fit(created: CheckedExchange, answer: CheckedExchange) -> None:
    """Assert that a call neither started nor ended before the request that created it, by the server's own clock."""
    __tracebackhide__ = True
    date = created.exchange.response.date
    if date is None or not answer.is_valid or answer.call_id != created.call_id:
        return
    for key in ("start_time", "end_time"):
        at = instant(answer.members.get(key))
        if at is not None and at < date - OFF:
            expected = "a time not before the call was created"
            fail_with(answer, "time-off", f"/{key}", expected=expected, actual="an earlier time", steps=(created,))


def assert_new(answer: CheckedExchange, known: Iterable[str]) -> None:
    """Assert that a created call is not one that existed before."""
    __tracebackhide__ = True
    identifier = uuid_of(answer.call_id)
    if identifier and identifier in {uuid_of(one) for one in known}:
        fail_with(answer, "created-twice", "/id", expected="the id of a new call", actual="an id that was there before")


def assert_conforms(answer: CheckedExchange) -> None:
    """Assert that a recording is MPEG audio, as far as its first bytes tell.

    Raises:
        ContractViolated: It is not.

    Source: ISO/IEC 11172-3, section 2.4.1.3: a frame begins with eleven bits that are set.
    """
    __tracebackhide__ = True
    body = answer.exchange.response.body
    is_mpeg = body.startswith(b"ID3") or (len(body) > 1 and body[0] == 0xFF and body[1] & 0xE0 == 0xE0)
    if answer.status == 200 and answer.is_valid and not is_mpeg:
        fail_with(answer, "recording-not-audio", expected="an ID3 tag or an MPEG frame", actual="other bytes")


def _digits(number: object) -> str:
    return number.removeprefix("+") if isinstance(number, str) else ""


def _word(answer: CheckedExchange) -> str:
    """Write the status of a call; a sound answer holds none but a declared word."""
    return f'"{answer.call_status}"' if answer.call_status else "no status"


def _either(statuses: Iterable[int]) -> str:
    *others, last = map(str, sorted(statuses)) if statuses else ["a refusal"]
    return f"{', '.join(others)} or {last}" if others else last


class Claimed(ContractViolated):
    """A violation found by an assertion, the exchange that shows it, and the exchanges that led there, if known."""

    def __init__(self, answer: CheckedExchange, violation: Violation, steps: tuple[CheckedExchange, ...] = ()) -> None:
        super().__init__((violation,))
        self.answer = answer
        self.steps = steps


def fail_with(
    answer: CheckedExchange,
    code: str,
    pointer: str = "",
    *,
    expected: str,
    actual: str,
    policy: str = "",
    steps: tuple[CheckedExchange, ...] = (),
) -> NoReturn:
    """Raise a violation in a response.

    Args:
        answer: The exchange that shows it.
        code: Code of the violation.
        pointer: JSON Pointer to the place in the body.
        expected: A phrase.
        actual: A phrase that holds no part of the body.
        policy: Name of the policy by which it was expected.
        steps: The exchanges that led there, in order, if they are known.
    """
    __tracebackhide__ = True
    violation = Violation(
        instance_pointer=pointer,
        code=code,
        expected=expected,
        actual=actual,
        schema_pointer=answer.operation.pointer,
        contract=answer.contract,
        note=answer.operation.name,
        policy=answer.policies.word(policy) if policy else "",
    )
    raise Claimed(answer, violation, steps)


_GOING_ON = "a call that has not ended"


def assert_went_on(
    scenario: ScenarioRunner,
    before: CheckedExchange | None,
    after: CheckedExchange,
    code: str,
    *,
    role: str = BYSTANDER,
) -> None:
    """Assert that a call has not ended although no request ended it.

    Args:
        scenario: Gets an untouched call like it if this one has ended, since calls may end by themselves.
        before: An earlier read of the call; nothing is asserted if it was over then.
        after: A later read of the call.
        code: Code of the violation if the call has ended.
        role: Role of the call.

    Raises:
        NoCall: Such calls end by themselves.
        Inconclusive: The call may have ended by itself.
    """
    __tracebackhide__ = True
    went_on = before is None or before.call_status not in FINAL
    if not went_on or not after.is_valid or after.call_status != "ended":
        return
    looks = scenario.shared.try_run(steps.get_untouched_call_twice(role))
    if looks is None:
        raise Inconclusive("call-changed", "it is over, and may have ended by itself")
    if looks[0].call_status in FINAL:
        raise NoCall("created calls end by themselves before they can be looked at again")
    if looks[1].call_status in FINAL:
        fail_with(looks[1], "read-acts", "/status", expected=_GOING_ON, actual=f'"{looks[1].call_status}"')
    fail_with(after, code, "/status", expected=_GOING_ON, actual='"ended"')


def require_not_over(scenario: ScenarioRunner, answer: CheckedExchange) -> None:
    """Require, if a request to end a call was rejected as too late, that the call had not ended by itself.

    Raises:
        NoCall: It was over.
    """
    __tracebackhide__ = True
    if answer.status not in answer.policies.statuses("ended-call"):
        return
    before = scenario.shared.try_run(steps.get_subject)
    if before is None or before.call_id != answer.requested_id:  # only the subject was read before its end
        before = scenario.shared.send("get_call", {"id": answer.requested_id})
    if before.is_valid and before.call_status in FINAL:
        raise NoCall("the call was over before the request to end it")


def require_body_taken(answer: CheckedExchange) -> None:
    """Require that a request to end a call was not rejected for its body, which the contract does not declare.

    Raises:
        NoCall: It was, and without the body the call was ended.
    """
    __tracebackhide__ = True
    request = answer.exchange.request
    if not request.body and request.header("content-type") is None:
        raise NoCall("the server rejects a body of a request to end a call; no document says that it must ignore it")


def assert_ended_by_nobody(
    scenario: ScenarioRunner, created: CheckedExchange | None, look: CheckedExchange, role: str
) -> None:
    """Assert that a created call which is over at the first look at it has ended by itself, if such calls do."""
    __tracebackhide__ = True
    if created is not None and created.call_id == look.call_id:
        with suppress(Inconclusive, NoCall):
            assert_went_on(scenario, created, look, "other-ended", role=role)


def require_in_progress(look: CheckedExchange) -> None:
    """Require that a call that was given time is in progress.

    Raises:
        NoCall: It is not.
    """
    __tracebackhide__ = True
    if look.is_valid and look.call_status in {"not_started", *FINAL}:
        raise NoCall("no created call was in progress in time")
