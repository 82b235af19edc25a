"""The mistakes that make a signature fail, and what secret, header and body were before each was made."""

import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from vocode_contract.validation.json_text import read
from vocode_contract.validation.json_value import DEFAULT_LIMITS, Unreadable
from vocode_contract.webhooks.serializers import spellings
from vocode_contract.webhooks.signature import LEAST_KEY


class Mistake(NamedTuple):
    """A mistake, in a sentence, and what to do about it."""

    sentence: str
    remedy: str


_RAW = "Verify the raw bytes of the body, before anything parses them."
_SECRET = "Use the action's signature_secret unchanged."  # noqa: S105 - a sentence
_KEY = "Base64-decode the secret and use the bytes as the key."
_HEADER = "Use the value of the header unchanged: 44 characters of base64."
_HMAC = "Use HMAC-SHA256."

#: Code to mistake.
MISTAKES: Mapping[str, Mistake] = {
    "secret-empty": Mistake("The secret is empty.", "Check where it is read from: is the variable set?"),
    "secret-short": Mistake(f"The secret decodes to fewer than {LEAST_KEY} bytes.", "Use the secret from the API."),
    "secret-whitespace": Mistake(
        "The secret has spaces, line breaks or quotes around it.",
        "Strip them where it is read: the last newline of a file, the quotes of a variable.",
    ),
    "secret-urlsafe": Mistake(
        "The secret is in URL-safe base64.", "Replace - with + and _ with /, or find out what changed it."
    ),
    "secret-padding": Mistake(
        "The trailing = signs of the secret are missing.", "Find out what cut them off: a NAME=VALUE parser?"
    ),
    "secret-not-base64": Mistake("The secret is not base64.", _SECRET),
    "secret-undecoded": Mistake("The signature was made with the text of the secret as the key.", _KEY),
    "secret-hex": Mistake("The signature was made with the secret decoded as hexadecimal.", _KEY),
    "header-missing": Mistake(
        "The header x-vocode-signature is missing.",
        "Check that the action has a signature_secret and that no proxy drops the header. Events are never signed.",
    ),
    "header-repeated": Mistake(
        "The header came more than once.", "Find out what adds it a second time: a proxy, a test client?"
    ),
    "header-whitespace": Mistake("The header has spaces or line breaks.", _HEADER),
    "header-quotes": Mistake("The header is quoted, or is the repr of Python bytes.", _HEADER),
    "header-prefix": Mistake("The header has a prefix, as other providers use.", "Remove it; Vocode uses none."),
    "header-hex": Mistake("The header is hexadecimal.", "Encode the digest in base64: digest(), not hexdigest()."),
    "header-hex-in-base64": Mistake(
        "The header is the base64 of the hexadecimal digest.", "Encode the digest itself: digest(), not hexdigest()."
    ),
    "header-urlsafe": Mistake("The header is in URL-safe base64.", "Use standard base64, with + and /."),
    "header-padding": Mistake("The trailing = sign of the header is missing.", _HEADER),
    "header-not-base64": Mistake("The header is not base64.", _HEADER),
    "digest-sha1": Mistake("The digest was made with SHA-1.", _HMAC),
    "digest-sha384": Mistake("The digest was made with SHA-384.", _HMAC),
    "digest-sha512": Mistake("The digest was made with SHA-512.", _HMAC),
    "digest-length": Mistake("The digest does not have the 32 bytes of SHA-256.", _HEADER),
    "digest-unkeyed": Mistake(
        "The signature is the SHA-256 of the body without a key.", "Use HMAC with the decoded secret."
    ),
    "body-newline-added": Mistake(
        "The body has spaces or line breaks around it that were not signed.",
        f"{_RAW} curl -d @file and editors change line breaks: use --data-binary.",
    ),
    "body-newline-stripped": Mistake("The body was signed with a final line break, which is missing now.", _RAW),
    "body-line-breaks": Mistake(
        "The line breaks of the body were translated between LF and CR LF.", f"{_RAW} Open files in binary mode."
    ),
    "body-bom": Mistake("A byte order mark was added before the body.", _RAW),
    "body-transcoded": Mistake("The body was decoded and encoded with a character set other than UTF-8.", _RAW),
    "body-base64": Mistake(
        "The body is still encoded in base64.", "Decode it first: AWS Lambda sets isBase64Encoded for such a body."
    ),
    "body-reserialised": Mistake("The body was parsed and serialised again, which changed its bytes.", _RAW),
    "body-empty": Mistake("The body is empty.", "Something read the stream before: read it once and keep the bytes."),
    "body-not-json": Mistake("The body is not JSON, so it is not what was signed.", f"{_RAW} Undo content codings."),
    "key-wrong": Mistake(
        "The body is exactly as the provider writes it, but no given secret made this signature.",
        "Check that the secret belongs to this action and was not rotated. Otherwise, header and body belong to "
        "different requests.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A key, digest or body as it was before some mistakes were made; its representation does not show it.

    Attributes:
        mistakes: Codes; empty for the value as given.
    """

    value: bytes
    mistakes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Reading(mistakes={self.mistakes!r})"


def _decode(text: str) -> bytes | None:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return None


_URLSAFE = str.maketrans("-_", "+/")

#: Repairs of base64, with the mistake that each undoes; each is made on top of those before it.
_REPAIRS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("whitespace", lambda text: re.sub(r"[\r\n]", "", text).strip()),
    ("quotes", lambda text: text.removeprefix("b").strip("'\"") if text[-1:] in ("'", '"') else text),
    ("urlsafe", lambda text: text.translate(_URLSAFE)),
    ("padding", lambda text: text + "=" * (-len(text) % 4)),
)


def _repair(text: str, noun: str) -> tuple[bytes | None, tuple[str, ...]]:
    """Decode base64 after as few repairs as possible; return the bytes and the mistakes that were undone."""
    made: list[str] = []
    for name, repair in _REPAIRS:
        if (key := _decode(text)) is not None:
            return key, tuple(made)
        if repair(text) != text:
            text = repair(text)
            made.append(f"{noun}-{name}")
    return _decode(text), tuple(made)


def secret_mistakes(text: str) -> tuple[str, ...]:
    """Return the mistakes that can be seen in a secret."""
    if not text:
        return ("secret-empty",)
    key, made = _repair(text, "secret")
    if key is None:
        return ("secret-not-base64",)
    short = ("secret-short",) if len(key) < LEAST_KEY else ()
    return (*dict.fromkeys(_SAME.get(code, code) for code in made), *short)


#: Blanks and quotes around a secret come from where it is read: one mistake.
_SAME = {"secret-quotes": "secret-whitespace"}


def secret_readings(text: str) -> Iterator[Reading]:
    """Yield the keys that may have been made from a secret, the right one first."""
    key, made = _repair(text, "secret")
    if key is not None:
        yield Reading(value=key, mistakes=tuple(dict.fromkeys(_SAME.get(code, code) for code in made)))
    yield Reading(value=text.encode("utf-8", "surrogatepass"), mistakes=("secret-undecoded",))
    if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", text):
        yield Reading(value=bytes.fromhex(text), mistakes=("secret-hex",))


_PREFIX = re.compile(r"(?:(?:hmac-?)?sha-?[0-9]+|v[0-9]+)[=:,]\s*", re.IGNORECASE)
_HEX = re.compile(r"(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128})")


def header_readings(header: bytes) -> Iterator[Reading]:
    """Yield the digests that a header may hold; none if it is neither base64 nor hexadecimal."""
    text = header.decode("utf-8", "replace")
    bare = _PREFIX.sub("", text, count=1) if _PREFIX.match(text) else text
    prefix = ("header-prefix",) if bare != text else ()
    parts = [part.strip() for part in bare.split(",") if part.strip()] if "," in bare else [bare]
    repeated = ("header-repeated",) if len(parts) > 1 else ()
    for part in parts:
        if _HEX.fullmatch(part.strip()):
            yield Reading(value=bytes.fromhex(part.strip()), mistakes=(*repeated, *prefix, "header-hex"))
            continue
        digest, made = _repair(part, "header")
        if digest and _HEX.fullmatch(text := digest.decode("ascii", "replace")):
            digest, made = bytes.fromhex(text), (*made, "header-hex-in-base64")
        if digest:
            yield Reading(value=digest, mistakes=(*repeated, *prefix, *made))


_BOM = b"\xef\xbb\xbf"


def _translate_line_breaks(body: bytes) -> Iterator[bytes]:
    yield body.replace(b"\r\n", b"\n")
    yield body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _transcode(body: bytes) -> Iterator[bytes]:
    """Yield what a body may have been in UTF-8 before it was read or written with another character set."""
    for read_as, written_as in (("utf-8", "latin-1"), ("utf-8", "cp1252"), ("latin-1", "utf-8"), ("utf-16", "utf-8")):
        try:
            yield body.decode(read_as).encode(written_as)
        except UnicodeError:
            continue


def _decode_base64(body: bytes) -> Iterator[bytes]:
    if decoded := _decode(body.decode("ascii", "replace")):
        yield decoded


def _reserialise(body: bytes) -> Iterator[bytes]:
    value = value_of(body)
    if value is not None:
        yield from spellings(value, orders=len(body) <= SMALL)


#: Size in bytes up to which combined mistakes and all orders of keys are tried, which takes 0.2 seconds.
SMALL = 16_384

_UNDO: tuple[tuple[str, Callable[[bytes], Iterator[bytes]]], ...] = (
    ("body-newline-added", lambda body: iter((body.strip(), body.rstrip(b"\r\n"), body[:-1]))),
    ("body-newline-stripped", lambda body: iter((body + b"\n", body + b"\r\n"))),
    ("body-bom", lambda body: iter((body.removeprefix(_BOM),))),
    ("body-line-breaks", _translate_line_breaks),
    ("body-transcoded", _transcode),
    ("body-base64", _decode_base64),
    ("body-reserialised", _reserialise),
)


def body_readings(body: bytes) -> Iterator[Reading]:
    """Yield the bodies that may have been signed, each once, the given one first."""
    seen = {body}
    yield Reading(value=body)
    for code, undo in _UNDO:
        for before in undo(body):
            if before not in seen:
                seen.add(before)
                yield Reading(value=before, mistakes=(code,))


def value_of(body: bytes) -> object:
    """Return the JSON value of a body; ``None`` if it has none within the limits."""
    try:
        return read(body, DEFAULT_LIMITS)
    except Unreadable:
        return None
