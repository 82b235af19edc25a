"""Faults of HTTP itself: slow, broken off, cut, wrongly measured, compressed, endless or no HTTP at all."""

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator
from email.utils import formatdate
from functools import cache
from http import HTTPStatus
from random import Random

from vocode_contract.http.message import Response
from vocode_contract.simulator.faults.fault import ALL, JSON_ANSWERS, Fault, Script, Step

#: Seconds and bytes after which every script ends by itself, inclusive.
LONGEST = 10.0
MOST = 67_108_864

_MIB = 1_048_576
#: Size of what the compressed bomb unpacks to, in MiB.
_BOMB = 256
_DRIP = 0.1
_CHUNK = b" " * 65_536
#: Seconds for a client to read what came before the connection is broken off.
_GLIMPSE = 0.05


def bounded(steps: Iterable[Step]) -> Iterator[Step]:
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


def _head(response: Response, *headers: tuple[str, str]) -> bytes:
    """Write status line and headers of a response after which the connection is closed."""
    known = {status.value for status in HTTPStatus}
    phrase = HTTPStatus(response.status).phrase if response.status in known else ""
    fields = (*response.headers, *headers, ("date", formatdate(usegmt=True)), ("connection", "close"))
    lines = [f"HTTP/1.1 {response.status} {phrase}", *(f"{name}: {value}" for name, value in fields), "", ""]
    return "\r\n".join(lines).encode("latin-1", "replace")


def _measured(response: Response, length: int | None = None) -> bytes:
    """Write the head with a Content-Length, the right one unless given."""
    return _head(response, ("content-length", str(len(response.body) if length is None else length)))


def whole(response: Response) -> bytes:
    """Write a whole answer as it should be."""
    return _measured(response) + response.body


def _delayed(seconds: Callable[[Random], float]) -> Script:
    def script(response: Response, chance: Random) -> Iterable[Step]:
        return min(LONGEST, seconds(chance)), whole(response)

    return script


def _reset_in_body(response: Response) -> Iterable[Step]:
    half = len(response.body) // 2
    return _measured(response) + response.body[:half], _GLIMPSE, "reset"


def _two_lengths(response: Response) -> Iterable[Step]:
    length = len(response.body)
    yield _head(response, ("content-length", str(length)), ("content-length", str(length + 7))) + response.body


def _chunks(response: Response, *headers: tuple[str, str]) -> bytes:
    """Write a response in one chunk, without the last empty one."""
    head = _head(response, *headers, ("transfer-encoding", "chunked"))
    return head + f"{len(response.body):x}\r\n".encode() + response.body + b"\r\n"


def _length_and_chunks(response: Response) -> Iterable[Step]:
    yield _chunks(response, ("content-length", str(len(response.body)))) + b"0\r\n\r\n"


def _bad_chunk(response: Response) -> Iterable[Step]:
    yield _head(response, ("transfer-encoding", "chunked")) + b"zz\r\n" + response.body + b"\r\n0\r\n\r\n"


def _dripping(data: bytes) -> Iterator[Step]:
    for at in range(len(data)):
        yield data[at : at + 1]
        yield _DRIP


def _dripping_body(response: Response) -> Iterator[Step]:
    yield _measured(response)
    yield from _dripping(response.body)


def _compressed(response: Response, body: bytes, coding: str = "gzip") -> bytes:
    return _head(response, ("content-encoding", coding), ("content-length", str(len(body)))) + body


def _unasked_gzip(response: Response) -> Iterable[Step]:
    yield _compressed(response, gzip.compress(response.body, mtime=0))


def _broken_gzip(response: Response) -> Iterable[Step]:
    yield _compressed(response, gzip.compress(response.body, mtime=0)[:10] + b"\xff" * 40)


def _cut_gzip(response: Response) -> Iterable[Step]:
    packed = gzip.compress(response.body, mtime=0)
    yield _compressed(response, packed[: len(packed) // 2])


def _unknown_coding(response: Response) -> Iterable[Step]:
    yield _compressed(response, response.body, "x-simulator")


def _bomb(response: Response) -> Iterable[Step]:
    """Pack a response behind 256 MiB of spaces, which JSON allows, into a quarter of a MiB."""
    last = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = last.compress(response.body) + last.flush()
    block, checksum = _spaces()
    size = _BOMB * _MIB + len(response.body)
    trailer = zlib.crc32(response.body, checksum).to_bytes(4, "little") + (size % 2**32).to_bytes(4, "little")
    head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    yield _compressed(response, head + block * _BOMB + packed + trailer)


@cache
def _spaces() -> tuple[bytes, int]:
    """Return a MiB of spaces, packed so that it may be repeated, and the checksum of all of them."""
    spaces = b" " * _MIB
    packing = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packing.compress(spaces) + packing.flush(zlib.Z_FULL_FLUSH)
    checksum = 0
    for _ in range(_BOMB):
        checksum = zlib.crc32(spaces, checksum)
    return block, checksum


def _endless_body(response: Response) -> Iterator[Step]:
    yield _head(response)
    while True:
        yield _CHUNK


def _endless_head(response: Response) -> Iterator[Step]:
    yield f"HTTP/1.1 {response.status} OK\r\n".encode()
    while True:
        yield b"x-padding: " + b"0" * 1_000 + b"\r\n"


def _wide_header(response: Response) -> Iterable[Step]:
    yield _head(response, ("x-padding", "0" * 300_000), ("content-length", str(len(response.body)))) + response.body


def _flood(_response: Response) -> Iterator[Step]:
    while True:
        yield b"HTTP/1.1 100 Continue\r\n\r\n" * 100


def _status_in_words(response: Response) -> Iterable[Step]:
    yield b"HTTP/1.1 abc OK\r\n" + _measured(response).partition(b"\r\n")[2] + response.body


def _lost(response: Response) -> Iterable[Step]:
    """Break the connection off once the deed is done; what was refused is answered."""
    return ("reset",) if response.status == 200 else (whole(response),)


def _wire(
    name: str,
    title: str,
    broken: str,
    steps: Callable[[Response], Iterable[Step]],
    *,
    operations: tuple[str, ...] = ALL,
) -> Fault:
    return Fault(
        name=name, title=title, breaks=(broken,), operations=operations, script=lambda response, _: steps(response)
    )


def _slow(name: str, title: str, seconds: Callable[[Random], float]) -> Fault:
    return Fault(name=name, title=title, breaks=("slow",), operations=ALL, script=_delayed(seconds))


WIRE = (
    _slow("delay-fixed", "answers take a second", lambda _: 1.0),
    _slow("delay-uniform", "answers take up to two seconds, all times alike", lambda chance: chance.uniform(0.0, 2.0)),
    _slow(
        "delay-long-tail",
        "answers take 0.1 s in the median, and now and then many seconds",
        lambda chance: 0.1 * chance.lognormvariate(0.0, 1.5),
    ),
    _wire("no-answer", "the connection stays silent for ten seconds", "timeout-read", lambda _: (LONGEST,)),
    _wire("reset-before-answer", "the connection is reset before an answer", "closed", lambda _: ("reset",)),
    _wire("closed-before-answer", "the connection is closed before an answer", "closed", lambda _: ()),
    _wire(
        "create-answer-lost",
        "Create Call places the call, and the answer is lost",
        "closed",
        _lost,
        operations=("create_call",),
    ),
    _wire(
        "end-answer-lost", "End Call ends the call, and the answer is lost", "closed", _lost, operations=("end_call",)
    ),
    _wire("reset-in-body", "the connection is reset in the middle of the body", "truncated", _reset_in_body),
    _wire(
        "truncated",
        "Content-Length promises a hundred bytes more than come",
        "truncated",
        lambda response: (_measured(response, len(response.body) + 100) + response.body,),
    ),
    _wire(
        "length-too-small",
        "Content-Length is half of what comes",
        "json-syntax",
        lambda response: (_measured(response, len(response.body) // 2) + response.body,),
        operations=JSON_ANSWERS,
    ),
    _wire("two-lengths", "two Content-Lengths differ", "protocol", _two_lengths),
    _wire("length-and-chunks", "there are Content-Length and Transfer-Encoding", "framing", _length_and_chunks),
    _wire("bad-chunk", "the size of a chunk is no number", "protocol", _bad_chunk),
    _wire("cut-chunks", "the last chunk is missing", "truncated", lambda response: (_chunks(response),)),
    _wire(
        "drip-head",
        "the head comes a byte at a time, ten in a second",
        "timeout-total",
        lambda response: _dripping(whole(response)),
    ),
    _wire("drip-body", "the body comes a byte at a time, ten in a second", "timeout-total", _dripping_body),
    _wire("unasked-gzip", "the body is compressed though nobody asked", "encoding-unasked", _unasked_gzip),
    _wire("broken-gzip", "the body is called gzip and cannot be unpacked", "encoding-unasked", _broken_gzip),
    _wire("cut-gzip", "half of a compressed body is missing", "encoding-unasked", _cut_gzip),
    _wire("unknown-coding", "the body is in a coding that nobody knows", "encoding-unasked", _unknown_coding),
    _wire("gzip-bomb", "the body unpacks to 256 MiB", "encoding-unasked", _bomb),
    _wire("endless-body", "the body does not end", "too-large", _endless_body),
    _wire("endless-head", "the head does not end", "protocol", _endless_head),
    _wire("wide-header", "a header has 300 kB", "protocol", _wide_header),
    _wire("continue-flood", "100 Continue comes over and over", "timeout-total", _flood),
    _wire(
        "not-http", "another protocol answers", "protocol", lambda _: (b"SSH-2.0-Simulator\r\n\x00\x01\x02\r\n\r\n",)
    ),
    _wire("no-head", "the body comes without a head, as in HTTP/0.9", "protocol", lambda response: (response.body,)),
    _wire("status-in-words", 'the status code is "abc"', "protocol", _status_in_words),
)
