"""An exchange together with all that a check needs to know about it."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Operation
from vocode_contract.http.message import Document, Exchange, Response
from vocode_contract.http.policies import DEFAULT_POLICIES, Policies
from vocode_contract.validation.codes import ALL, Selection
from vocode_contract.validation.masking import Secret
from vocode_contract.validation.violation import Violation


@dataclass(frozen=True, kw_only=True)
class OperationExchange:
    """One exchange of an operation: what every check reads, parsed once.

    Attributes:
        received_at: When the response came, in seconds since the epoch; ``None`` if that was not just now.
        token: A token that no response may repeat, besides the one in the request.
    """

    exchange: Exchange
    operation: Operation
    contract: Contract
    policies: Policies = DEFAULT_POLICIES
    selection: Selection = ALL
    received_at: float | None = None
    token: Secret | None = field(default=None, repr=False)

    @property
    def response(self) -> Response:
        """The response."""
        return self.exchange.response

    @property
    def holds_resource(self) -> bool:
        """Whether the body is one of the API's resources, and not the description of an error."""
        return self.response.status < 400

    @property
    def declared(self) -> tuple[str, ...]:
        """The media types that the contract declares for the status code; empty for no body."""
        return tuple(self.operation.responses.get(self.response.status, ()))

    @cached_property
    def schema_name(self) -> str | None:
        """The schema that the contract declares for a JSON body; ``None`` if there is none."""
        declared = self.operation.responses.get(self.response.status, {})
        return declared.get(self.response.media_type) or declared.get("application/json")

    @cached_property
    def document(self) -> Document:
        """The body parsed as JSON, once for all checks."""
        return self.exchange.document

    @property
    def is_parsed(self) -> bool:
        """Whether the body is JSON and the contract declares its schema."""
        return self.schema_name is not None and self.document.defect is None

    @property
    def value(self) -> Any:
        """The JSON value of the body; ``None`` if it holds none."""
        return self.document.value

    def violation(
        self,
        code: str,
        *,
        expected: str,
        actual: str,
        instance_pointer: str = "",
        source: str | None = None,
        **others: Any,
    ) -> Violation:
        """Return a violation in this exchange.

        Args:
            code: One of ``CODES``.
            expected: What the contract wants, as a phrase.
            actual: What came, masked.
            instance_pointer: JSON Pointer into the body.
            source: Where the rule is written, as JSON Pointer below the operation in the contract's OpenAPI document,
                such as ``/responses``; ``None`` if it is not written there.
            others: Further fields of the violation.
        """
        return Violation(
            code=code,
            expected=expected,
            actual=actual,
            instance_pointer=instance_pointer,
            schema_pointer="" if source is None else f"{self.operation.pointer}{source}",
            contract=self.contract.date,
            **others,
        )
