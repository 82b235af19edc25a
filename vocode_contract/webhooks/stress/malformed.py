"""Deliveries that no receiver should accept: malformed, forged and oversized ones, each made from a valid one."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from vocode_contract.webhooks import signature_of
from vocode_contract.webhooks.signature import HEADER, SecretText

Content: TypeAlias = dict[str, Any]

#: The response of a correct receiver. ``accept``: 2xx. ``refuse``: 4xx, or 2xx if it is lenient. ``reject``: 4xx in any
#: case. ``limit``: 4xx or a closed connection. ``either``: 2xx or 4xx.
Wanted: TypeAlias = Literal["accept", "refuse", "reject", "either", "limit"]

#: Size in bytes that no real delivery has.
OVERSIZE = 9_437_184


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """An invalid or unusual delivery.

    Attributes:
        name: What is unusual about it, such as ``no-call-id``.
        kind: ``malformed``, ``forged`` or ``oversized``.
        headers: In addition to the media type.
    """

    name: str
    kind: str
    wanted: Wanted
    body: bytes = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)


def _write(content: object) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()


def _without(key: str) -> Callable[[Content], bytes]:
    return lambda content: _write({name: value for name, value in content.items() if name != key})


def _with(key: str, value: object) -> Callable[[Content], bytes]:
    return lambda content: _write(content | {key: value})


def _append(member: bytes) -> Callable[[Content], bytes]:
    return lambda content: _write(content)[:-1] + b"," + member + b"}"


_BODIES: Mapping[str, Callable[[Content], bytes]] = {
    "empty": lambda _: b"",
    "not-json": lambda _: b"\xf0not json",
    "cut-json": lambda content: _write(content)[:-7],
    "array": lambda content: _write([content]),
    "null": lambda _: b"null",
    "text": lambda _: b'"event"',
    "deep": _append(b'"payload":' + b'{"a":' * 2_000 + b"1" + b"}" * 2_000),
    "no-call-id": _without("call_id"),
    "call-id-null": _with("call_id", None),
    "call-id-number": _with("call_id", 17),
    "call-id-object": _with("call_id", {"id": "x"}),
    "payload-text": _with("payload", "text"),
    "payload-array": _with("payload", [1]),
}
_EVENT_BODIES: Mapping[str, Callable[[Content], bytes]] = {
    **_BODIES,
    "no-type": _without("type"),
    "type-null": _with("type", None),
    "type-object": _with("type", {}),
}
_ACTION_BODIES: Mapping[str, Callable[[Content], bytes]] = {**_BODIES, "no-payload": _without("payload")}
#: Newer than the contract, or in a spelling that some parsers accept and some refuse.
_UNUSUAL_BODIES: Mapping[str, Callable[[Content], bytes]] = {
    "unknown-type": _with("type", "event_unheard_of"),
    "payload-null": _with("payload", None),
    "another-key": _with("sent_at", "2023-11-30T00:00:00Z"),
    "nan": _with("payload", {"number": float("nan")}),
    "lone-surrogate": _append(rb'"note":"\ud83d"'),
    "twice-a-key": _append(b'"type":"event_message"'),
    "byte-order-mark": lambda content: b"\xef\xbb\xbf" + _write(content),
}


def _make_malformed(
    bodies: Mapping[str, Callable[[Content], bytes]], wanted: Wanted, content: Content
) -> Iterator[Odd]:
    for name, make in bodies.items():
        yield Odd(name=name, kind="malformed", wanted=wanted, body=make(content))


def _make_oversized(content: Content) -> Odd:
    body = _write(content | {"payload": {"text": "x" * OVERSIZE}})
    return Odd(name="oversized", kind="oversized", wanted="limit", body=body)


def odd_events(content: Content) -> Iterator[Odd]:
    """Yield the invalid and unusual deliveries made from a valid event."""
    yield from _make_malformed(_EVENT_BODIES, "refuse", content)
    yield from _make_malformed(_UNUSUAL_BODIES, "either", content)
    yield _make_oversized(content)


def odd_actions(content: Content, secret: SecretText) -> Iterator[Odd]:
    """Yield the invalid deliveries made from a valid action; all but the forged ones have a valid signature."""
    for odd in _make_malformed(_ACTION_BODIES, "refuse", content):
        yield _sign(odd, secret)
    yield from _make_forged(json.dumps(content).encode(), secret)
    yield _sign(_make_oversized(content), secret)


def _sign(odd: Odd, secret: SecretText) -> Odd:
    return replace(odd, headers=((HEADER, signature_of(odd.body, secret)),))


def _make_forged(body: bytes, secret: SecretText) -> Iterator[Odd]:
    valid = signature_of(body, secret)
    signatures = {
        "no-signature": None,
        "empty-signature": "",
        "other-secret": signature_of(body, b64encode(bytes(32)).decode()),
        "other-body": valid,
        "cut-signature": valid[:-5],
        "lower-case-signature": valid.swapcase(),
        "signature-of-nothing": signature_of(b"", secret),
        "not-ascii-signature": "é" * 22,
        "long-signature": "A" * 4_000,
    }
    for name, signature in signatures.items():
        forged = body[:-1] + b" }" if name == "other-body" else body
        headers = () if signature is None else ((HEADER, signature),)
        yield Odd(name=name, kind="forged", wanted="reject", body=forged, headers=headers)
