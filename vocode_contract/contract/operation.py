"""An operation of a contract: one method on one URL path."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from vocode_contract.contract.json_pointer import escape

Schema = Mapping[str, Any]
Effect = Literal["reads", "writes", "bills", "rings", "hangs-up"]
#: Methods that only read, by RFC 9110, section 9.2.1.
SAFE_METHODS = frozenset(("GET", "HEAD"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of an operation.

    Attributes:
        name: Name on the wire.
        location: ``query`` or ``header``.
        required: Whether a request without it is refused.
        schema: JSON Schema of the value after parsing.
    """

    name: str
    location: str
    required: bool
    schema: Schema = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method on one URL path, and its responses.

    Attributes:
        name: The ``operationId``, such as ``end_call``.
        method: HTTP method in capitals.
        path: URL path.
        summary: A title of a few words.
        effect: What a successful request does in the world.
        parameters: In the document's order.
        body: Name of the schema of the request body; ``None`` if there is none.
        responses: Status code to media type to schema name; ``None`` for a body that is not JSON.
        pointer: JSON Pointer to the operation in the contract's document.
    """

    name: str
    method: str
    path: str
    summary: str
    effect: Effect
    parameters: tuple[Parameter, ...]
    body: str | None
    responses: Mapping[int, Mapping[str, str | None]]
    pointer: str

    @property
    def statuses(self) -> frozenset[int]:
        """The declared status codes."""
        return frozenset(self.responses)


def parse_operation(path: str, method: str, spec: Schema) -> Operation:
    """Return an operation of an OpenAPI document.

    Without ``x-effect``, one that is neither GET nor HEAD may ring a phone.
    """
    return Operation(
        name=spec["operationId"],
        method=method.upper(),
        path=path,
        summary=spec.get("summary", spec["operationId"]),
        effect=spec.get("x-effect", "reads" if method.upper() in SAFE_METHODS else "rings"),
        parameters=tuple(
            Parameter(
                name=parameter["name"],
                location=parameter["in"],
                required=parameter.get("required", False),
                schema=parameter["schema"],
            )
            for parameter in spec.get("parameters", ())
        ),
        body=next((name for _, name in _media(spec.get("requestBody", {})) if name), None),
        responses={int(status): dict(_media(response)) for status, response in spec["responses"].items()},
        pointer=f"/paths/{escape(path)}/{method}",
    )


def _media(body: Schema) -> Iterator[tuple[str, str | None]]:
    for media_type, content in body.get("content", {}).items():
        reference = content.get("schema", {}).get("$ref")
        yield media_type, reference.rpartition("/")[2] if reference else None


def matches_path(template: str, path: str) -> bool:
    """Return whether a URL path is that of an operation, in which ``{name}`` stands for one segment."""
    wanted, given = template.strip("/").split("/"), path.strip("/").split("/")
    return len(wanted) == len(given) and all(
        want == has or (want.startswith("{") and bool(has)) for want, has in zip(wanted, given, strict=True)
    )
