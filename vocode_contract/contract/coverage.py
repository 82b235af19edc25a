"""Measure which parts of a contract a set of payloads and exchanges exercises.

A part is something that a consumer must be able to process: an enumerated value, a branch of a union, an optional
property (absent, null, present), an array (empty or not), a documented status.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from vocode_contract.contract.json_types import json_type
from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Operation, Schema
from vocode_contract.contract.profile import may_be_null_on_wire

Kind = Literal["value", "branch", "property", "array", "status"]


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """One part of a contract.

    Attributes:
        pointer: JSON Pointer to the schema or operation in the contract's document.
        kind: Kind of part.
        case: The value, the tag, ``absent``, ``null``, ``present``, ``empty``, ``some`` or the status.
    """

    pointer: str
    kind: Kind
    case: str


@dataclass(slots=True)
class Coverage:
    """The parts of some schemas and operations that have been exercised; ``|`` combines two."""

    contract: Contract
    names: tuple[str, ...] = ("Call",)  # of schemas; the schemas that they refer to are included
    operations: tuple[str, ...] = ()
    touched: set[Part] = field(default_factory=set)

    @property
    def parts(self) -> frozenset[Part]:
        """All parts."""
        return frozenset().union(
            *(parts_of(self.contract, name) for name in self.names),
            *(_statuses(self.contract.operations[name]) for name in self.operations),
        )

    @property
    def missing(self) -> tuple[Part, ...]:
        """The parts that have not been exercised, sorted by pointer."""
        return tuple(sorted(self.parts - self.touched))

    @property
    def ratio(self) -> float:
        """The share of parts exercised, from 0 to 1; 1 where there are none."""
        parts = self.parts
        return len(parts & self.touched) / len(parts) if parts else 1.0

    def add(self, instance: object, name: str = "Call") -> None:
        """Add the parts that a parsed payload exercises; invalid values are ignored."""
        self.touched.update(parts_in(self.contract, name, instance))

    def add_status(self, operation: str, status: int) -> None:
        """Add a status that an operation returned."""
        self.touched.update(part for part in _statuses(self.contract.operations[operation]) if part.case == str(status))

    def __or__(self, other: "Coverage") -> "Coverage":
        """Combine two coverages of the same contract."""
        return Coverage(
            self.contract,
            names=tuple(dict.fromkeys(self.names + other.names)),
            operations=tuple(dict.fromkeys(self.operations + other.operations)),
            touched=self.touched | other.touched,
        )

    def to_rows(self) -> list[list[str]]:
        """Return the touched parts as plain lists, for another process."""
        return [[part.pointer, part.kind, part.case] for part in sorted(self.touched)]

    def add_rows(self, rows: Iterable[Any]) -> None:
        """Add the parts that `to_rows` returned."""
        self.touched.update(Part(*row) for row in rows)


def _statuses(operation: Operation) -> Iterator[Part]:
    return (Part(operation.pointer, "status", str(status)) for status in operation.statuses)


@cache
def parts_of(contract: Contract, name: str) -> frozenset[Part]:
    """Return every part of a schema and of the schemas that it refers to."""
    parts: set[Part] = set()
    done: set[int] = set()
    waiting: list[Schema] = [contract.schema(name)]
    while waiting:
        schema = waiting.pop()
        if id(schema) not in done:
            done.add(id(schema))
            parts.update(own_parts(contract, schema))
            waiting += below(contract, schema)
    return frozenset(parts)


def below(contract: Contract, schema: Schema) -> list[Schema]:
    """Return the schemas directly below one: branches, properties, members, the target of a reference."""
    inner = [*schema.get("oneOf", ()), *schema.get("anyOf", ()), *schema.get("properties", {}).values()]
    inner += [schema[key] for key in ("items", "additionalProperties") if isinstance(schema.get(key), dict)]
    return [*inner, contract.target(schema["$ref"])] if "$ref" in schema else inner


def own_parts(contract: Contract, schema: Schema) -> Iterator[Part]:
    """Yield the parts of one schema, without those of the schemas below it."""
    pointer = contract.pointer_to(schema)
    yield from (Part(pointer, "value", value) for value in schema.get("enum", ()) if isinstance(value, str))
    yield from (Part(pointer, "branch", case) for case in cases(contract, schema))
    if "items" in schema:
        yield from (Part(pointer, "array", case) for case in ("empty", "some"))
    for key in optional_keys(contract, schema):
        place = contract.pointer_to(schema["properties"][key])
        yield from (Part(place, "property", case) for case in states(contract, schema, key))


def optional_keys(contract: Contract, schema: Schema) -> list[str]:
    """Return the keys of an object schema that may be absent; never the tag, which its union needs."""
    tag = _tags(contract).get(contract.pointer_to(schema))
    return [key for key in schema.get("properties", ()) if key not in schema.get("required", ()) and key != tag]


@cache
def _tags(contract: Contract) -> Mapping[str, str]:
    """Map the pointer of each branch of a tagged union to the name of the tag."""
    unions = [schema for schema in contract.schemas.values() if "discriminator" in schema]
    return {
        reference.removeprefix("#"): union["discriminator"]["propertyName"]
        for union in unions
        for reference in union["discriminator"]["mapping"].values()
    }


def cases(contract: Contract, schema: Schema) -> list[str]:
    """Return the names of the branches of a union: their tags, or JSON types."""
    if "discriminator" in schema:
        return list(schema["discriminator"]["mapping"])
    options = schema.get("oneOf") or schema.get("anyOf") or ()
    return [kind for option in options for kind in contract.types(option) if kind != "null"]


def states(contract: Contract, schema: Schema, key: str) -> tuple[str, ...]:
    """Return the states that an optional property of an object schema can have."""
    nullable = "null" in contract.types(schema["properties"][key]) or (
        contract.profile != "documented" and may_be_null_on_wire(schema, key)
    )
    return ("absent", "null", "present") if nullable else ("absent", "present")


def parts_in(contract: Contract, name: str, instance: object) -> Iterator[Part]:
    """Yield the parts that an instance exercises, some more than once."""
    return _finder(contract).find(contract.schema(name), instance)


@cache
def _finder(contract: Contract) -> "_PartFinder":
    return _PartFinder(contract)


#: Keywords of the schemas that have parts, or may have some below them.
_HAS_PARTS = frozenset(("$ref", "oneOf", "anyOf", "enum", "items", "properties", "additionalProperties"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """The parts of one schema without reference or union, by what exercises them, made once."""

    values: Mapping[str, Part]
    array: tuple[Part, Part] | None  # empty, and some
    items: Schema
    declared: Mapping[str, Schema]
    states: tuple[tuple[str, Part, Part | None, Part], ...]  # key; absent, null, present
    members: Schema | None


class _PartFinder:
    """Finds the parts of one contract in instances; what depends on the contract only is made once."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._plans: dict[int, _Plan] = {}  # by the `id` of a schema, which the document keeps alive

    def find(self, schema: Schema, instance: object) -> Iterator[Part]:
        """Yield the parts that an instance exercises, level by level."""
        level = [(schema, instance)]
        while level:
            inner: list[tuple[Schema, object]] = []
            for each, value in level:
                yield from self._touch(each, value, inner)
            level = inner

    def _touch(self, schema: Schema, value: object, inner: list[tuple[Schema, object]]) -> Iterable[Part]:
        """Return the parts of its schema that one value exercises; append its members to `inner`."""
        while "$ref" in schema:
            schema = self._contract.target(schema["$ref"])
        if "oneOf" in schema or "anyOf" in schema:
            return self._touch_union(schema, value, inner)
        plan = self._plans.get(id(schema))
        if plan is None:
            plan = self._plans[id(schema)] = _plan(self._contract, schema)
        if isinstance(value, str):
            return (plan.values[value],) if value in plan.values else ()
        if isinstance(value, list) and plan.array:
            inner += [(plan.items, item) for item in value]
            return (plan.array[bool(value)],)
        return _touch_object(plan, value, inner) if isinstance(value, dict) else ()

    def _touch_union(self, union: Schema, value: object, inner: list[tuple[Schema, object]]) -> Iterable[Part]:
        chosen = self._contract.choose_branch(union, value)
        if chosen is None or value is None:
            return ()
        inner.append((chosen, value))
        return (_branch_part(self._contract.pointer_to(union), _case(self._contract, union, chosen, value)),)


def _touch_object(plan: _Plan, value: dict[str, Any], inner: list[tuple[Schema, object]]) -> Iterator[Part]:
    inner += [(plan.declared[key], child) for key, child in value.items() if child is not None and key in plan.declared]
    if plan.members is not None:
        inner += [(plan.members, member) for member in value.values()]
    for key, absent, null, present in plan.states:
        part = absent if key not in value else present if value[key] is not None else null
        if part is not None:
            yield part


def _plan(contract: Contract, schema: Schema) -> _Plan:
    pointer = contract.pointer_to(schema)
    members, declared = schema.get("additionalProperties"), schema.get("properties", {})
    rows = []
    for key in optional_keys(contract, schema):
        place = contract.pointer_to(declared[key])
        found = {case: Part(place, "property", case) for case in states(contract, schema, key)}
        rows.append((key, found["absent"], found.get("null"), found["present"]))
    return _Plan(
        values={value: Part(pointer, "value", value) for value in schema.get("enum", ()) if isinstance(value, str)},
        array=(Part(pointer, "array", "empty"), Part(pointer, "array", "some")) if "items" in schema else None,
        items=schema.get("items", {}),
        declared={key: schema for key, schema in declared.items() if not _HAS_PARTS.isdisjoint(schema)},
        states=tuple(rows),
        members=members if isinstance(members, dict) else None,
    )


@cache
def _branch_part(pointer: str, case: str) -> Part:
    return Part(pointer, "branch", case)


def _case(contract: Contract, union: Schema, chosen: Schema, value: object) -> str:
    if "discriminator" in union and isinstance(value, dict):
        return str(value[union["discriminator"]["propertyName"]])
    kinds = contract.types(chosen)
    return next(kind for kind in (json_type(value), *kinds) if kind in kinds)
