"""What came with a delivery: raw bytes and header fields, in whatever form a framework hands them over."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TypeAlias

from vocode_contract.codes import default_level
from vocode_contract.contract import Contract
from vocode_contract.errors import InvalidOption
from vocode_contract.reading import Limits
from vocode_contract.validation import Validator
from vocode_contract.violation import Violation

Body: TypeAlias = bytes | bytearray | memoryview
Text: TypeAlias = str | bytes

#: A mapping, or pairs as ASGI and WSGI servers have them; a value may be a list of values.
Headers: TypeAlias = Mapping[str, Text | Iterable[Text]] | Mapping[bytes, Text] | Iterable[tuple[Text, Text]] | None


def raw(body: Body) -> bytes:
    """Return the body as bytes.

    Raises:
        InvalidOption: It is text or a parsed value: then what was signed and sent is gone.
    """
    if type(body) is bytes:
        return body
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body)
    raise InvalidOption(
        "body", f"raw bytes are wanted, not {type(body).__name__}: take them before anything parses them"
    )


def fields_of(headers: Headers) -> Mapping[bytes, bytes]:
    """Return the header fields by their names in lower case.

    A repeated field gives its values joined by ``", "``, as servers join them.

    Source: RFC 9110 section 5.3.
    """
    fields: dict[bytes, bytes] = {}
    pairs = headers.items() if isinstance(headers, Mapping) else headers or ()
    for key, value in pairs:
        name = octets(key).lower()
        for one in (value,) if isinstance(value, str | bytes) else value or ():
            fields[name] = b", ".join((fields[name], octets(one))) if name in fields else octets(one)
    return fields


def octets(text: Text) -> bytes:
    """Return text as bytes; nothing that a str can hold is refused, for no header may raise."""
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


@lru_cache(maxsize=64)
def validator(name: str, contract: str | None, profile: str, limits: Limits) -> Validator:
    """Return the validator of a shipped contract; the same arguments give the same object.

    Raises:
        ContractError: There is no such contract, profile or schema.
    """
    return Validator(Contract.load(contract, profile=profile), name, limits=limits)


def told(code: str, contract: Contract, *, expected: str, actual: str, note: str = "") -> Iterator[Violation]:
    """Yield a violation about the delivery as a whole, as severe as its code is under the profile."""
    level = default_level(code, contract.profile)
    if level != "off":
        yield Violation(
            instance_pointer="",
            code=code,
            severity=level,
            expected=expected,
            actual=actual,
            contract=contract.date,
            note=note,
        )


def header_violations(fields: Mapping[bytes, bytes], contract: Contract) -> Iterator[Violation]:
    """Yield what is odd about the header fields that describe the body."""
    media_type = fields.get(b"content-type")
    if media_type is not None and media_type.partition(b";")[0].strip().lower() != b"application/json":
        yield from told("delivery-content-type", contract, expected="application/json", actual="another media type")
    coding = fields.get(b"content-encoding")
    if coding is not None and coding.strip().lower() not in (b"", b"identity"):
        yield from told("delivery-content-coding", contract, expected="no content coding", actual="one")


def conforms(violations: Iterable[Violation]) -> bool:
    """Tell whether none of the violations is of severity ``error``."""
    return not any(violation.severity == "error" for violation in violations)
