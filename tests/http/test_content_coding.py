"""A content coding is undone within bounds, and refused where that cannot be done."""

import gzip
import zlib

import pytest

from vocode_contract.http.content_coding import Undecodable, decode

TEXT = b"call" * 1_000
PACKED = {
    "gzip": gzip.compress(TEXT, mtime=0),
    "x-gzip": gzip.compress(TEXT, mtime=0),
    "deflate": zlib.compress(TEXT),
    "deflate without header": zlib.compress(TEXT)[2:-4],
}
each_packed = pytest.mark.parametrize(("name", "body"), PACKED.items(), ids=PACKED)


@each_packed
def test_decode_returns_the_content(name, body):
    assert decode(body, name.partition(" ")[0], len(TEXT)) == TEXT


@pytest.mark.parametrize(("coding", "module"), [("br", "brotli"), ("zstd", "zstandard")])
def test_decode_uses_the_libraries_that_are_installed(coding, module):
    library = pytest.importorskip(module)
    body = library.compress(TEXT)
    assert decode(body, coding, len(TEXT)) == TEXT
    with pytest.raises(Undecodable, match="more than 99 bytes"):
        decode(body, coding, 99)
    with pytest.raises(Undecodable, match=f"not valid {coding}"):
        decode(b"\xff" * 40, coding, 99)


@each_packed
def test_decode_stops_at_the_limit(name, body):
    with pytest.raises(Undecodable, match="decompresses to more than 99 bytes"):
        decode(body, name.partition(" ")[0], 99)


@pytest.mark.parametrize(
    ("coding", "body", "reason"),
    [
        ("gzip, gzip", gzip.compress(gzip.compress(TEXT, mtime=0)), "several content codings"),
        ("x-odd", TEXT, "an unknown coding"),
        ("gzip", TEXT, "not valid gzip"),
        ("gzip", gzip.compress(TEXT, mtime=0)[:-9], "not one complete gzip stream"),
        ("gzip", gzip.compress(TEXT, mtime=0) * 2, "not one complete gzip stream"),
        ("deflate", b"\xff" * 9, "not valid deflate"),
    ],
    ids=["twice", "unknown", "damaged", "cut", "two members", "damaged deflate"],
)
def test_decode_refuses_what_it_cannot_undo(coding, body, reason):
    with pytest.raises(Undecodable, match=reason):
        decode(body, coding, 10_000)
