"""Mask sensitive values, and make names, words and text safe to show.

Sensitive places are annotated in the schemas (``x-sensitivity: credential | personal``), and everything below such a
place is sensitive too. Of a payload, only enumerated words, identifiers, times, numbers and booleans are shown, and
only where the contract declares them.
"""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from vocode_contract.contract.json_types import json_type
from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Schema

#: Shown in place of a key of a free-form map, or of a name that may be a secret.
HIDDEN_KEY = "*"
#: Levels of arrays and objects that are masked place by place; deeper ones are masked as a whole.
DEEPEST = 100

# Words as people name things: parts joined by underscores, in lower, upper, title or camel case, few digits.
_PART = "(?:[A-Z]{1,16}|[A-Z]?[a-z]{1,16}(?:[A-Z][a-z]{1,15})*)[0-9]{0,2}"
_WORDS = f"{_PART}(?:_(?:{_PART}|[0-9]{{1,2}})?)*"
_NAME = re.compile(f"(?=.{{1,64}}$)_?{_WORDS}")
_WORD = re.compile(f"{_WORDS}|[0-9]{{1,3}}")
_WORD_LENGTH = 32
_METHODS = frozenset(("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"))
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff9-\uffff\U00013430-\U0001345f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def printable(text: str) -> str:
    r"""Write control, escape, bidirectional and invisible characters in ``\\x1b`` form.

    Line breaks count as control characters: the result is one line.
    """
    if text.isascii() and text.isprintable():
        return text
    return _UNPRINTABLE.sub(lambda match: match.group().encode("unicode_escape").decode(), text)


def shown_key(key: str) -> str:
    """Return an undeclared property name if it is made of words, ``*`` otherwise: it may be a token."""
    return key if _NAME.fullmatch(key) else HIDDEN_KEY


def shown_word(value: object) -> str | None:
    """Return a value in quotes if it looks like a member of an enumeration, else ``None``.

    A word has at most 32 characters: letters in parts joined by underscores, with at most two digits a part, or a
    number of up to three digits. Tokens and phone numbers look different.
    """
    if isinstance(value, str) and len(value) <= _WORD_LENGTH and _WORD.fullmatch(value):
        return f'"{value}"'
    return None


_SIZES: Mapping[str, Callable[[Any], str]] = {
    "string": lambda text: f"a string of {len(text)} character{'s' if len(text) != 1 else ''}",
    "array": lambda items: f"an array of {len(items)} item{'s' if len(items) != 1 else ''}",
    "object": lambda members: f"an object with {len(members)} key{'s' if len(members) != 1 else ''}",
    "integer": lambda _: "an integer",
    "number": lambda _: "a number",
    "boolean": lambda _: "a boolean",
    "null": lambda _: "null",
}


def describe(value: object) -> str:
    """Describe a value by its JSON type and size only."""
    return _SIZES.get(json_type(value), lambda _: "no JSON value")(value)


def shown_tokens(contract: Contract, name: str, tokens: Sequence[str | int]) -> tuple[str | int, ...]:
    """Return reference tokens that are safe to show: keys of free-form maps and other names become ``*``."""
    shown: list[str | int] = []
    schemas: list[Schema] = [contract.schemas[name]]
    for token in tokens:
        schemas = [plain for schema in schemas for plain in _plain_branches(contract, schema)]
        below: list[Schema] = []
        declared = False
        for schema in schemas:
            if isinstance(token, int):
                below += [schema["items"]] if "items" in schema else []
            elif token in schema.get("properties", {}):
                declared = True
                below.append(schema["properties"][token])
            elif isinstance(schema.get("additionalProperties"), dict):
                below.append(schema["additionalProperties"])
        free = not declared and (not schemas or any(_is_free(schema) for schema in schemas))
        shown.append(token if isinstance(token, int) or declared else HIDDEN_KEY if free else shown_key(token))
        schemas = below
    return tuple(shown)


def _is_free(schema: Schema) -> bool:
    """Return whether the keys of an object are data, not names."""
    return "additionalProperties" in schema or "x-sensitivity" in schema or "properties" not in schema


def _plain_branches(contract: Contract, schema: Schema) -> list[Schema]:
    if "$ref" in schema:
        return _plain_branches(contract, contract.target(schema["$ref"]))
    options = schema.get("oneOf") or schema.get("anyOf")
    if options:
        return [plain for option in options for plain in _plain_branches(contract, option)]
    return [schema]


# Made at import, so that all threads have the same one.
_MASK_KEY = os.urandom(16)


def mask(value: object, kind: str) -> str:
    """Return a mask: the same value gets the same one within a run, and cannot be derived from it."""
    import hashlib

    digest = hashlib.blake2b(repr(value).encode("utf-8", "backslashreplace"), key=_MASK_KEY, digest_size=4)
    return f"<{kind} {digest.hexdigest()}>"


def mask_method(method: str) -> str:
    """Return a method if it is one that HTTP has."""
    return method if method in _METHODS else mask(method, "text")


def mask_payload(value: object, contract: Contract, name: str = "Call") -> object:
    """Copy a payload with everything masked that the contract does not declare harmless.

    Numbers, identifiers, times and enumerated words stay where the contract declares them, and booleans and null stay
    outside sensitive places. Sensitive values, free text, undeclared values and what is nested deeper than `DEEPEST`
    are masked; so is a whole payload with too many values.
    """
    # At module level this import would make `Secret` need orjson.
    from vocode_contract.validation.json_value import DEFAULT_LIMITS, is_vast

    if is_vast(value, DEFAULT_LIMITS.values):
        return "<too large>"
    return _mask_value(value, contract, contract.schemas[name], "", left=DEEPEST)


def _mask_value(value: object, contract: Contract, schema: Schema | None, kind: str, *, left: int) -> object:
    kind = kind or (schema or {}).get("x-sensitivity", "")
    found = contract.branch(schema, value) if schema is not None else None
    kind = kind or (found or {}).get("x-sensitivity", "")
    if isinstance(value, dict | list) and left <= 0:
        return "<too deep>"
    if isinstance(value, dict):
        free = found is None or _is_free(found)
        return {
            _mask_key(key, found, free=free): _mask_value(child, contract, _below(found, key), kind, left=left - 1)
            for key, child in value.items()
        }
    if isinstance(value, list):
        return [_mask_value(child, contract, (found or {}).get("items"), kind, left=left - 1) for child in value]
    if kind:
        return value if value is None else mask(value, kind)
    if isinstance(value, str):
        return value if _is_harmless(value, found) else mask(value, "text")
    if value is None or isinstance(value, bool):
        return value
    declared = contract.types(found) if found is not None else ()
    return value if "number" in declared or json_type(value) in declared else mask(value, "number")


def _below(schema: Schema | None, key: str) -> Schema | None:
    if schema is None:
        return None
    below = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
    return below if isinstance(below, dict) else None


def _mask_key(key: object, schema: Schema | None, *, free: bool) -> str:
    if not isinstance(key, str):
        return mask(key, "key")
    if schema is not None and key in schema.get("properties", {}):
        return key
    return mask(key, "key") if free or not _NAME.fullmatch(key) else key


_FORMATS: Mapping[str, re.Pattern[str]] = {
    "uuid": re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    # Only the shape, also of a time without offset; a phone number has another one.
    "date-time": re.compile(
        r"[0-9]{4}(?:-[0-9]{2}){2}(?:[Tt ][0-9]{2}(?::[0-9]{2}){1,2}(?:\.[0-9]{1,9})?)?(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})?"
    ),
}


def _is_harmless(text: str, schema: Schema | None) -> bool:
    if schema is None:
        return False
    if "enum" in schema or "const" in schema:
        return shown_word(text) is not None
    pattern = _FORMATS.get(schema.get("format", ""))
    return pattern is not None and pattern.fullmatch(text) is not None


class Secret:
    """A token that cannot be shown by accident: every textual form is a mask."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the token itself; only for the code that sends it."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        import hmac  # compare in constant time

        return isinstance(other, Secret) and hmac.compare_digest(_raw(self), _raw(other))

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __repr__(self) -> str:
        return "<token>"

    def __format__(self, format_spec: str) -> str:
        return format(repr(self), format_spec)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret is not pickled")


def _raw(secret: Secret) -> bytes:
    return secret.reveal().encode("utf-8", "surrogatepass")  # bytes from the environment become surrogates
