"""Raw bytes -> the one JSON value in them, or the violation that says why there is none.

orjson reads; what it lets pass (duplicate keys, numbers that it rounds, deep nesting) is found
here, and what it refuses is named here. Nothing in this module recurses, and orjson stops by
itself at 1,024 levels, which needs less than 128 KiB of stack.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

import orjson

from vocode_contract.errors import InvalidOption

#: orjson writes 254 levels, jsonschema-rs copies 255.
_DEEPEST = 200

Bytes = (bytes, bytearray, memoryview)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of an untrusted payload is judged.

    Attributes:
        size: Bytes of a raw payload, inclusive; 1 MiB.
        depth: Levels of nested arrays and objects, inclusive, at most 200; a Call has 9.
        values: Values of all kinds in a payload, inclusive.
        violations: Violations listed before the rest is only hinted at.

    Raises:
        InvalidOption: A limit is below 1, or the depth beyond what orjson and jsonschema-rs can handle.
    """

    size: int = 1_048_576
    depth: int = 64
    values: int = 500_000
    violations: int = 100

    def __post_init__(self) -> None:
        """Refuse limits that cannot be held."""
        for name in ("size", "depth", "values", "violations"):
            if getattr(self, name) < 1:
                raise InvalidOption(name, "a limit is at least 1")
        if self.depth > _DEEPEST:
            raise InvalidOption("depth", f"at most {_DEEPEST} levels: the engines stop soon after")


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """Why bytes, or a parsed value, hold no JSON that can be judged.

    Attributes:
        code: The violation's code.
        expected: What was wanted, as a phrase.
        actual: What came, without any part of it.
        offset: Byte offset of the place, from 0; ``None`` where unknown.
        tokens: Reference tokens of the place, unmasked.
    """

    code: str
    expected: str
    actual: str
    offset: int | None = None
    tokens: tuple[str | int, ...] = ()


class Unreadable(Exception):
    """Bytes hold no JSON value that may be judged. Never leaves the package."""

    def __init__(self, defect: Defect) -> None:
        super().__init__(defect.code)
        self.defect = defect


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
            _refuse_many(value, limits)
        return value
    raise Unreadable(_diagnosed(raw, message, position, limits))


def _too_deep(limits: Limits) -> Defect:
    return Defect(code="json-too-deep", expected=f"at most {limits.depth} nested levels", actual="more")


def _children(node: object) -> list[object]:
    if type(node) is dict:
        return list(node.values())
    return node if type(node) is list else []


def _deeper_than(value: object, depth: int) -> bool:
    level = [value] if type(value) in (dict, list) else []
    for _ in range(depth):
        level = [child for node in level for child in _children(node) if type(child) in (dict, list)]
        if not level:
            return False
    return True


def _refuse_many(value: object, limits: Limits) -> None:
    if is_vast(value, limits.values):
        raise Unreadable(_too_many(limits))


def _too_many(limits: Limits) -> Defect:
    return Defect(code="json-too-many-values", expected=f"at most {limits.values} values", actual="more")


def is_vast(value: object, most: int) -> bool:
    """Tell whether a parsed value holds more values than so many, each counted as often as it is reached.

    Lists that hold one list many times over, as aliases of YAML make them, are small until they are copied.
    """
    count, containers = 1, [value] if type(value) is dict or type(value) is list else []
    for container in containers:  # grows on the way
        count += len(container)
        if count > most:
            return True
        for child in container.values() if type(container) is dict else container:
            if type(child) is dict or type(child) is list:
                containers.append(child)  # noqa: PERF401 - a comprehension for each is slower
    return False


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
    if openers > limits.depth and _deeper_than(value, limits.depth):
        raise Unreadable(_too_deep(limits))
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
    for place, node in _places(value, (dict, list)):
        if isinstance(node, _Repeated):
            raise Unreadable(
                Defect(
                    code="json-duplicate-key",
                    expected="each key once",
                    actual="a key that stands twice",
                    tokens=(*_tokens(place), node.key),
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


#: The last token of a place and the place of its container; a chain, since most places are never told.
_Place = tuple[str | int, "_Place | None"]


def _places(value: object, kinds: type | tuple[type, ...] = object) -> Iterator[tuple[_Place | None, object]]:
    """Yield every value of some kinds that such values lead to, with its place, level by level."""
    level: list[tuple[_Place | None, object]] = [(None, value)]
    while level:
        yield from level
        level = [
            ((key, place), child) for place, node in level for key, child in _members(node) if isinstance(child, kinds)
        ]


def _tokens(place: _Place | None) -> tuple[str | int, ...]:
    tokens: list[str | int] = []
    while place is not None:
        token, place = place
        tokens.append(token)
    return tuple(reversed(tokens))


def _members(node: object) -> Iterable[tuple[str | int, object]]:
    if isinstance(node, dict):
        return node.items()
    return enumerate(node) if isinstance(node, list) else ()


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
        return _too_deep(limits)
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


def surveyed(value: object, limits: Limits = DEFAULT_LIMITS) -> tuple[Defect | None, int]:
    """Look through a parsed value for what JSON cannot hold, without recursion.

    Returns:
        The first defect, or ``None``; and the number of values seen.
    """
    count, level = 0, [value]
    for _ in range(limits.depth + 1):
        count += len(level)
        if count > limits.values:
            return _too_many(limits), count
        if any(map(_unfit, level)):
            return next(_misfit(_tokens(place), node) for place, node in _places(value) if _unfit(node)), count
        below = chain.from_iterable(map(_children, level))
        level = list(islice(below, limits.values + 1 - count))
        if not level:
            return None, count
    return _too_deep(limits), count


def _unfit(node: object) -> bool:
    return type(node) not in _SAFE_TYPES and _misfit((), node) is not None


def _misfit(tokens: tuple[str | int, ...], node: object) -> Defect | None:
    kind = type(node)
    if kind is str:
        text = node if isinstance(node, str) else ""
        return None if text.isascii() or not _SURROGATE.search(text) else _lone(tokens)
    if kind is dict:
        keys = list(node) if isinstance(node, dict) else []
        if not all(type(key) is str for key in keys):
            return Defect(code="not-json", expected="keys that are strings", actual="other keys", tokens=tokens)
        return _lone(tokens) if any(not key.isascii() and _SURROGATE.search(key) for key in keys) else None
    if kind is float:
        return _not_finite(tokens) if node != node or node in (_INFINITY, -_INFINITY) else None
    if kind in _SAFE_TYPES:
        return None
    return Defect(code="not-json", expected="a JSON value", actual=f"a Python {kind.__name__}", tokens=tokens)


_SAFE_TYPES = (int, bool, list, type(None))
_SURROGATE = re.compile("[\ud800-\udfff]")
_INFINITY = float("inf")


def _lone(tokens: tuple[str | int, ...]) -> Defect:
    return Defect(code="json-surrogate", expected="surrogates in pairs", actual="a lone one", tokens=tokens)


def _not_finite(tokens: tuple[str | int, ...]) -> Defect:
    return Defect(code="json-constant", expected="a JSON number", actual="NaN or Infinity", tokens=tokens)
