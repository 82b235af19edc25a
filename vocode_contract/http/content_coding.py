"""Undo the content coding of a body within a size limit, since a kilobyte can decompress to gigabytes."""

import zlib
from collections.abc import Callable, Mapping
from importlib import import_module

#: A stream of zlib or gzip, and one without a header, which some servers send for deflate.
_WITH_HEADER, _BARE = zlib.MAX_WBITS | 32, -zlib.MAX_WBITS


class Undecodable(Exception):
    """The coding of a body cannot be undone; the text is a phrase that describes the body."""


def decode(body: bytes, coding: str, most: int) -> bytes:
    """Return the content of a body.

    Args:
        body: Raw bytes.
        coding: Its content codings in lower case, with commas between them.
        most: Maximum size of the content in bytes.

    Raises:
        Undecodable: There are several codings, one that is not known, damaged data, or too much of it.

    Source: RFC 9110, section 8.4.1.
    """
    undo = DECODERS.get(coding)
    if undo is None:
        raise Undecodable("a body with several content codings" if "," in coding else "a body with an unknown coding")
    try:
        content, is_whole = undo(body, most)
    except ImportError:
        raise Undecodable(f"a body with the coding {coding}, for which no library is installed") from None
    except (zlib.error, ValueError):
        raise Undecodable(f"a body that is not valid {coding}") from None
    if len(content) > most:
        raise Undecodable(f"a body that decompresses to more than {most} bytes")
    if not is_whole:
        raise Undecodable(f"a body that is not one complete {coding} stream")
    return content


def _inflate(body: bytes, most: int, bits: int = _WITH_HEADER) -> tuple[bytes, bool]:
    decoder = zlib.decompressobj(bits)
    content = decoder.decompress(body, most + 1)
    return content, decoder.eof and not decoder.unused_data


def _inflate_deflate(body: bytes, most: int) -> tuple[bytes, bool]:
    try:
        return _inflate(body, most)
    except zlib.error:
        return _inflate(body, most, _BARE)


def _inflate_brotli(body: bytes, most: int) -> tuple[bytes, bool]:
    brotli = import_module("brotli")
    decoder = brotli.Decompressor()
    try:
        content: bytes = decoder.process(body, output_buffer_limit=most + 1)
    except brotli.error as error:
        raise ValueError from error
    except TypeError:  # before version 1.2 it has no limit
        raise ImportError from None
    return content, decoder.is_finished()


def _inflate_zstandard(body: bytes, most: int) -> tuple[bytes, bool]:
    zstandard = import_module("zstandard")
    try:
        content: bytes = zstandard.ZstdDecompressor().stream_reader(body).read(most + 1)
    except zstandard.ZstdError as error:
        raise ValueError from error
    return content, True


#: Content coding -> function that returns at most one byte more than allowed, and whether the data is complete.
DECODERS: Mapping[str, Callable[[bytes, int], tuple[bytes, bool]]] = {
    "gzip": _inflate,
    "x-gzip": _inflate,
    "deflate": _inflate_deflate,
    "br": _inflate_brotli,
    "zstd": _inflate_zstandard,
}
