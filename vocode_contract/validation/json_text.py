"""Raw bytes -> the one JSON value in them, or the violation that says why there is none.

orjson reads; what it lets pass (duplicate keys, numbers that it rounds, deep nesting) is found
here, and what it refuses is named here. Nothing in this module recurses, and orjson stops by
itself at 1,024 levels, which needs less than 128 KiB of stack.
"""

import json
import re
from collections.abc import Callable

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
    """Read the JSON value that bytes hold.

    Args:
        data: A whole document in UTF-8, as RFC 8259 wants it.
        limits: Bounds, checked before any costly work.
        strict: Also refuse duplicate keys and integers beyond 64 bits, which JSON parsers read
            differently, and nesting beyond the limit; orjson alone stops at 1,024 levels.

    Raises:
        Unreadable: With the reason.

    Source: RFC 8259; RFC 7493 for what only the strict reading refuses.
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
            _refuse_ambiguous(raw, value, limits)
        if size > limits.values:
            refuse_many(value, limits)
        return value
    raise Unreadable(_diagnosed(raw, message, position, limits))


# Integers beyond 64 bits have at least nineteen digits: a run of digits that long is looked for first.
_DIGIT_RUNS = bytes(48 if 48 <= byte <= 57 else 32 for byte in range(256))
_LONG_RUN = b"0" * 19
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|-?[0-9]++(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?', re.DOTALL)


def _refuse_ambiguous(raw: bytes, value: object, limits: Limits) -> None:
    """Refuse what two JSON parsers would read differently, and what is nested too deep.

    Most servers write JSON just as orjson does; then nothing was dropped or rounded. Else: a duplicate
    key is dropped by the parser, and its colon with it, so the value written out again has fewer
    colons than the payload, unless a colon stood escaped.
    """
    # Taking a rare byte out is the fastest way to count it.
    openers = 2 * len(raw) - len(raw.replace(b"{", b"")) - len(raw.replace(b"[", b""))
    if openers > limits.depth and is_deeper_than(value, limits.depth):
        raise Unreadable(too_deep(limits))
    written = orjson.dumps(value)
    if written == raw:
        return
    if raw.translate(_DIGIT_RUNS).find(_LONG_RUN) >= 0:
        _refuse_wide_integers(raw)
    if raw.count(b":") != written.count(b":") or (b"\\" in raw and b"\\u003" in raw):
        _refuse_duplicates(raw)


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
    """An object in which a key stood twice."""

    key = ""


def _refuse_duplicates(raw: bytes) -> None:
    value = json.loads(raw, object_pairs_hook=_marked, parse_int=len, parse_float=len)
    for place, node in iter_places(value, (dict, list)):
        if isinstance(node, _Repeated):
            raise Unreadable(
                Defect(
                    code="json-duplicate-key",
                    expected="each key once",
                    actual="a key that stands twice",
                    tokens=(*tokens_of_place(place), node.key),
                )
            )


def _marked(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    repeated = _Repeated(members)
    seen: set[str] = set()
    repeated.key = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]  # add() answers None
    return repeated


_WIDE_ENCODINGS = (b"\xff\xfe", b"\xfe\xff", b"\x00")
_HTML = re.compile(rb"\s*<(?:!doctype|html|head|body|!--)", re.IGNORECASE)
_CONSTANT = re.compile(r"-?(?:nan|infinity|inf)\b", re.IGNORECASE)


def _diagnosed(raw: bytes, message: str, position: int, limits: Limits) -> Defect:
    """Name what is wrong with bytes that the parser refused."""
    found = _not_text(raw)
    if found:
        return found
    text = raw.decode()
    offset = len(text[:position].encode())
    for recognised in _DIAGNOSES:
        defect = recognised(raw, text, message, position)
        if defect:
            return defect
    if "depth" in message:
        return too_deep(limits)
    actual = "the end of the document" if "end of data" in message else "something else"
    return Defect(code="json-syntax", expected="JSON", actual=actual, offset=offset)


def _not_text(raw: bytes) -> Defect | None:
    if not raw.strip(b" \t\r\n"):
        return Defect(code="json-empty", expected="a JSON value", actual=f"{len(raw)} bytes of nothing", offset=0)
    if raw.startswith(b"\xef\xbb\xbf"):
        return Defect(code="json-bom", expected="no byte order mark", actual="one", offset=0)
    if raw.startswith(_WIDE_ENCODINGS) or raw[1:2] == b"\x00":
        return Defect(code="json-encoding", expected="UTF-8", actual="UTF-16, UTF-32 or binary data", offset=0)
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return Defect(code="json-encoding", expected="UTF-8", actual="other bytes", offset=error.start)
    return None


def _html(raw: bytes, _text: str, _message: str, _position: int) -> Defect | None:
    if not _HTML.match(raw):
        return None
    return Defect(code="json-html", expected="JSON", actual=f"an HTML page of {len(raw)} bytes", offset=0)


def _constant(_raw: bytes, text: str, _message: str, position: int) -> Defect | None:
    # The parser may stop behind a sign or behind the first letter.
    start = next((at for at in (position - 1, position) if at >= 0 and _CONSTANT.match(text, at)), None)
    if start is None:
        return None
    return Defect(
        code="json-constant",
        expected="a JSON number",
        actual="NaN or Infinity",
        offset=len(text[:start].encode()),
    )


def _surrogate(_raw: bytes, text: str, message: str, position: int) -> Defect | None:
    if "surrogate" not in message:
        return None
    return Defect(
        code="json-surrogate",
        expected="surrogate escapes in pairs",
        actual="a lone one",
        offset=len(text[:position].encode()),
    )


def _infinite(_raw: bytes, text: str, message: str, position: int) -> Defect | None:
    if "infinity" not in message:
        return None
    return Defect(
        code="json-number",
        expected="a number within 64 bits",
        actual="a number beyond them",
        offset=len(text[:position].encode()),
    )


def _trailing(_raw: bytes, text: str, message: str, position: int) -> Defect | None:
    if "after document" not in message:
        return None
    offset = len(text[:position].encode())
    line = text[position:].partition("\n")[0]
    if "\n" in text[:position] and line[:1] in "{[":
        try:
            orjson.loads(line)
        except orjson.JSONDecodeError:
            pass
        else:
            return Defect(code="json-lines", expected="one JSON value", actual="several, one a line", offset=offset)
    return Defect(code="json-trailing", expected="one JSON value", actual="more after its end", offset=offset)


_DIAGNOSES: tuple[Callable[[bytes, str, str, int], Defect | None], ...] = (
    _html,
    _constant,
    _surrogate,
    _infinite,
    _trailing,
)
