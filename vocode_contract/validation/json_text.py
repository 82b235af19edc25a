"""Parse raw bytes into one JSON value, or explain why they hold none.

orjson parses. This module finds what it accepts (duplicate keys, numbers that it rounds, deep nesting), and explains
what it rejects. Nothing here recurses, and orjson stops at 1,024 levels, which needs less than 128 KiB of stack.
"""

import json
import re

import orjson

from vocode_contract.validation.json_value import (
    DEFAULT_LIMITS,
    Defect,
    Limits,
    Unreadable,
    is_deeper_than,
    iter_places,
    refuse_many,
    tokens_of_place,
    too_deep,
)


def read(data: bytes | bytearray | memoryview, limits: Limits = DEFAULT_LIMITS, *, strict: bool = True) -> object:
    """Parse a whole JSON document in UTF-8.

    `strict` also refuses duplicate keys and integers beyond 64 bits, which parsers treat differently, and nesting
    beyond the limit. The limits are checked before any costly work.

    Raises:
        Unreadable: With the reason.

    Source: RFC 8259; RFC 7493 for what `strict` refuses.
    """
    raw = data if type(data) is bytes else bytes(data)
    size = len(raw)
    if size > limits.size:
        raise Unreadable(Defect(code="json-too-large", expected=f"at most {limits.size} bytes", actual=f"{size} bytes"))
    try:
        value: object = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        message, position = error.msg, error.pos
    else:
        if strict:
            # To remove a rare byte is the fastest way to count it.
            openers = size - len(raw.replace(b"{", b"").replace(b"[", b""))
            if openers > limits.depth and is_deeper_than(value, limits.depth):
                raise Unreadable(too_deep(limits))
            # Most servers write JSON exactly as orjson does: then nothing was dropped or rounded.
            written = orjson.dumps(value)
            if written != raw and not is_unambiguous(raw, written):
                _refuse_wide_integers(raw)
                _refuse_duplicates(raw)
        if size > limits.values:
            refuse_many(value, limits)
        return value
    raise Unreadable(_diagnose(raw, message, position, limits))


# Integers beyond 64 bits have at least nineteen digits, so a fast search for such a run comes first.
_DIGIT_RUNS = bytes(48 if 48 <= byte <= 57 else 32 for byte in range(256))
_LONG_RUN = b"0" * 19
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|-?[0-9]++(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?', re.DOTALL)


def is_unambiguous(raw: bytes, written: bytes) -> bool:
    """Return whether all parsers clearly read the same; if not, it takes a closer look to tell.

    A duplicate key is dropped together with its colon, so the serialized value has fewer colons than the payload,
    unless a colon was escaped.

    Args:
        raw: JSON.
        written: The parsed value, serialized again.
    """
    if raw.count(b":") != written.count(b":") or (b"\\" in raw and b"\\u003" in raw):
        return False
    return raw.translate(_DIGIT_RUNS).find(_LONG_RUN) < 0


def _refuse_wide_integers(raw: bytes) -> None:
    for match in _TOKEN.finditer(raw):
        token = match.group()
        if token[:1] != b'"' and token.lstrip(b"-").isdigit() and not _fits_64_bits(token):
            raise Unreadable(
                Defect(
                    code="json-number",
                    expected="a number within 64 bits",
                    actual=f"an integer of {len(token.lstrip(b'-'))} digits",
                    offset=match.start(),
                )
            )


def _fits_64_bits(digits: bytes) -> bool:
    return len(digits) <= 20 and -(2**63) <= int(digits) < 2**64


class _Repeated(dict[str, object]):
    """An object in which a key occurred twice."""

    key = ""


def _refuse_duplicates(raw: bytes) -> None:
    value = json.loads(raw, object_pairs_hook=_mark_repeated, parse_int=len, parse_float=len)
    for place, node in iter_places(value, (dict, list)):
        if isinstance(node, _Repeated):
            raise Unreadable(
                Defect(
                    code="json-duplicate-key",
                    expected="each key once",
                    actual="a duplicate key",
                    tokens=(*tokens_of_place(place), node.key),
                )
            )


def _mark_repeated(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    repeated = _Repeated(members)
    seen: set[str] = set()
    repeated.key = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]  # add() answers None
    return repeated


# Compiled when bytes are refused: most processes refuse none.
_HTML = rb"\s*<(?i:!doctype|html|head|body|!--)"
_CONSTANT = r"-?(?i:nan|infinity|inf)\b"
#: Syntax of other languages that is often used in JSON by mistake, and its description.
_FOREIGN_SYNTAX = (
    (r"//|/\*|#", "a comment"),
    ("'", "a single quote; strings need double quotes"),
    ("[\u2018\u2019\u201c\u201d]", "a typographic quote; strings need double quotes"),
    (r"(?:None|True|False)\b", "a Python constant"),
    (r"undefined\b", "undefined, as in JavaScript"),
)


#: Part of orjson's message -> code, what was expected, and what was found; the empty part is in every message.
_MESSAGES = (
    ("surrogate", "json-surrogate", "surrogate escapes in pairs", "a lone one"),
    ("infinity", "json-number", "a number within 64 bits", "a number beyond them"),
    ("after document", "json-trailing", "one JSON value", "more after its end"),
    ("end of data", "json-syntax", "JSON", "the end of the document"),
    ("trailing comma", "json-syntax", "JSON", "a trailing comma"),
    ("control character", "json-syntax", "JSON", "an unescaped control character in a string"),
    ("", "json-syntax", "JSON", "something else"),
)


def _diagnose(raw: bytes, message: str, position: int, limits: Limits) -> Defect:
    """Return the defect of bytes that orjson refused with a message at a position, counted in characters."""
    defect = _find_encoding_defect(raw)
    if defect is not None:
        return defect
    if re.match(_HTML, raw):
        return Defect(code="json-html", expected="JSON", actual=f"an HTML page of {len(raw)} bytes", offset=0)
    text = raw.decode()
    for start in (position - 1, position):  # orjson may stop after a sign or after the first letter
        if start >= 0 and re.compile(_CONSTANT).match(text, start):
            offset = len(text[:start].encode())
            return Defect(code="json-constant", expected="a JSON number", actual="NaN or Infinity", offset=offset)
    if "depth" in message:
        return too_deep(limits)
    offset = len(text[:position].encode())
    if "after document" in message and _is_json_lines(text, position):
        return Defect(code="json-lines", expected="one JSON value", actual="several, one per line", offset=offset)
    code, expected, actual = next(row for part, *row in _MESSAGES if part in message)
    if "unexpected character" in message or code == "json-trailing":
        actual = next((name for pattern, name in _FOREIGN_SYNTAX if re.compile(pattern).match(text, position)), actual)
    return Defect(code=code, expected=expected, actual=actual, offset=offset)


_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_GZIP = b"\x1f\x8b"


def find_line(raw: bytes, offset: int) -> tuple[int, int]:
    """Return the line of a byte and its column in characters, both starting at 1."""
    before = raw[:offset]
    return before.count(b"\n") + 1, len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1


def describe_defect(raw: bytes, defect: Defect, *, first_line: int = 1) -> str:
    """Describe why bytes are not a JSON value, and where, without quoting them; count lines from `first_line`."""
    problem = f"expected {defect.expected}, got {defect.actual} [{defect.code}]"
    if defect.offset is None:
        return problem
    line, column = find_line(raw, defect.offset)
    return f"line {line - 1 + first_line}, column {column}: {problem}"


def _find_encoding_defect(raw: bytes) -> Defect | None:
    if not raw.strip(b" \t\r\n"):
        return Defect(code="json-empty", expected="a JSON value", actual=f"{len(raw)} bytes of nothing", offset=0)
    if raw.startswith(b"\xef\xbb\xbf"):
        return Defect(code="json-bom", expected="no byte order mark", actual="one", offset=0)
    if raw.startswith(_WIDE_MARKS) or b"\x00" in raw[:2]:
        return Defect(code="json-encoding", expected="UTF-8", actual=_name_wide_encoding(raw), offset=0)
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        actual = "gzip data" if raw.startswith(_GZIP) else "other bytes"
        return Defect(code="json-encoding", expected="UTF-8", actual=actual, offset=error.start)
    return None


def _name_wide_encoding(raw: bytes) -> str:
    encoding = json.detect_encoding(raw).upper()
    return encoding[:6] if encoding.startswith(("UTF-16", "UTF-32")) else "binary data"


def _is_json_lines(text: str, position: int) -> bool:
    """Return whether the first line after a document is an array or object of its own."""
    line = text[position:].partition("\n")[0]
    if "\n" not in text[:position] or line[:1] not in ("{", "["):
        return False
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True
