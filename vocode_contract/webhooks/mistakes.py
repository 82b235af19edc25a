"""The mistakes that make a signature fail, and what secret, header and body were before each was made."""

import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from vocode_contract.validation.json_text import read
from vocode_contract.validation.json_value import DEFAULT_LIMITS, Unreadable
from vocode_contract.webhooks.serializers import spellings
from vocode_contract.webhooks.signature import LEAST_KEY


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """What there is to say of a mistake.

    Attributes:
        sentence: The mistake, as a sentence.
        remedy: What to do.
    """

    sentence: str
    remedy: str


_RAW_REMEDY = "Verify over the raw bytes, taken before anything parses them."
_AS_GIVEN = "Give the action's signature_secret unchanged."
_HEADER_REMEDY = "Take the header's value unchanged: 44 characters of base64."

#: Code to mistake.
MISTAKES: Mapping[str, Mistake] = {
    "secret-empty": Mistake(
        sentence="The secret is empty.", remedy="Look where it is read from: a variable that is not set?"
    ),
    "secret-short": Mistake(
        sentence=f"The secret decodes to fewer than {LEAST_KEY} bytes.", remedy="Use the one that the API gave."
    ),
    "secret-whitespace": Mistake(
        sentence="There are blanks, line breaks or quotes around the secret.",
        remedy="Strip them where the secret is read: a file's last newline, a quoted variable.",
    ),
    "secret-urlsafe": Mistake(
        sentence="The secret is in URL-safe base64.", remedy="Write - as + and _ as /, or see what rewrote it."
    ),
    "secret-padding": Mistake(
        sentence="The secret lacks its trailing = signs.", remedy="See what cut them: a parser of NAME=VALUE?"
    ),
    "secret-not-base64": Mistake(sentence="The secret is not base64.", remedy=_AS_GIVEN),
    "secret-undecoded": Mistake(
        sentence="The signature was made with the secret's text as key.",
        remedy="Base64-decode the secret first; its bytes are the key.",
    ),
    "secret-hex": Mistake(
        sentence="The signature was made with the secret read as hexadecimal.",
        remedy="Base64-decode the secret; its bytes are the key.",
    ),
    "header-missing": Mistake(
        sentence="The header x-vocode-signature is missing.",
        remedy="See whether the action has a signature_secret and whether a proxy drops the header. "
        "Events are never signed.",
    ),
    "header-repeated": Mistake(
        sentence="The header came more than once.", remedy="See what adds it a second time: a proxy, a test client?"
    ),
    "header-whitespace": Mistake(sentence="There are blanks or line breaks in the header.", remedy=_HEADER_REMEDY),
    "header-quotes": Mistake(
        sentence="The header is quoted, or written as Python writes bytes.", remedy=_HEADER_REMEDY
    ),
    "header-prefix": Mistake(
        sentence="The header has a prefix, as other providers' have.", remedy="This provider's has none."
    ),
    "header-hex": Mistake(
        sentence="The header is in hexadecimal.", remedy="Write the digest in base64: digest(), not hexdigest()."
    ),
    "header-urlsafe": Mistake(
        sentence="The header is in URL-safe base64.", remedy="Write the digest in standard base64, with + and /."
    ),
    "header-padding": Mistake(sentence="The header lacks its trailing = sign.", remedy=_HEADER_REMEDY),
    "header-not-base64": Mistake(sentence="The header is not base64.", remedy=_HEADER_REMEDY),
    "digest-sha1": Mistake(sentence="The digest has the length of SHA-1's.", remedy="Use HMAC-SHA256."),
    "digest-sha384": Mistake(sentence="The digest has the length of SHA-384's.", remedy="Use HMAC-SHA256."),
    "digest-sha512": Mistake(sentence="The digest has the length of SHA-512's.", remedy="Use HMAC-SHA256."),
    "digest-length": Mistake(sentence="The digest has not the 32 bytes of SHA-256.", remedy=_HEADER_REMEDY),
    "digest-unkeyed": Mistake(
        sentence="The signature is the body's SHA-256 without a key.", remedy="Use HMAC with the decoded secret."
    ),
    "body-newline-added": Mistake(
        sentence="Blanks or line breaks around the body were not signed.",
        remedy=f"{_RAW_REMEDY} curl -d @file and editors change line breaks: use --data-binary.",
    ),
    "body-newline-stripped": Mistake(
        sentence="The body was signed with a line break at its end, which is gone.", remedy=_RAW_REMEDY
    ),
    "body-line-breaks": Mistake(
        sentence="The body's line breaks were translated between LF and CR LF.",
        remedy=f"{_RAW_REMEDY} Open files in binary mode.",
    ),
    "body-bom": Mistake(sentence="A byte order mark was put before the body.", remedy=_RAW_REMEDY),
    "body-transcoded": Mistake(
        sentence="The body was decoded and encoded again with another character set than UTF-8.", remedy=_RAW_REMEDY
    ),
    "body-base64": Mistake(
        sentence="The body is still in base64.",
        remedy="Decode it first: AWS Lambda says so by isBase64Encoded.",
    ),
    "body-reserialised": Mistake(
        sentence="The body was parsed and written again, which changed its bytes.", remedy=_RAW_REMEDY
    ),
    "body-empty": Mistake(
        sentence="The body is empty.", remedy="Something read the stream before: read it once and keep the bytes."
    ),
    "body-not-json": Mistake(
        sentence="The body is no JSON, so it is not what was signed.", remedy=f"{_RAW_REMEDY} Undo content codings."
    ),
    "key-wrong": Mistake(
        sentence="The body is written as the provider writes it, but no secret here made this signature.",
        remedy="See whether the secret is this action's, and whether it was rotated; or else header and body "
        "belong to two requests.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What something may have been, if certain mistakes were made.

    Attributes:
        value: A key, a digest or a body; not shown.
        mistakes: Codes; empty for what is there.
    """

    value: bytes
    mistakes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Reading(mistakes={self.mistakes!r})"


def _decoded(text: str) -> bytes | None:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return None


def _padded(text: str) -> str:
    return text + "=" * (-len(text) % 4)


_URLSAFE = str.maketrans("-_", "+/")

#: Repairs of base64, in this order, with the mistake that each undoes; a later one builds on the earlier.
_REPAIRS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("whitespace", lambda text: re.sub(r"[\r\n]", "", text).strip()),
    ("quotes", lambda text: text.removeprefix("b").strip("'\"") if text[-1:] in ("'", '"') else text),
    ("urlsafe", lambda text: text.translate(_URLSAFE)),
    ("padding", _padded),
)


def _repaired(text: str, noun: str) -> tuple[bytes | None, tuple[str, ...]]:
    """Decode base64 after as few repairs as it takes, and say which mistakes they undo."""
    made: list[str] = []
    for name, repair in _REPAIRS:
        if (key := _decoded(text)) is not None:
            return key, tuple(made)
        if repair(text) != text:
            text = repair(text)
            made.append(f"{noun}-{name}")
    return _decoded(text), tuple(made)


def secret_mistakes(text: str) -> tuple[str, ...]:
    """Return the mistakes that a secret shows by itself."""
    if not text:
        return ("secret-empty",)
    key, made = _repaired(text, "secret")
    if key is None:
        return ("secret-not-base64",)
    short = ("secret-short",) if len(key) < LEAST_KEY else ()
    return (*dict.fromkeys(_SAME.get(code, code) for code in made), *short)


#: Blanks and quotes around a secret come from where it is read: one mistake.
_SAME = {"secret-quotes": "secret-whitespace"}


def secret_readings(text: str) -> Iterator[Reading]:
    """Yield the keys that a secret may have been taken for, the right one first."""
    key, made = _repaired(text, "secret")
    if key is not None:
        yield Reading(value=key, mistakes=tuple(dict.fromkeys(_SAME.get(code, code) for code in made)))
    yield Reading(value=text.encode("utf-8", "surrogatepass"), mistakes=("secret-undecoded",))
    if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", text):
        yield Reading(value=bytes.fromhex(text), mistakes=("secret-hex",))


_PREFIX = re.compile(r"(?:(?:hmac-?)?sha-?[0-9]+|v[0-9]+)[=:,]\s*", re.IGNORECASE)
_HEX = re.compile(r"(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128})")


def header_readings(header: bytes) -> Iterator[Reading]:
    """Yield the digests that a header may hold; none where it holds no base64, nor hexadecimal."""
    text = header.decode("utf-8", "replace")
    bare = _PREFIX.sub("", text, count=1) if _PREFIX.match(text) else text
    prefix = ("header-prefix",) if bare != text else ()
    parts = [part.strip() for part in bare.split(",") if part.strip()] if "," in bare else [bare]
    repeated = ("header-repeated",) if len(parts) > 1 else ()
    for part in parts:
        if _HEX.fullmatch(part.strip()):
            yield Reading(value=bytes.fromhex(part.strip()), mistakes=(*repeated, *prefix, "header-hex"))
            continue
        digest, made = _repaired(part, "header")
        if digest:
            yield Reading(value=digest, mistakes=(*repeated, *prefix, *made))


_BOM = b"\xef\xbb\xbf"


def _unbroken(body: bytes) -> Iterator[bytes]:
    yield body.replace(b"\r\n", b"\n")
    yield body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _transcoded(body: bytes) -> Iterator[bytes]:
    """Yield the UTF-8 that a body may have been, before it went through another character set."""
    for read_as, written_as in (("utf-8", "latin-1"), ("utf-8", "cp1252"), ("latin-1", "utf-8"), ("utf-16", "utf-8")):
        try:
            yield body.decode(read_as).encode(written_as)
        except UnicodeError:
            continue


def _unwrapped(body: bytes) -> Iterator[bytes]:
    decoded = _decoded(body.decode("ascii", "replace"))
    if decoded:
        yield decoded


def _respelt(body: bytes) -> Iterator[bytes]:
    value = value_of(body)
    if value is not None:
        yield from spellings(value, orders=len(body) <= SMALL)


#: Bytes of a body up to which mistakes are tried together, and all orders of keys: it takes 0.2 seconds.
SMALL = 16_384

_UNDONE: tuple[tuple[str, Callable[[bytes], Iterator[bytes]]], ...] = (
    ("body-newline-added", lambda body: iter((body.strip(), body.rstrip(b"\r\n"), body[:-1]))),
    ("body-newline-stripped", lambda body: iter((body + b"\n", body + b"\r\n"))),
    ("body-bom", lambda body: iter((body.removeprefix(_BOM),))),
    ("body-line-breaks", _unbroken),
    ("body-transcoded", _transcoded),
    ("body-base64", _unwrapped),
    ("body-reserialised", _respelt),
)


def body_readings(body: bytes) -> Iterator[Reading]:
    """Yield what a body may have been when it was signed, each once, the body itself first."""
    seen = {body}
    yield Reading(value=body)
    for code, undone in _UNDONE:
        for before in undone(body):
            if before not in seen:
                seen.add(before)
                yield Reading(value=before, mistakes=(code,))


def value_of(body: bytes) -> object:
    """Return the JSON value of a body, ``None`` where it holds none that may be checked."""
    try:
        return read(body, DEFAULT_LIMITS)
    except Unreadable:
        return None
