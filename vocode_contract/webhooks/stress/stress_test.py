"""The stress test: deliver arrangements and odd deliveries to a receiver, and check its responses and its state."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeAlias

from vocode_contract.contract.model import Contract, resolve_contract
from vocode_contract.errors import InvalidOption
from vocode_contract.validation.masking import Secret
from vocode_contract.validation.violation import ContractViolated
from vocode_contract.webhooks import Event
from vocode_contract.webhooks.sending import Deliverer, DeliveryResult, event_delivery
from vocode_contract.webhooks.sending.send import SECONDS
from vocode_contract.webhooks.sending.target import Target
from vocode_contract.webhooks.signature import decode_secrets
from vocode_contract.webhooks.stress.arrival_orders import Arrangement, arrangements
from vocode_contract.webhooks.stress.call_events import STORIES, Subject, action_subject, content, scenario_subject
from vocode_contract.webhooks.stress.findings import StressReport
from vocode_contract.webhooks.stress.receiver import ReadState, Receiver, Stopped, state_reader

#: Default maximum number of attempts: arrangements and odd deliveries.
MOST = 200
_ANY_ID = "00000000-0000-4000-8000-000000000000"
Plan: TypeAlias = tuple[Subject, Arrangement | str]


def attack(
    url: str,
    *,
    state: str | ReadState | None = None,
    secret: str | Secret | None = None,
    payload: Mapping[str, Any] | None = None,
    scenarios: Sequence[str] = tuple(STORIES),
    lenient: bool = False,
    allowed_hosts: Collection[str] = (),
    seconds: float = SECONDS,
    settle: float = 0.0,
    seed: int = 0,
    most: int = MOST,
    contract: str | Contract | None = None,
) -> StressReport:
    """Stress-test a receiver and report what breaks it; each attempt is about calls with new ids.

    Args:
        url: URL of the receiver: of events, or of external actions if there is a secret.
        state: Reads the receiver's state of a call: a function of the call's id, a URL with ``{call_id}``, or a URL
            whose response is an object of all calls by id. By default only responses are checked. Values that differ
            between two calls with the same events are ignored.
        secret: The action's ``signature_secret``: send external actions instead of events.
        payload: Payload of the external action.
        scenarios: Keys of `STORIES`.
        lenient: Whether the receiver may respond with 2xx to malformed deliveries if it ignores them. It must refuse
            forged ones in any case.
        allowed_hosts: Exact hosts beyond loopback that may be delivered to.
        seconds: How long to wait for a response.
        settle: Seconds to wait before the state is read, for receivers with a queue.
        seed: Random seed of the arrangements.
        most: Maximum number of attempts, sampled from all there are.
        contract: A date, or a `Contract` whose events have further required properties; by default the default one.

    Raises:
        InvalidOption: A URL is not allowed, the secret is unusable, or there is no such scenario.
    """
    if most < 1:
        raise InvalidOption("most", "must be 1 or more")
    target = Target.from_url(url, allowed_hosts=allowed_hosts)
    chosen = None if contract is None else resolve_contract(contract)
    if secret is None:
        if not scenarios:
            raise InvalidOption("scenarios", "must not be empty")
        subjects = tuple(scenario_subject(name, url, chosen) for name in scenarios)
    else:
        decode_secrets(secret)
        known = secret if isinstance(secret, Secret) else Secret(secret)
        subjects = (action_subject(url, known, payload or {}, chosen),)
    chance = Random(seed)  # noqa: S311 - order of deliveries, guards nothing
    with Deliverer(allowed_hosts=allowed_hosts, seconds=seconds, at_once=1) as deliverer:
        read = state_reader(state, deliverer, allowed_hosts=allowed_hosts) if isinstance(state, str) else state
        receiver = Receiver(deliverer=deliverer, read=read, lenient=lenient, settle=settle)
        try:
            for subject, plan in _plans(subjects, chance, most):
                if isinstance(plan, Arrangement):
                    receiver.try_arrangement(subject, plan)
                else:
                    receiver.try_odd(subject, plan)
        except Stopped as stopped:
            receiver.unjudged.append(f"{target}: {stopped}")
    return StressReport(
        violations=tuple(receiver.found),
        delivered=receiver.delivered,
        unjudged=tuple(dict.fromkeys(receiver.unjudged)),
    )


def _plans(subjects: Sequence[Subject], chance: Random, most: int) -> Sequence[Plan]:
    plans: list[Plan] = [
        (subject, arrangement)
        for subject in subjects
        for kind in subject.arrangements
        for arrangement in arrangements(kind, subject.kinds, chance)
    ]
    plans += [(subjects[0], odd.name) for odd in subjects[0].odds(_ANY_ID)]
    if len(plans) <= most:
        return plans
    return [plans[index] for index in sorted(chance.sample(range(len(plans)), most))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adversary:
    """Delivers to a receiver on this machine, and stress-tests it."""

    deliverer: Deliverer = field(repr=False)

    def deliver(self, url: str, events: Iterable[Event]) -> tuple[DeliveryResult, ...]:
        """Deliver events one after the other, each once, and return the results in that order."""
        return tuple(self.deliverer.send(event_delivery(content(event), url)) for event in events)

    def attack(self, url: str, **options: Any) -> StressReport:
        """Stress-test a receiver; see `vocode_contract.webhooks.stress.attack` for the options.

        Raises:
            ContractViolated: The receiver fails.
            AssertionError: Something could not be checked.
        """
        __tracebackhide__ = True
        report = attack(url, **options)
        errors = tuple(violation for violation in report.violations if violation.severity == "error")
        if errors:
            raise ContractViolated(errors)
        if not report.conforms:
            raise AssertionError("; ".join(report.unjudged) or "no response to any delivery")
        return report


def webhook_adversary() -> Iterator[Adversary]:
    """Yield an adversary and stop it afterwards: the body of a session fixture."""
    with Deliverer(at_once=1) as deliverer:
        yield Adversary(deliverer=deliverer)
