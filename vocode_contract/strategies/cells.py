"""Build strategies from cells: functions that read values from bytes, so that an object costs Hypothesis one choice.

This module exists for speed. A Hypothesis choice costs about fifty times as much as a byte, so an object takes one
choice: a row of bytes with a fixed width for each property. Measured on one machine (two cores, Python 3.11), cells
generate 956 Calls/s, plain ``fixed_dictionaries`` 282 (ratio 3.1 to 3.9 over nine interleaved rounds), and
`hypothesis.find` needs 0.2 to 1.5 s of CPU time to find and shrink an example, against 4.9 to 22.6 s.

Hypothesis shrinks each byte towards zero, and zero is the simplest value everywhere: absent, the first value, the
empty string. An object takes its bytes whether it is present or not, so that omitting it moves no later choice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import hypothesis.strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]
Read = Callable[[bytes, int, Draw], Any]

#: What a cell returns for a key or an item that is left out.
ABSENT: Any = type("Absent", (), {"__repr__": lambda _: "ABSENT"})()

#: Bytes up to which an object without inner choices stays in the row of the object around it.
_SMALL = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A reader of one value."""

    width: int  # in bytes
    read: Read  # takes bytes and an offset; may draw more
    draws: bool = False  # whether it always draws choices of its own


def constant(value: Any) -> Cell:
    """Return the same value always; it must be immutable."""
    return Cell(width=0, read=lambda _data, _at, _draw: value)


def from_strategy(strategy: st.SearchStrategy[Any]) -> Cell:
    """Draw the value from a strategy."""
    return Cell(width=0, read=lambda _data, _at, draw: draw(strategy), draws=True)


def number(width: int, value: Callable[[int], Any]) -> Cell:
    """Read an unsigned big-endian integer, and map it."""

    def read(data: bytes, at: int, _draw: Draw) -> Any:
        return value(int.from_bytes(data[at : at + width]))

    return Cell(width=width, read=read)


def choice(values: Sequence[Any]) -> Cell:
    """Choose one of some immutable values, the simplest first."""
    count = len(values)
    if count == 1:
        return constant(values[0])
    return Cell(width=1, read=lambda data, at, _draw: values[data[at] * count >> 8])


def with_escape(cell: Cell, strategy: st.SearchStrategy[Any], *, above: int = 248) -> Cell:
    """Read a cell, or draw from a strategy if the byte before it is above a threshold."""
    inner = cell.read

    def read(data: bytes, at: int, draw: Draw) -> Any:
        return draw(strategy) if data[at] > above else inner(data, at + 1, draw)

    return Cell(width=cell.width + 1, read=read, draws=cell.draws)


def optional(cell: Cell, *, absent: int, null: int = 0) -> Cell:
    """Leave a cell out, or make it null, in so many of 256 cases."""
    inner, present = cell.read, absent + null

    def read(data: bytes, at: int, draw: Draw) -> Any:
        if data[at] >= present:
            return inner(data, at + 1, draw)
        return ABSENT if data[at] < absent else None

    return Cell(width=cell.width + 1, read=read, draws=cell.draws)


def either(branches: Sequence[Cell]) -> Cell:
    """Read one of some cells, the simplest first; they share their bytes."""
    count, readers = len(branches), [branch.read for branch in branches]

    def read(data: bytes, at: int, draw: Draw) -> Any:
        return readers[data[at] * count >> 8](data, at + 1, draw)

    width = 1 + max(branch.width for branch in branches)
    return Cell(width=width, read=read, draws=any(branch.draws for branch in branches))


def record(fields: Mapping[str, Cell]) -> Cell:
    """Read an object whose fields have bytes of their own, in order."""
    placed: list[tuple[str, int, Read]] = []
    width = 0
    for key, cell in fields.items():
        placed.append((key, width, cell.read))
        width += cell.width

    def read(data: bytes, at: int, draw: Draw) -> dict[str, Any]:
        made = {}
        for key, offset, read_field in placed:
            value = read_field(data, at + offset, draw)
            if value is not ABSENT:
                made[key] = value
        return made

    return Cell(width=width, read=read, draws=any(cell.draws for cell in fields.values()))


def row(slot: Cell, count: int) -> Cell:
    """Read an array from so many slots, each of which may be absent, so that Hypothesis can remove any item."""
    inner, width = slot.read, slot.width

    def read(data: bytes, at: int, draw: Draw) -> list[Any]:
        items = (inner(data, at + width * index, draw) for index in range(count))
        return [item for item in items if item is not ABSENT]

    return Cell(width=width * count, read=read, draws=slot.draws)


def box(cell: Cell) -> Cell:
    """Give a cell its own Hypothesis choice, unless it is small."""
    if cell.draws:  # a strategy marks where the object begins and ends, so that Hypothesis shrinks it as a whole
        return from_strategy(draw_cell(cell))
    if cell.width <= _SMALL:
        return cell
    inner, taken = cell.read, _bytes(cell.width)
    return Cell(width=0, read=lambda _data, _at, draw: inner(draw(taken), 0, draw), draws=True)


@st.composite
def draw_cell(draw: st.DrawFn, cell: Cell) -> Any:
    """Draw the value of a cell."""
    return cell.read(draw(_bytes(cell.width)), 0, draw)


@cache
def _bytes(width: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=width, max_size=width)
