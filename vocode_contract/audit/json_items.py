"""Split a JSON array of any size into the bytes of its items, in bounded memory.

A streaming parser holds whole strings in memory, and stops at the first error. This only counts brackets outside of
strings, so that the limits of a payload apply to each item, and a damaged item does not hide those after it.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

from vocode_contract.audit.files import Unusable

_BLOCK = 1 << 17
_REST_OF_STRING = rb'[^"\\]*+(?:\\.[^"\\]*+)*+'
#: Text without the given characters, except in whole strings.
_TEXT = rb'[^"%b]*+(?:"' + _REST_OF_STRING + rb'"[^"%b]*+)*+'
_IN_STRING = re.compile(_REST_OF_STRING, re.DOTALL)
_BETWEEN_ITEMS = re.compile(_TEXT % (2 * (rb"\[\]{},",)), re.DOTALL)
# Skips an innermost array or object at once: most of them are innermost.
_IN_ITEM = re.compile(rb"%b(?:[\[{]%b[\]}]%b)*+" % (3 * (_TEXT % (2 * (rb"\[\]{}",)),)), re.DOTALL)
_QUOTE, _COMMA, _OPEN, _CLOSE = b'",[]'
_OPENING, _ENDING = b"[{", b",]"
#: Maximum bytes before an array in which its key is searched for.
_BEFORE = 64


def split_items(stream: BinaryIO, most: int, key: str = "") -> Iterator[list[bytes]]:
    """Yield the items of an array, many at a time, unchecked; cut an item longer than `most` bytes to one byte more.

    Args:
        stream: A JSON document.
        most: Maximum size of an item in bytes.
        key: Key of the array, which is in an object in an object as in HAR; by default, the document is the array.

    Raises:
        Unusable: There is no such array, or the document is damaged around its items.
    """
    splitter = _Splitter(most, key)
    # `read1`, which all these streams have, returns what precedes damaged data, where `read` only raises.
    while not splitter.is_damaged and (block := stream.read1(_BLOCK)):  # type: ignore[attr-defined]  # its type lacks it
        if items := splitter.split(block):
            yield items
    splitter.finish()


class _Splitter:
    """Splits a document, which it is given block by block."""

    def __init__(self, most: int, key: str) -> None:
        self._most = most
        self._key = re.compile(rb'(?<!\\)"%b"\s*:\s*\Z' % key.encode()) if key else None
        self._base = 3 if key else 1  # depth of the items
        self._depth = 0
        self._before = b""  # the end of the last block
        self._in_string = self._is_escaped = False  # whether the next byte is in a string, and follows a backslash
        self._is_found = self._is_inside = self._is_over = self.is_damaged = False
        self._item = bytearray()
        self._count = 0

    def split(self, block: bytes) -> list[bytes]:
        """Return the items that end in the next block."""
        items: list[bytes] = []
        start, position = 0, self._skip(block, 0)
        while position < len(block) and not self.is_damaged:
            sign, end, position = block[position], position, position + 1
            if sign == _QUOTE:
                self._in_string = True
            elif sign in _OPENING:
                if sign == _OPEN and not self._is_found and self._is_array(block, end):
                    self._is_found, self._is_inside, start = True, True, position
                self._depth += 1
            else:
                if self._is_inside and self._depth == self._base:
                    items += self._end_item(block[start:end], sign)
                    start = position
                if sign != _COMMA:
                    self._depth -= 1
                    self.is_damaged |= self._depth < 0
            position = self._skip(block, position)
        if self._is_inside:
            self._add(block[start:])
        self._before = (self._before + block[-_BEFORE:])[-_BEFORE:]
        return items

    def finish(self) -> None:
        """Raise `Unusable` for a document that is damaged around its items, is truncated, or lacks the array."""
        if self.is_damaged or self._depth or self._in_string:
            raise Unusable("its JSON is damaged or truncated")
        if not self._is_found:
            raise Unusable("it contains no array of payloads")

    def _skip(self, block: bytes, position: int) -> int:
        """Return the position of the next bracket, comma between items, or string that does not end in this block."""
        if self._in_string:
            position = _end_of(_IN_STRING, block, position + self._is_escaped)
            self._is_escaped = block[position:] == b"\\"
            if self._is_escaped or position >= len(block):
                return len(block)
            self._in_string, position = False, position + 1
        if self._is_found and not self._depth:  # after the document
            self.is_damaged |= bool(block[position:].strip())
            return len(block)
        is_in_item = self._is_found and not (self._is_inside and self._depth == self._base)
        return _end_of(_IN_ITEM if is_in_item else _BETWEEN_ITEMS, block, position)

    def _is_array(self, block: bytes, end: int) -> bool:
        """Return whether the array that starts at `end` holds the items."""
        before = (self._before + block[max(end - _BEFORE, 0) : end])[-_BEFORE:]
        return self._depth == self._base - 1 and (self._key is None or self._key.search(before) is not None)

    def _end_item(self, piece: bytes, sign: int) -> tuple[bytes, ...]:
        """Return the item that ends with a piece; nothing for an empty array."""
        self._add(piece)
        item, self._item = bytes(self._item), bytearray()
        self._is_inside = sign == _COMMA
        self.is_damaged |= sign not in _ENDING or not (item or (sign == _CLOSE and not self._count))
        self._count += 1
        return (item,) if item else ()

    def _add(self, piece: bytes) -> None:
        piece = piece if self._item else piece.lstrip()
        self._item += piece[: self._most + 1 - len(self._item)]


def _end_of(pattern: re.Pattern[bytes], block: bytes, position: int) -> int:
    found = pattern.match(block, position)
    return found.end() if found else position
