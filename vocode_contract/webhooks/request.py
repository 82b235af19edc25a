"""The raw bytes and header fields of a delivery, in whatever form a web framework passes them."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Protocol, TypeAlias

from vocode_contract.contract.model import DEFAULT_PROFILE, Contract, resolve_contract
from vocode_contract.errors import InvalidOption
from vocode_contract.validation.codes import default_level
from vocode_contract.validation.json_value import Limits
from vocode_contract.validation.validator import Validator
from vocode_contract.validation.violation import Violation

Body: TypeAlias = bytes | bytearray | memoryview
Text: TypeAlias = str | bytes


class HeaderFields(Protocol):
    """Header fields that are not a `Mapping`, such as `email.message.Message` of http.server."""

    def items(self) -> Iterable[tuple[Any, Any]]:
        """Return names and values."""
        ...


#: A mapping, or pairs as ASGI and WSGI servers have them; a value may be a list of values.
Headers: TypeAlias = (
    Mapping[str, Text | Iterable[Text]] | Mapping[bytes, Text] | HeaderFields | Iterable[tuple[Text, Text]] | None
)


def raw(body: Body) -> bytes:
    """Return the body as bytes.

    Raises:
        InvalidOption: It is text or a parsed value, so the bytes that were signed are lost.
    """
    if type(body) is bytes:
        return body
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body)
    raise InvalidOption("body", f"must be raw bytes, not {type(body).__name__}: take them before anything parses them")


def read_headers(headers: Headers) -> Mapping[bytes, bytes]:
    """Return the header fields by lower-case name, the values of a repeated field joined by ``", "``.

    Source: RFC 9110 section 5.3.

    Raises:
        InvalidOption: They are neither a mapping nor pairs, or a name is not text. No value is refused.
    """
    fields: dict[bytes, bytes] = {}
    for key, value in _pairs(headers):
        name = octets(key).lower()
        for one in _values(value):
            fields[name] = b", ".join((fields[name], one)) if name in fields else one
    return fields


def _pairs(headers: object) -> Iterable[tuple[Text, Any]]:
    if headers is None:
        return ()
    items = getattr(headers, "items", None)
    given = items() if callable(items) else headers
    pairs = tuple(given) if isinstance(given, Iterable) else (given,)
    if not all(map(_is_pair, pairs)):  # also refuses text, which is iterable
        raise InvalidOption("headers", f"must be a mapping or pairs, not {type(headers).__name__}")
    return pairs


def _is_pair(item: object) -> bool:
    return isinstance(item, tuple | list) and len(item) == 2 and isinstance(item[0], str | bytes)


def _values(value: object) -> Iterator[bytes]:
    """Yield the values of a field as bytes; other objects, such as `email.header.Header`, as their text."""
    if value is None or isinstance(value, str | bytes) or not isinstance(value, Iterable):
        value = () if value is None else (value,)
    for one in value:
        yield octets(one if isinstance(one, str | bytes) else str(one))


def octets(text: Text) -> bytes:
    """Return text as bytes; every `str` is accepted, surrogates too, because no header may raise."""
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


@lru_cache(maxsize=64)
def validator(name: str, contract: str | Contract | None, profile: str | None, limits: Limits) -> Validator:
    """Return the validator of a schema; a date is read under the profile ``tolerant`` by default.

    Raises:
        ContractError: There is no such contract, profile or schema.
    """
    return Validator(resolve_contract(contract, profile, default="tolerant"), name, limits=limits)


def report(
    code: str, contract: Contract | None = None, *, expected: str, actual: str, pointer: str = "", note: str = ""
) -> Iterator[Violation]:
    """Yield a violation, unless its code is off under the contract's profile."""
    level = default_level(code, contract.profile if contract else DEFAULT_PROFILE)
    if level != "off":
        yield Violation(
            instance_pointer=pointer,
            code=code,
            severity=level,
            expected=expected,
            actual=actual,
            contract=contract.date if contract else "",
            note=note,
        )


def header_violations(fields: Mapping[bytes, bytes], contract: Contract) -> Iterator[Violation]:
    """Yield the violations of the header fields that describe the body."""
    media_type = fields.get(b"content-type")
    if media_type is not None and media_type.partition(b";")[0].strip().lower() != b"application/json":
        yield from report("delivery-content-type", contract, expected="application/json", actual="another media type")
    coding = fields.get(b"content-encoding")
    if coding is not None and coding.strip().lower() not in (b"", b"identity"):
        yield from report("delivery-content-coding", contract, expected="no content coding", actual="one")
