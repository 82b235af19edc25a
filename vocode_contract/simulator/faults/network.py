"""Faults of HTTP itself: slow, cut off, compressed or endless responses, wrong lengths, or no HTTP at all."""

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from email.utils import formatdate
from functools import cache
from http import HTTPStatus
from itertools import chain, repeat
from random import Random

from vocode_contract.http.message import Response
from vocode_contract.simulator.faults.fault import Script, Step

#: Seconds and bytes after which every script ends by itself, inclusive.
LONGEST = 10.0
MOST = 67_108_864

_MIB = 1_048_576
#: Size to which the gzip bomb unpacks, in MiB.
_BOMB = 256
#: Seconds between two bytes of a slow response.
_DRIP = 0.1
_CHUNK = b" " * 65_536
#: Seconds for a client to read the first half before the connection is reset.
_GLIMPSE = 0.05


def limit_steps(steps: Iterable[Step]) -> Iterator[Step]:
    """Yield steps until they take too long or send too much."""
    sent, waited = 0, 0.0
    for step in steps:
        if isinstance(step, bytes):
            sent += len(step)
        elif isinstance(step, float):
            waited += step
        if sent > MOST or waited > LONGEST:
            return
        yield step


def _write_head(response: Response, *headers: tuple[str, str]) -> bytes:
    """Write the status line and the headers of a response after which the connection is closed."""
    known = {status.value for status in HTTPStatus}
    phrase = HTTPStatus(response.status).phrase if response.status in known else ""
    fields = (*response.headers, *headers, ("date", formatdate(usegmt=True)), ("connection", "close"))
    lines = [f"HTTP/1.1 {response.status} {phrase}", *(f"{name}: {value}" for name, value in fields), "", ""]
    return "\r\n".join(lines).encode("latin-1", "replace")


def _length(value: int) -> tuple[str, str]:
    return "content-length", str(value)


def _write(response: Response, length: int | None = None) -> bytes:
    """Write a response, with a wrong Content-Length if one is given."""
    return _write_head(response, _length(len(response.body) if length is None else length)) + response.body


def _reset_in_body(response: Response) -> Iterable[Step]:
    length = len(response.body)
    return _write_head(response, _length(length)) + response.body[: length // 2], _GLIMPSE, "reset"


def _write_two_lengths(response: Response) -> bytes:
    length = len(response.body)
    return _write_head(response, _length(length), _length(length + 7)) + response.body


def _write_chunks(response: Response, *headers: tuple[str, str]) -> bytes:
    """Write a response in one chunk, without the empty chunk that ends it."""
    head = _write_head(response, *headers, ("transfer-encoding", "chunked"))
    return head + f"{len(response.body):x}\r\n".encode() + response.body + b"\r\n"


def _write_length_and_chunks(response: Response) -> bytes:
    return _write_chunks(response, _length(len(response.body))) + b"0\r\n\r\n"


def _write_bad_chunk(response: Response) -> bytes:
    return _write_head(response, ("transfer-encoding", "chunked")) + b"zz\r\n" + response.body + b"\r\n0\r\n\r\n"


def _drip(data: bytes) -> Iterator[Step]:
    for at in range(len(data)):
        yield data[at : at + 1]
        yield _DRIP


def _drip_body(response: Response) -> Iterator[Step]:
    yield _write_head(response, _length(len(response.body)))
    yield from _drip(response.body)


def _write_compressed(response: Response, body: bytes, coding: str = "gzip") -> bytes:
    return _write_head(response, ("content-encoding", coding), _length(len(body))) + body


def _write_cut_gzip(response: Response) -> bytes:
    packed = gzip.compress(response.body, mtime=0)
    return _write_compressed(response, packed[: len(packed) // 2])


def _write_bomb(response: Response) -> bytes:
    """Compress the body behind 256 MiB of spaces, which JSON allows, to a quarter of a MiB."""
    last = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = last.compress(response.body) + last.flush()
    block, checksum = _compress_spaces()
    size = _BOMB * _MIB + len(response.body)
    trailer = zlib.crc32(response.body, checksum).to_bytes(4, "little") + (size % 2**32).to_bytes(4, "little")
    head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    return _write_compressed(response, head + block * _BOMB + packed + trailer)


@cache
def _compress_spaces() -> tuple[bytes, int]:
    """Return 1 MiB of spaces, compressed so that it can be repeated, and the checksum of all repetitions."""
    spaces = b" " * _MIB
    packing = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packing.compress(spaces) + packing.flush(zlib.Z_FULL_FLUSH)
    checksum = 0
    for _ in range(_BOMB):
        checksum = zlib.crc32(spaces, checksum)
    return block, checksum


def _write_wide_header(response: Response) -> bytes:
    head = _write_head(response, ("x-padding", "0" * 300_000), _length(len(response.body)))
    return head + response.body


def _reset_after_success(response: Response) -> Iterable[Step]:
    """Reset the connection after the request has taken effect; send a refusal as it is."""
    return ("reset",) if response.status == 200 else (_write(response),)


def _script(steps: Callable[[Response], Iterable[Step]]) -> Script:
    return lambda response, _: steps(response)


def _send(write: Callable[[Response], bytes]) -> Script:
    return lambda response, _: (write(response),)


def delay(seconds: Callable[[Random], float]) -> Script:
    """Return a script that sends the response late."""
    return lambda response, random: (min(LONGEST, seconds(random)), _write(response))


NETWORK: Mapping[str, Script] = {
    "delay-fixed": delay(lambda _: 1.0),
    "delay-uniform": delay(lambda random: random.uniform(0.0, 2.0)),
    "delay-long-tail": delay(lambda random: 0.1 * random.lognormvariate(0.0, 1.5)),
    "no-answer": _script(lambda _: (LONGEST,)),
    "reset-before-answer": _script(lambda _: ("reset",)),
    "closed-before-answer": _script(lambda _: ()),
    "create-answer-lost": _script(_reset_after_success),
    "end-answer-lost": _script(_reset_after_success),
    "reset-in-body": _script(_reset_in_body),
    "truncated": _send(lambda response: _write(response, len(response.body) + 100)),
    "length-too-small": _send(lambda response: _write(response, len(response.body) // 2)),
    "two-lengths": _send(_write_two_lengths),
    "length-and-chunks": _send(_write_length_and_chunks),
    "bad-chunk": _send(_write_bad_chunk),
    "cut-chunks": _send(_write_chunks),
    "drip-head": _script(lambda response: _drip(_write(response))),
    "drip-body": _script(_drip_body),
    "unasked-gzip": _send(lambda response: _write_compressed(response, gzip.compress(response.body, mtime=0))),
    "broken-gzip": _send(
        lambda response: _write_compressed(response, gzip.compress(response.body, mtime=0)[:10] + b"\xff" * 40)
    ),
    "cut-gzip": _send(_write_cut_gzip),
    "unknown-coding": _send(lambda response: _write_compressed(response, response.body, "x-simulator")),
    "gzip-bomb": _send(_write_bomb),
    "endless-body": _script(lambda response: chain((_write_head(response),), repeat(_CHUNK))),
    "endless-head": _script(
        lambda response: chain(
            (f"HTTP/1.1 {response.status} OK\r\n".encode(),), repeat(b"x-padding: " + b"0" * 1_000 + b"\r\n")
        )
    ),
    "wide-header": _send(_write_wide_header),
    "continue-flood": _script(lambda _: repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)),
    "not-http": _send(lambda _: b"SSH-2.0-Simulator\r\n\x00\x01\x02\r\n\r\n"),
    "no-head": _send(lambda response: response.body),
    "status-in-words": _send(lambda response: b"HTTP/1.1 abc OK\r\n" + _write(response).partition(b"\r\n")[2]),
}
