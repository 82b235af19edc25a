"""Read the payloads of a shard, whatever the form of its source."""

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, BinaryIO

from vocode_contract.audit.files import Unusable
from vocode_contract.audit.json_items import parse_around, split_items
from vocode_contract.audit.sources import Shard, Source, open_content
from vocode_contract.contract.reading import load_yaml
from vocode_contract.errors import MissingExtra
from vocode_contract.http.content_coding import Undecodable, decode
from vocode_contract.validation.scalars import instant

#: Bytes of JSON Lines that are read at once.
_BLOCK = 1 << 17
#: Maximum bytes of a cassette, which is read as a whole, or of an entry of a HAR file.
MOST_WHOLE = 64 * 1024 * 1024
#: Forms that `read_lines` reads, many payloads at a time.
LISTS = ("lines", "array")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedPayload:
    """One payload.

    Attributes:
        payload: The bytes; of a payload that exceeds the limit, as many as the limit and one more.
        index: Its number in the shard, from 0.
        at: When it was recorded, in seconds since 1970-01-01 UTC; ``None`` if the source does not say.
        may_be_other: Whether it may be a body that has nothing to do with the API, as in recorded traffic.
        is_payload: False for what should contain payloads and cannot be read; it is counted as unreadable.
    """

    payload: bytes = field(repr=False)
    index: int
    at: float | None = None
    may_be_other: bool = False
    is_payload: bool = True


def read_lines(
    source: Source, shard: Shard, most: int, tick: Callable[[int], None] | None = None
) -> Iterator[list[bytes]]:
    """Yield the lines that start in a shard, or the items of an array, many at a time.

    A line or item longer than `most` bytes is cut to one byte more than that.

    Raises:
        Unusable: It cannot be read, or not to its end.
    """
    with open_content(source, tick) as stream:
        if source.form == "array":
            yield from split_items(stream, most)
            return
        length = None if source.coding else shard.end - _seek_line(stream, shard.start)
        yield from _split_lines(stream, length, most)


def _seek_line(stream: BinaryIO, start: int) -> int:
    """Seek the first line that starts at `start` or after it, and return its position."""
    if not start:
        return 0
    position = stream.seek(start - 1)
    while piece := stream.readline(_BLOCK):
        position += len(piece)
        if piece.endswith(b"\n"):
            break
    return position


def _split_lines(stream: BinaryIO, length: int | None, most: int) -> Iterator[list[bytes]]:
    """Yield the lines that start in the next `length` bytes."""
    rest, position = bytearray(), 0  # `rest` is the start of an unfinished line, at most as much as is yielded of it
    while length is None or position < length or rest:
        # `read1`, which all these streams have, returns what precedes damaged data, where `read` only raises.
        block = stream.read1(_BLOCK)  # type: ignore[attr-defined]  # but the type of `open_content` does not say so
        if not block:
            if length is not None and position < length:
                raise Unusable("it became shorter while it was being read")
            break
        if length is not None and position + len(block) >= length:
            last = block.find(b"\n", max(length - position - 1, 0))
            block = block if last < 0 else block[: last + 1]
        position += len(block)
        first, *others = block.split(b"\n")
        rest += first[: most + 1 - len(rest)]
        if others:
            lines, rest = [bytes(rest), *others], bytearray(others[-1][: most + 1])
            del lines[-1]
            yield lines
    if rest:
        yield [bytes(rest)]


def read_items(source: Source, most: int, tick: Callable[[int], None] | None = None) -> Iterator[RecordedPayload]:
    """Yield the payloads of a source that is neither JSON Lines nor an array.

    Raises:
        Unusable: It cannot be read, or not to its end.
        MissingExtra: A library that it needs is not installed.
    """
    with open_content(source, tick) as stream:
        yield from _READERS[source.form](stream, most)


def _read_value(stream: BinaryIO, most: int) -> Iterator[RecordedPayload]:
    yield RecordedPayload(payload=stream.read(most + 1), index=0)


def _read_har(stream: BinaryIO, most: int) -> Iterator[RecordedPayload]:
    """Yield the bodies of a HAR file; an entry takes two indices, so that a place names the request or response.

    Source: HTTP Archive (HAR) 1.2.
    """
    entries = chain.from_iterable(split_items(stream, max(most, MOST_WHOLE), ("log", "entries")))
    for index, data in enumerate(entries):
        try:
            entry = parse_around(data)
        except ValueError:
            yield RecordedPayload(payload=data, index=2 * index, is_payload=False)
            continue
        at = instant(_member(entry, "startedDateTime"))
        bodies = (_member(entry, "request", "postData"), _member(entry, "response", "content"))
        for number, body in enumerate(bodies):
            payload = _har_body(body, most)
            if payload:
                yield RecordedPayload(payload=payload, index=2 * index + number, at=at, may_be_other=True)


def _har_body(body: object, most: int) -> bytes:
    text = _member(body, "text")
    if not isinstance(text, str):
        return b""
    data = text.encode("utf-8", "surrogatepass")
    if _member(body, "encoding") == "base64":
        with suppress(binascii.Error):
            data = base64.b64decode(data)
    return data[: most + 1]


def _read_cassette(stream: BinaryIO, most: int) -> Iterator[RecordedPayload]:
    """Yield the bodies of a cassette of vcrpy or pytest-recording; an interaction takes two indices."""
    data = stream.read(MOST_WHOLE + 1)
    if len(data) > MOST_WHOLE:
        raise Unusable(f"the cassette is larger than {MOST_WHOLE:,} bytes")
    interactions = _member(_load_cassette(data), "interactions")
    left = MOST_WHOLE  # an alias of three bytes repeats a whole interaction
    for index, interaction in enumerate(interactions if isinstance(interactions, list) else ()):
        at = instant(_member(interaction, "recorded_at"))
        for number, half in enumerate(("request", "response")):
            body, headers = _cassette_body(_member(interaction, half)), _member(interaction, half, "headers")
            left -= len(body) + (len(headers) if isinstance(headers, dict) else 0)
            if left < 0:
                raise Unusable("its YAML aliases repeat more than is read")
            if body:
                payload = _decode_body(body, headers, most)
                yield RecordedPayload(payload=payload, index=2 * index + number, at=at, may_be_other=True)


def _load_cassette(data: bytes) -> object:
    try:
        return load_yaml(data)
    except ImportError:
        raise MissingExtra("audit", "reading cassettes") from None
    except ValueError:
        raise Unusable("it is not a cassette: its YAML is invalid, or has too many values") from None


def _cassette_body(half: object) -> bytes:
    body = _member(half, "body")
    text = _member(body, "string") if isinstance(body, dict) else body
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text if isinstance(text, bytes) else b""


def _decode_body(body: bytes, headers: object, most: int) -> bytes:
    coding = _header(headers, "content-encoding")
    if coding and coding != "identity":
        with suppress(Undecodable):
            return decode(body, coding, most)
    return body[: most + 1]


def _header(headers: object, name: str) -> str:
    """Return the first value of a header in lower case; empty if it is absent or no text."""
    for key, value in headers.items() if isinstance(headers, dict) else ():
        if isinstance(key, str) and key.lower() == name:
            first = value[0] if isinstance(value, list) and value else value
            return first.lower() if isinstance(first, str) else ""
    return ""


def _member(value: object, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


_READERS: Mapping[str, Callable[[BinaryIO, int], Iterator[RecordedPayload]]] = {
    "value": _read_value,
    "har": _read_har,
    "cassette": _read_cassette,
}
