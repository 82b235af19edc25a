"""Attack: deliver arrangements and oddities to a receiver, check its answers and its state."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeAlias

from vocode_contract.errors import InvalidOption
from vocode_contract.validation.masking import Secret
from vocode_contract.validation.violation import ContractViolated
from vocode_contract.webhooks import Event
from vocode_contract.webhooks.sending import Deliverer, DeliveryResult, event_delivery
from vocode_contract.webhooks.sending.send import SECONDS
from vocode_contract.webhooks.sending.target import Target
from vocode_contract.webhooks.signature import decode_secrets
from vocode_contract.webhooks.stress.arrival_orders import Arrangement, arrangements
from vocode_contract.webhooks.stress.call_events import STORIES, Subject, content, of_action, of_story
from vocode_contract.webhooks.stress.findings import StressReport
from vocode_contract.webhooks.stress.malformed import Odd
from vocode_contract.webhooks.stress.receiver import Receiver, Stopped
from vocode_contract.webhooks.stress.receiver_state import ReadState, from_url

#: Arrangements and oddities that are tried unless told.
MOST = 200
_NOBODY = "00000000-0000-4000-8000-000000000000"
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
) -> StressReport:
    """Attack a receiver and report what it does not bear.

    Each try is about a call of its own, with a new id.

    Args:
        url: The receiver's: of events, or of external actions if there is a secret.
        state: Tells what the receiver knows of a call: a function of the call's id, or a URL with
            ``{call_id}``, or one whose answer is an object of all calls by id. Without it, answers
            alone are checked. What differs between two calls that were told the same is left out.
        secret: The action's ``signature_secret``: attack by external actions.
        payload: Of the external action, where the receiver wants a certain one.
        scenarios: Names in `STORIES`.
        lenient: Whether the receiver may answer 2xx to what is malformed, if it then ignores it.
            What is forged is to be refused in any case.
        allowed_hosts: Exact hosts beyond loopback that may be attacked.
        seconds: That the receiver has to answer.
        settle: Seconds between the last delivery and a look at the state, for receivers with a queue.
        seed: Of what is left to chance.
        most: At most so many tries; evenly from all there are.

    Raises:
        InvalidOption: An address must not be delivered to, the secret is unusable, or there is no such scenario.
    """
    if most < 1:
        raise InvalidOption("most", "must be 1 or more")
    Target.from_url(url, allowed_hosts=allowed_hosts)
    subjects = _subjects(url, secret, payload or {}, scenarios)
    chance = Random(seed)  # noqa: S311 - order of deliveries, guards nothing
    with Deliverer(allowed_hosts=allowed_hosts, seconds=seconds, at_once=1) as deliverer:
        read = from_url(state, deliverer, allowed_hosts=allowed_hosts) if isinstance(state, str) else state
        receiver = Receiver(deliverer=deliverer, read=read, lenient=lenient, settle=settle)
        try:
            for subject, plan in _plans(subjects, chance, most):
                if isinstance(plan, Arrangement):
                    receiver.try_arrangement(subject, plan)
                else:
                    receiver.try_odd(subject, plan)
        except Stopped as stopped:
            receiver.unjudged.append(stopped.reason)
    return StressReport(
        violations=tuple(receiver.found),
        delivered=receiver.delivered,
        unjudged=tuple(dict.fromkeys(receiver.unjudged)),
    )


def _subjects(
    url: str, secret: str | Secret | None, payload: Mapping[str, Any], scenarios: Sequence[str]
) -> tuple[Subject, ...]:
    if secret is None:
        if not scenarios:
            raise InvalidOption("scenarios", "must be 1 or more")
        return tuple(of_story(name, url) for name in scenarios)
    decode_secrets(secret)
    return (of_action(url, secret if isinstance(secret, Secret) else Secret(secret), payload),)


def _plans(subjects: Sequence[Subject], chance: Random, most: int) -> Sequence[Plan]:
    plans: list[Plan] = [
        (subject, arrangement)
        for subject in subjects
        for kind in subject.arrangements
        for arrangement in arrangements(kind, subject.kinds, chance)
    ]
    plans += [(subjects[0], odd.name) for odd in _named(subjects[0])]
    if len(plans) <= most:
        return plans
    return [plans[index] for index in sorted(chance.sample(range(len(plans)), most))]


def _named(subject: Subject) -> Sequence[Odd]:
    return tuple(subject.odds(_NOBODY))


@dataclass(frozen=True, slots=True, kw_only=True)
class Adversary:
    """Delivers to a receiver on this machine, soundly or not.

    Attributes:
        deliverer: Sends.
    """

    deliverer: Deliverer = field(repr=False)

    def deliver(self, url: str, events: Iterable[Event]) -> tuple[DeliveryResult, ...]:
        """Deliver events one after the other, as a provider that tries once.

        Returns:
            The answers, in that order.
        """
        return tuple(self.deliverer.send(event_delivery(content(event), url)) for event in events)

    def attack(self, url: str, **options: Any) -> StressReport:
        """Attack a receiver; see `vocode_contract.webhooks.stress.attack` for the options.

        Raises:
            ContractViolated: It does not bear something.
            AssertionError: Something could not be checked.
        """
        __tracebackhide__ = True
        report = attack(url, **options)
        errors = tuple(violation for violation in report.violations if violation.severity == "error")
        if errors:
            raise ContractViolated(errors)
        if not report.conforms:
            raise AssertionError("; ".join(report.unjudged) or "nothing was answered")
        return report


def webhook_adversary() -> Iterator[Adversary]:
    """Yield an adversary and stop it afterwards: the body of a fixture of scope ``session``."""
    with Deliverer(at_once=1) as deliverer:
        yield Adversary(deliverer=deliverer)
