"""Compile the schemas of a contract, under a profile, into cells.

Only the keywords that the shipped contracts use are supported; and bounds, patterns, and schemas that contain
themselves, as contracts of users may.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import hypothesis.strategies as st

from vocode_contract.contract.model import Contract, has_timed_transcripts
from vocode_contract.contract.operation import Schema
from vocode_contract.contract.profile import FORMATS, may_be_null_on_wire
from vocode_contract.errors import InvalidOption
from vocode_contract.strategies import cells, values
from vocode_contract.strategies.cells import Cell, Draw
from vocode_contract.strategies.within_bounds import (
    arrays_within,
    is_bounded,
    names_of_recursive_schemas,
    objects_within,
    scalars_within,
)

Strategy = st.SearchStrategy[Any]

#: In how many of 256 cases an optional property is absent, or null where that is valid.
_ABSENT, _NULL = 64, 64

#: Slots of an array by property name; others have three.
_SLOTS = {"actions": 2, "items": 4, "collect_fields": 2, "conditions": 1}

_INT64 = st.integers(-(2**63), 2**64 - 1)
_FLOATS = st.floats(allow_nan=False, allow_infinity=False)
# All of UTF-8, as without an alphabet, for which Hypothesis would encode a million characters first.
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_JSON = st.recursive(
    st.none() | st.booleans() | _INT64 | _FLOATS | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=5,
)
_OBJECTS = st.dictionaries(_TEXT, _JSON, max_size=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """Which of the valid values are generated.

    Attributes:
        adversarial: Whether values are difficult rather than plausible.
        coherent: Whether ids, phone numbers and times are always plausible and credentials always masked; else
            any valid value occurs now and then, such as the empty string.
    """

    adversarial: bool = False
    coherent: bool = False


#: Strings that stay plausible in a coherent payload.
_NUMBERS = frozenset({"agent_phone_number", "from_number", "phone_number", "steering_pool", "to_number"})
_URLS = frozenset({"context_endpoint", "url"})
_TIMES = frozenset({"start_time", "end_time"})

#: Stands for the cell of a schema that contains itself, where it would go on without end.
_ENDLESS = Cell(width=0, read=lambda _data, _at, _draw: None)


def object_cell(contract: Contract, name: str, style: Style, fields: Mapping[str, Strategy]) -> Cell:
    """Return the cell of a schema, some properties of which are drawn from strategies."""
    cell = _Compiler(contract, style, fields).compile(contract.schemas[name], name)
    if cell is _ENDLESS:
        raise InvalidOption(name, "is a schema without a finite value: it requires itself")
    return cell


@cache
def schema_cell(contract: Contract, name: str, style: Style) -> Cell:
    """Return the cell of a schema; the same arguments give the same cell."""
    return object_cell(contract, name, style, {})


class _Compiler:
    """Compiles the schemas of one contract in one style; given fields apply only to the outermost object."""

    def __init__(
        self, contract: Contract, style: Style, given: Mapping[str, Strategy], above: tuple[str, ...] = ()
    ) -> None:
        self.contract = contract
        self.style = style
        self.given = given
        self.above = above  # the schemas that contain themselves and are being compiled
        self.drifts = contract.profile == "tolerant"
        self.adds_null = contract.profile != "documented"

    def compile(self, schema: Schema, name: str) -> Cell:
        """Return the cell of a schema; `name` is the property that it belongs to."""
        if "$ref" in schema:
            return self._reference(schema["$ref"].rpartition("/")[2], name)
        if "discriminator" in schema:
            return self._tagged_union(schema, name)
        if options := schema.get("oneOf") or schema.get("anyOf"):
            return _either([self._nest(option, name) for option in options])
        if "const" in schema or "enum" in schema:
            return self._enum(schema.get("enum") or [schema["const"]])
        kinds = self.contract.types(schema)
        branches = [self._plain(kind, schema, name) for kind in kinds]
        return _either(branches) if kinds else cells.from_strategy(_JSON)

    def _reference(self, target: str, name: str) -> Cell:
        if self.given:
            return self.compile(self.contract.schemas[target], name)
        if target not in names_of_recursive_schemas(self.contract):
            return schema_cell(self.contract, target, self.style)
        if target in self.above:
            return _ENDLESS
        below = _Compiler(self.contract, self.style, {}, (*self.above, target))
        return below.compile(self.contract.schemas[target], target)

    def _nest(self, schema: Schema, name: str, *, absent: int = 0, null: int = 0) -> Cell:
        """Return the cell of a schema inside another: an object gets its own Hypothesis choice."""
        inner = _Compiler(self.contract, self.style, {}, self.above) if self.given else self
        cell = inner.compile(schema, name)
        if cell is _ENDLESS:
            return cells.constant(cells.ABSENT) if absent else cell
        if absent or null:
            cell = cells.optional(cell, absent=absent, null=null)
        return cells.box(cell) if "object" in self.contract.types(schema) else cell

    def _enum(self, values: list[Any]) -> Cell:
        cell = cells.choice(values)
        if self.drifts and all(value is None or isinstance(value, str) for value in values):
            return cells.with_escape(cell, st.sampled_from(["newer_value", "", "UNHEARD OF"]), above=250)
        return cell

    def _tagged_union(self, schema: Schema, name: str) -> Cell:
        tag, mapping = schema["discriminator"]["propertyName"], schema["discriminator"]["mapping"]
        given = {key: strategy for key, strategy in self.given.items() if key != tag}
        inner = _Compiler(self.contract, self.style, given, self.above)
        branches = {target: inner.compile(self._branch(target, tag, schema), name) for target in mapping.values()}
        branches = {target: cell for target, cell in branches.items() if cell is not _ENDLESS}
        mapping = {value: target for value, target in mapping.items() if target in branches}
        if not branches:
            return _ENDLESS
        if tag in self.given:
            return _by_tag(self.given[tag], tag, {value: branches[target] for value, target in mapping.items()})
        union = cells.either(list(branches.values()))
        if self.drifts:
            return cells.with_escape(union, st.just({tag: "newer_type", "colour": "red"}).map(dict), above=250)
        return union

    def _branch(self, reference: str, tag: str, union: Schema) -> Schema:
        """Return a branch of a union; under oneOf its tag is required, even if the branch does not say so."""
        branch = self.contract.target(reference)
        if "oneOf" not in union or tag in branch.get("required", ()):
            return branch
        return {**branch, "required": [*branch.get("required", ()), tag]}

    def _plain(self, kind: str, schema: Schema, name: str) -> Cell:
        if kind == "object":
            cell = self._object(schema, name)
            if is_bounded(schema) and cell is not _ENDLESS:
                return cells.from_strategy(objects_within(schema, cells.draw_cell(cell)))
            return cell
        if kind == "array":
            return self._array(schema, name)
        if is_bounded(schema) and kind in ("string", "integer", "number"):
            return cells.from_strategy(scalars_within(kind, schema))
        if kind == "string" and schema.get("format") in FORMATS:
            return self._format(schema["format"], name)
        return _PLAIN[kind](self.style, name, schema, self.contract)

    def _array(self, schema: Schema, name: str) -> Cell:
        if not is_bounded(schema):
            return cells.row(self._nest(schema["items"], name, absent=128), _SLOTS.get(name, 3))
        item = self._nest(schema["items"], name)
        if item is _ENDLESS:
            return _ENDLESS if schema.get("minItems") else cells.row(cells.constant(cells.ABSENT), 1)
        return cells.from_strategy(arrays_within(schema, cells.draw_cell(item)))

    def _format(self, kind: str, name: str) -> Cell:
        if kind == "uuid":
            nasty = self.style.adversarial and not self.style.coherent
            return cells.choice(values.NASTY_UUIDS) if nasty else cells.number(3, values.uuid)
        return _time(self.style, name)

    def _object(self, schema: Schema, name: str) -> Cell:
        members = schema.get("additionalProperties")
        if "properties" in schema:
            fields = {key: self._property(schema, key) for key in schema["properties"]}
            if _ENDLESS in fields.values():
                return _ENDLESS
            cell = cells.record(fields)
            if self.drifts:
                drift = cells.choice([*[cells.ABSENT] * 15, "newer_key"])
                return _add_drift(cell, drift)
            return cell
        if members is False:
            return cells.Cell(width=0, read=lambda _data, _at, _draw: {})
        if isinstance(members, dict):
            return self._map(members, name)
        return _free_object(self.style)

    def _property(self, schema: Schema, key: str) -> Cell:
        if key in self.given:
            return cells.from_strategy(self.given[key])
        value = schema["properties"][key]
        if key in schema.get("required", ()):
            return self._nest(value, key)
        null = self.adds_null and may_be_null_on_wire(schema, key)
        return self._nest(value, key, absent=_ABSENT, null=_NULL if null else 0)

    def _map(self, members: Schema, name: str) -> Cell:
        keys = values.NASTY_TEXTS if self.style.adversarial else values.KEYS.get(name, values.OTHER_KEYS)
        value = self.compile(members, "")
        if value is _ENDLESS:
            return cells.record({})
        pair = cells.record({"key": cells.choice(keys), "value": value})
        pairs = cells.row(cells.optional(pair, absent=128), 3)

        def read(data: bytes, at: int, draw: Draw) -> dict[str, Any]:
            return {each["key"]: each["value"] for each in pairs.read(data, at, draw)}

        return replace(pairs, read=read)


def _either(branches: Sequence[Cell]) -> Cell:
    """Read one of some cells, except those that would go on without end."""
    ending = [branch for branch in branches if branch is not _ENDLESS]
    if not ending:
        return _ENDLESS
    return ending[0] if len(ending) == 1 and len(branches) == 1 else cells.either(ending)


def _by_tag(tags: Strategy, tag: str, branches: Mapping[str, Cell]) -> Cell:
    """Draw the tag, then read the branch with that tag; an unknown tag gets the fields of the first branch."""
    first = next(iter(branches.values()))

    def read(data: bytes, at: int, draw: Draw) -> dict[str, Any]:
        chosen = draw(tags)
        branch = branches.get(chosen, first) if isinstance(chosen, str) else first
        made: dict[str, Any] = branch.read(data, at, draw)
        made[tag] = chosen
        return made

    return Cell(width=max(branch.width for branch in branches.values()), read=read, draws=True)


def _add_drift(cell: Cell, drift: Cell) -> Cell:
    """Sometimes add a key that no contract declares."""

    def read(data: bytes, at: int, draw: Draw) -> dict[str, Any]:
        made: dict[str, Any] = cell.read(data, at + drift.width, draw)
        key = drift.read(data, at, draw)
        return made if key is cells.ABSENT else {**made, key: None}

    return Cell(width=cell.width + drift.width, read=read, draws=cell.draws)


def _is_nasty(style: Style, name: str) -> bool:
    return style.adversarial and not (style.coherent and name in _NUMBERS | _URLS | _TIMES)


def _string(style: Style, name: str, schema: Schema, contract: Contract) -> Cell:
    if style.coherent and schema.get("x-sensitivity") == "credential" and name not in _URLS:
        return cells.constant(values.MASK)
    if _is_nasty(style, name):
        return cells.with_escape(cells.choice(values.NASTY_TEXTS), _TEXT)
    if name in _TIMES:
        cell = _time(style, name)
    elif name == "transcript":
        cell = _transcript(timed=has_timed_transcripts(contract))
    else:
        cell = cells.number(2, values.TEXTS.get(name, values.example))
    return cell if style.coherent else _or_any_text(cell)


def _or_any_text(cell: Cell) -> Cell:
    """Allow any text besides; the empty string is the simplest."""
    inner = cells.with_escape(cell, _TEXT)

    def read(data: bytes, at: int, draw: Draw) -> Any:
        return inner.read(data, at, draw) if data[at] > 3 else ""

    return replace(inner, read=read)


def _transcript(*, timed: bool) -> Cell:
    lines = cells.row(cells.optional(cells.number(1, lambda number: number), absent=96), 6)

    def read(data: bytes, at: int, draw: Draw) -> str:
        return values.transcript(lines.read(data, at, draw), timed=timed)

    return replace(lines, read=read)


def _time(style: Style, name: str) -> Cell:
    if _is_nasty(style, name):
        return cells.choice(values.NASTY_TIMES)
    return cells.number(2, values.date_time)


def _integer(style: Style, name: str, _schema: Schema, _contract: Contract) -> Cell:
    if style.adversarial:
        return cells.with_escape(cells.choice(values.NASTY_INTEGERS), _INT64)
    low, high = values.RANGES.get(name, (0, 255))
    cell = cells.number(1, lambda number: low + number % (high - low + 1))
    return cell if style.coherent else cells.with_escape(cell, _INT64)


def _number(style: Style, name: str, _schema: Schema, _contract: Contract) -> Cell:
    if _is_nasty(style, name):
        return cells.with_escape(cells.choice(values.NASTY_NUMBERS), _FLOATS)
    if name in _TIMES:
        return cells.number(2, values.epoch_seconds)
    low, high = values.RANGES.get(name, (0, 1))
    cell = cells.number(1, lambda number: low + (high - low) * number / 256 if number else low)
    return cell if style.coherent else cells.with_escape(cell, _FLOATS)


def _boolean(_style: Style, _name: str, _schema: Schema, _contract: Contract) -> Cell:
    return cells.choice((False, True))


def _null(_style: Style, _name: str, _schema: Schema, _contract: Contract) -> Cell:
    return cells.constant(None)


_PLAIN = {"string": _string, "integer": _integer, "number": _number, "boolean": _boolean, "null": _null}


def _free_object(style: Style) -> Cell:
    if style.adversarial:
        return cells.from_strategy(_OBJECTS)
    cell = cells.number(1, lambda number: values.free_object(number) if number > 128 else {})
    return cell if style.coherent else cells.with_escape(cell, _OBJECTS)
