"""Answer: one exchange, judged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vocode_contract.checks import UNREAD, parsed_body, uuid_of
from vocode_contract.contract import Operation
from vocode_contract.exchange import Exchange
from vocode_contract.violation import Violation


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One exchange and what the checks found; its representation shows no payload.

    Attributes:
        operation: What was asked for.
        exchange: The request and the response.
        violations: What is wrong with it by itself, in the order of the checks.
        contract: Date of the contract.
    """

    operation: Operation
    exchange: Exchange = field(repr=False)
    violations: tuple[Violation, ...]
    contract: str

    @property
    def status(self) -> int:
        """The status code."""
        return self.exchange.response.status

    @property
    def value(self) -> Any:
        """The JSON value of the body; ``None`` where it holds none."""
        value = parsed_body(self.exchange)
        return None if value is UNREAD else value

    @property
    def members(self) -> Mapping[str, Any]:
        """The body as object; empty where it is none."""
        value = self.value
        return value if isinstance(value, dict) else {}

    @property
    def call_id(self) -> str | None:
        """The id of the call in the body; ``None`` where there is none."""
        identifier = self.members.get("id")
        return identifier if uuid_of(identifier) else None

    @property
    def call_status(self) -> str | None:
        """The status of the call in the body; ``None`` where it is no string."""
        status = self.members.get("status")
        return status if isinstance(status, str) else None

    @property
    def is_sound(self) -> bool:
        """Whether the checks found no error."""
        return not any(violation.severity == "error" for violation in self.violations)
