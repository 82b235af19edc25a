"""What no receiver should take: malformed, forged and oversized deliveries, each made from a good one."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from vocode_contract.webhooks import signature_of
from vocode_contract.webhooks.signature import HEADER, SecretText

Content: TypeAlias = dict[str, Any]

#: ``take``: answer 2xx. ``refuse``: 4xx. ``reject``: 4xx whatever the policy, for it is forged. ``bear``: either.
Wanted: TypeAlias = Literal["take", "refuse", "reject", "bear", "limit"]

#: Bytes beyond what any delivery has; receivers are advised to have a limit.
OVERSIZE = 9_437_184


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """A delivery that is not as it should be.

    Attributes:
        name: What is odd about it, such as ``no-call-id``.
        kind: ``malformed``, ``forged`` or ``oversized``.
        wanted: What a sound receiver does.
        body: Raw bytes.
        headers: Beside the media type.
    """

    name: str
    kind: str
    wanted: Wanted
    body: bytes = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)


def _written(content: object) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()


def _without(key: str) -> Callable[[Content], bytes]:
    return lambda content: _written({name: value for name, value in content.items() if name != key})


def _with(key: str, value: object) -> Callable[[Content], bytes]:
    return lambda content: _written(content | {key: value})


#: Of events and of actions.
_BODIES: Mapping[str, Callable[[Content], bytes]] = {
    "empty": lambda _: b"",
    "not-json": lambda _: b"\xf0not json",
    "cut-json": lambda content: _written(content)[:-7],
    "array": lambda content: _written([content]),
    "null": lambda _: b"null",
    "text": lambda _: b'"event"',
    "deep": lambda content: _written(content)[:-1] + b',"payload":' + b'{"a":' * 2_000 + b"1" + b"}" * 2_001,
    "no-call-id": _without("call_id"),
    "call-id-null": _with("call_id", None),
    "call-id-number": _with("call_id", 17),
    "call-id-object": _with("call_id", {"id": "x"}),
    "payload-text": _with("payload", "text"),
    "payload-array": _with("payload", [1]),
}
_OF_EVENTS: Mapping[str, Callable[[Content], bytes]] = {
    "no-type": _without("type"),
    "type-null": _with("type", None),
    "type-object": _with("type", {}),
}
_OF_ACTIONS: Mapping[str, Callable[[Content], bytes]] = {"no-payload": _without("payload")}
#: Newer than the contract, or spelt in a way that some readers know and some refuse.
_BORNE: Mapping[str, Callable[[Content], bytes]] = {
    "unknown-type": _with("type", "event_unheard_of"),
    "payload-null": _with("payload", None),
    "another-key": _with("sent_at", "2023-11-30T00:00:00Z"),
    "nan": _with("payload", {"number": float("nan")}),
    "lone-surrogate": lambda content: _written(content)[:-1] + rb',"note":"\ud83d"}',
    "twice-a-key": lambda content: _written(content)[:-1] + b',"type":"event_message"}',
    "byte-order-mark": lambda content: b"\xef\xbb\xbf" + _written(content),
}


def odd_events(content: Content) -> Iterator[Odd]:
    """Yield what is made of a good event."""
    for name, make in {**_BODIES, **_OF_EVENTS}.items():
        yield Odd(name=name, kind="malformed", wanted="refuse", body=make(content))
    for name, make in _BORNE.items():
        yield Odd(name=name, kind="malformed", wanted="bear", body=make(content))
    yield Odd(name="oversized", kind="oversized", wanted="limit", body=_oversized(content))


def odd_actions(content: Content, secret: SecretText) -> Iterator[Odd]:
    """Yield what is made of a good action, each correctly signed but for the forged ones."""
    for name, make in {**_BODIES, **_OF_ACTIONS}.items():
        yield _signed(Odd(name=name, kind="malformed", wanted="refuse", body=make(content)), secret)
    yield from _forged(json.dumps(content).encode(), secret)
    yield _signed(Odd(name="oversized", kind="oversized", wanted="limit", body=_oversized(content)), secret)


def _signed(odd: Odd, secret: SecretText) -> Odd:
    return replace(odd, headers=((HEADER, signature_of(odd.body, secret)),))


def _forged(body: bytes, secret: SecretText) -> Iterator[Odd]:
    right = signature_of(body, secret)
    other = signature_of(body, b64encode(bytes(32)).decode())
    signatures = {
        "no-signature": None,
        "empty-signature": "",
        "other-secret": other,
        "other-body": right,
        "cut-signature": right[:-5],
        "lower-case-signature": right.swapcase(),
        "signature-of-nothing": signature_of(b"", secret),
        "not-ascii-signature": "é" * 22,
        "long-signature": "A" * 4_000,
    }
    for name, signature in signatures.items():
        forged = body[:-1] + b" }" if name == "other-body" else body
        headers = () if signature is None else ((HEADER, signature),)
        yield Odd(name=name, kind="forged", wanted="reject", body=forged, headers=headers)


def _oversized(content: Content) -> bytes:
    return _written(content | {"payload": {"text": "x" * OVERSIZE}})
