"""What the pytest fixture ``webhook_adversary`` gives; the plugin's fixture calls `webhook_adversary`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from vocode_contract.adversary.attacking import attack
from vocode_contract.adversary.findings import Report
from vocode_contract.adversary.scenarios import content
from vocode_contract.delivery import Answer, Deliverer, event_delivery
from vocode_contract.validation.violation import ContractViolated
from vocode_contract.webhooks import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Adversary:
    """Delivers to a receiver on this machine, soundly or not.

    Attributes:
        deliverer: Sends.
    """

    deliverer: Deliverer = field(repr=False)

    def deliver(self, url: str, events: Iterable[Event]) -> tuple[Answer, ...]:
        """Deliver events one after the other, as a provider that tries once.

        Returns:
            The answers, in that order.
        """
        return tuple(self.deliverer.send(event_delivery(content(event), url)) for event in events)

    def attack(self, url: str, **options: Any) -> Report:
        """Attack a receiver; see `vocode_contract.adversary.attack` for the options.

        Raises:
            ContractViolated: It does not bear something.
            AssertionError: Something could not be judged.
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
