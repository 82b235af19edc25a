"""Split a JSON array of any size into the bytes of its items, in bounded memory.

A streaming parser holds whole strings in memory, and stops at the first error. This only counts brackets outside of
strings, so that the limits of a payload apply to each item, and a damaged item does not hide those after it. What is
around the items is parsed at the end.
"""

import json
import re
import sys
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from vocode_contract.audit.files import Unusable

_BLOCK = 1 << 17
_WHITE_SPACE = b" \t\n\r"
_STRING_END = rb'[^"\\]*+(?:\\.[^"\\]*+)*+'
#: Text without the given characters, except in whole strings.
_TEXT = rb'[^"%b]*+(?:"' + _STRING_END + rb'"[^"%b]*+)*+'
_IN_STRING = re.compile(_STRING_END, re.DOTALL)
_STRINGS = re.compile(b'"' + _STRING_END + b'"', re.DOTALL)
_WHOLE_STRINGS = re.compile(_TEXT % (b"", b""), re.DOTALL)
_BETWEEN_ITEMS = re.compile(_TEXT % (2 * (rb"\[\]{},",)), re.DOTALL)
# Skips an innermost array or object at once: most of them are innermost.
_IN_ITEM = re.compile(rb"%b(?:[\[{]%b[\]}]%b)*+" % (3 * (_TEXT % (2 * (rb"\[\]{}",)),)), re.DOTALL)
_QUOTE, _COMMA, _OPEN, _CLOSE = b'",[]'
_OPENING, _ENDING = b"[{", b",]"
#: Maximum bytes around the items, which are kept to be parsed.
MOST_AROUND = 4 * 1024 * 1024
#: Levels within an item from which many brackets are counted at once.
_MANY = 8


def split_items(stream: BinaryIO, most: int, path: tuple[str, ...] = ()) -> Iterator[list[bytes]]:
    """Yield the items of an array, many at a time, unchecked; cut an item longer than `most` bytes to one byte more.

    If keys are repeated, so that there are several arrays at the path, the items of all of them are yielded.

    Args:
        stream: A JSON document.
        most: Maximum size of an item in bytes.
        path: Keys that lead to the array; by default, the document is the array.

    Raises:
        Unusable: There is no such array, or the document is damaged around its items.
    """
    splitter = _Splitter(most, path)
    # `read1`, which all these streams have, returns what precedes damaged data, where `read` only raises.
    while not splitter.is_damaged and (block := stream.read1(_BLOCK)):  # type: ignore[attr-defined]  # its type lacks it
        if items := splitter.split(block):
            yield items
    splitter.finish()


def parse_around(data: bytes) -> Any:
    """Parse what is around payloads and does not have to pass their rules, such as half of a surrogate pair.

    Raises:
        ValueError: It is not JSON, or too deep.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        try:
            return json.loads(data, parse_constant=_refuse_constant)
        except RecursionError:
            raise ValueError from None


def _refuse_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are no JSON


class _Splitter:
    """Splits a document, which it is given block by block."""

    def __init__(self, most: int, path: tuple[str, ...]) -> None:
        self._most = most
        self._path = path
        self._depth = 0
        self._level = len(path)  # the deepest in which keys or commas count
        self._on_path = 0  # how many of the open arrays and objects lead to the items
        self._in_string = self._is_escaped = False  # whether the next byte is in a string, and follows a backslash
        self._is_found = self._is_inside = self.is_damaged = False
        self._item = bytearray()
        self._count = 0  # items of the array so far
        self._frame = bytearray()  # the document without items
        self._mark = 0  # where the frame continues after its last bracket or comma

    def split(self, block: bytes) -> list[bytes]:
        """Return the items that end in the next block."""
        items: list[bytes] = []
        start, position = 0, self._skip(block, 0)
        while position < len(block) and not self.is_damaged:
            sign, end, position = block[position], position, position + 1
            if sign == _QUOTE:
                self._in_string = True
            else:
                if not self._is_inside:
                    self._add_to_frame(block[start:position], sign)
                    start = position
                elif self._depth == self._level and sign not in _OPENING:
                    items += self._end_item(block[start:end], sign)
                    start = position
                if sign in _OPENING:
                    self._depth += 1
                elif sign != _COMMA:
                    self._depth -= 1
                    if self._on_path > self._depth:
                        self._on_path = self._depth
                    self.is_damaged |= self._depth < 0
            position = self._skip(block, position)
        if self._is_inside:
            self._add(block[start:])
        elif self._depth or not self._mark:
            self._frame += block[start:]
        self.is_damaged |= len(self._frame) > MOST_AROUND
        return items

    def finish(self) -> None:
        """Raise `Unusable` for a document that is damaged around its items, is truncated, or lacks the array."""
        if len(self._frame) > MOST_AROUND:
            raise Unusable(f"it has more than {MOST_AROUND:,} bytes around its payloads")
        value: Any = None
        try:
            value = parse_around(bytes(self._frame.removeprefix(BOM_UTF8)))
        except ValueError:
            self.is_damaged = True
        if self.is_damaged:
            raise Unusable("its JSON is damaged or truncated")
        for key in self._path:
            value = value.get(key) if isinstance(value, dict) else None
        if not self._is_found:
            raise Unusable("it contains no array of payloads")
        if value != []:
            raise Unusable("it repeats a key of its array of payloads, with another value")

    def _skip(self, block: bytes, position: int) -> int:
        """Return the position of the next bracket, comma between items, or string that does not end in this block."""
        if self._in_string:
            position = _end_of(_IN_STRING, block, position + self._is_escaped)
            self._is_escaped = block[position:] == b"\\"
            if self._is_escaped or position >= len(block):
                return len(block)
            self._in_string, position = False, position + 1
        if not self._depth and self._mark:  # after the document
            self.is_damaged |= bool(block[position:].strip(_WHITE_SPACE))
            return len(block)
        while position < len(block) and (levels := self._depth - self._level) > _MANY:
            # Nothing that counts can end in as many bytes as there are levels to close.
            end = _end_of(_WHOLE_STRINGS, block, position, position + levels)
            if end == position:  # at a string that is longer
                return position
            text = _STRINGS.sub(b"", block[position:end])
            self._depth += text.count(b"[") + text.count(b"{") - text.count(b"]") - text.count(b"}")
            position = end
        return _end_of(_IN_ITEM if self._depth > self._level else _BETWEEN_ITEMS, block, position)

    def _add_to_frame(self, piece: bytes, sign: int) -> None:
        """Add a piece that ends with a bracket or comma."""
        self._frame += piece
        if sign in _OPENING and self._depth == self._on_path and self._is_at_path(sign):
            self._on_path += 1
            if sign == _OPEN:
                self._is_found, self._is_inside, self._count = True, True, 0
                self._level += 1
        self._mark = len(self._frame)

    def _is_at_path(self, sign: int) -> bool:
        """Return whether the array or object that starts at the end of the frame holds the items, or leads to them."""
        if (sign == _OPEN) != (self._depth == len(self._path)):
            return False
        if not self._depth:
            return not self._mark
        key = bytes(self._frame[self._mark : -1])  # with its colon
        try:
            return self._path[self._depth - 1] in orjson.loads(b"{%b0}" % key)
        except orjson.JSONDecodeError:
            return False

    def _end_item(self, piece: bytes, sign: int) -> tuple[bytes, ...]:
        """Return the item that ends with a piece; nothing for an empty array."""
        self._add(piece)
        item, self._item = bytes(self._item), bytearray()
        self.is_damaged |= sign not in _ENDING or not (item or (sign == _CLOSE and not self._count))
        self._count += 1
        if sign != _COMMA:
            self._is_inside = False
            self._level -= 1
            self._frame.append(sign)
            self._mark = len(self._frame)
        return (item,) if item else ()

    def _add(self, piece: bytes) -> None:
        piece = piece if self._item else piece.lstrip(_WHITE_SPACE)
        self._item += piece[: self._most + 1 - len(self._item)]


def _end_of(pattern: re.Pattern[bytes], block: bytes, position: int, end: int = sys.maxsize) -> int:
    found = pattern.match(block, position, end)
    return found.end() if found else position
