"""Every single mutation of a valid payload, and the violation that each must cause."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from vocode_contract.contract.minimal_values import LIMITS, branches_of, follow, minimal_value
from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Schema
from vocode_contract.strategies import values
from vocode_contract.strategies.locations import Place, SchemaStep, change_at, places

Change = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """A change that makes a valid payload invalid.

    Attributes:
        kind: Kind of mutation, such as ``number in quotes``.
        done: What is changed, as one sentence.
        code: Code of the one violation that it causes.
        instance_pointer: Place of that violation, as it is reported: keys of free-form maps read ``*``.
        schema: Name of the schema of the payloads.
        steps: The steps to the place that is changed.
        change: Maps the value at that place.
    """

    kind: str
    done: str
    code: str
    instance_pointer: str
    schema: str
    steps: tuple[SchemaStep, ...] = field(repr=False)
    change: Change = field(repr=False)

    def apply(self, contract: Contract, payload: Any) -> Any:
        """Return a mutated copy of a valid payload; a place that it lacks is added first."""
        return change_at(contract, contract.schema(self.schema), payload, steps=self.steps, change=self.change)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slip:
    """A mutation without its place; `below` are the keys from there to the violation."""

    kind: str
    done: str
    code: str
    change: Change
    below: tuple[str, ...] = ()


def mutations(contract: Contract, name: str) -> Iterator[Mutation]:
    """Yield every mutation of a schema: of every keyword at every place, also in unions, arrays and maps.

    Raises:
        UnknownSchema: The contract has no such schema.
    """
    for place in places(contract, name):
        where = place.pointer() or "the document"
        for slips in _SLIPS:
            for slip in slips(contract, place):
                yield Mutation(
                    kind=slip.kind,
                    done=f"{where}: {slip.done}.",
                    code=slip.code,
                    instance_pointer=place.pointer(*slip.below),
                    schema=name,
                    steps=place.steps,
                    change=slip.change,
                )


@cache
def all_mutations(contract: Contract, name: str) -> Mapping[str, tuple[Mutation, ...]]:
    """Return every mutation of a schema by kind; see `mutations`."""
    by_kind: dict[str, list[Mutation]] = {}
    for mutation in mutations(contract, name):
        by_kind.setdefault(mutation.kind, []).append(mutation)
    return {kind: tuple(found) for kind, found in by_kind.items()}


def _to(value: Any) -> Change:
    """Replace the value by a copy of another one, since whoever gets a payload may change it."""
    return lambda _old: value.copy() if isinstance(value, (dict, list)) else value


def _without(key: str, old: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in old.items() if name != key}


def _with(key: str, value: Any, old: dict[str, Any]) -> dict[str, Any]:
    return {**old, key: value}


def _id_of(old: Any) -> str:
    """Return the id of an object, or an example of one."""
    found = old.get("id") if isinstance(old, dict) else None
    return found if isinstance(found, str) else values.uuid(1)


def _required(_contract: Contract, place: Place) -> Iterator[_Slip]:
    for key in place.schema.get("required", ()):
        if key != place.tag:
            change = partial(_without, key)
            yield _Slip(kind="key missing", done=f"removed {key}", code="required", change=change, below=(key,))


_OF_TYPE: Mapping[str, tuple[tuple[str, str, Any], ...]] = {
    "boolean": (("boolean", "put true", True),),
    "integer": (("wrong type", "put an integer", 7),),
    "number": (("wrong type", "put a number with a fraction", 1.5),),
    "string": (("wrong type", "put a string", "text"),),
    "array": (("wrong type", "put an empty array", []),),
    "object": (("wrong type", "put an empty object", {}),),
}
_INSTEAD_OF: Mapping[str, tuple[str, str, Change]] = {
    "boolean": ("boolean in quotes", "put the boolean in quotes", lambda old: "true" if old else "false"),
    "integer": ("number in quotes", "put the integer in quotes", str),
    "number": ("number in quotes", "put the number in quotes", str),
    "array": ("array replaced", "put text with commas in place of the array", lambda _old: "a,b"),
    "object": ("object replaced by its id", "put the object's id in place of the object", _id_of),
}


def _type(contract: Contract, place: Place) -> Iterator[_Slip]:
    kinds = contract.types(place.schema)
    if place.is_branch or not kinds:
        return
    allowed = {*kinds, *(["integer"] if "number" in kinds else [])}
    for kind, samples in _OF_TYPE.items():
        if kind not in allowed:
            for name, done, value in samples:
                numeric = kind == "boolean" and allowed & {"integer", "number"}
                label = "boolean for a number" if numeric else "wrong type"
                yield _Slip(kind=label if kind == "boolean" else name, done=done, code="type", change=_to(value))
    for kind in kinds:
        if kind in _INSTEAD_OF and "string" not in allowed:
            name, done, change = _INSTEAD_OF[kind]
            yield _Slip(kind=name, done=done, code="type", change=change)


def _null(contract: Contract, place: Place) -> Iterator[_Slip]:
    kinds = contract.types(place.schema)
    if kinds and not place.is_branch and not place.nullable and "null" not in kinds:
        yield _Slip(kind="null", done="put null", code="null", change=_to(None))


def _enum(_contract: Contract, place: Place) -> Iterator[_Slip]:
    values = place.schema.get("enum") or ([place.schema["const"]] if "const" in place.schema else [])
    yield from _words("enum", values)


def _words(code: str, values: list[Any]) -> Iterator[_Slip]:
    if not all(value is None or isinstance(value, str) for value in values):
        return  # a word would be of the wrong type too
    if values:
        yield _Slip(kind=f"{code} unknown", done="put a word that is not listed", code=code, change=_to("unheard_of"))
    for value in values:
        other = value.swapcase() if isinstance(value, str) else value
        if other not in values:
            done = f"put {value} in other case"
            yield _Slip(kind=f"{code} in other case", done=done, code=code, change=_to(other))


def _uuid_of(old: Any) -> str:
    return old if isinstance(old, str) and len(old) == 36 else values.uuid(1)


_BROKEN: Mapping[str, tuple[tuple[str, Change], ...]] = {
    "uuid": (
        ("left out the hyphens", lambda old: _uuid_of(old).replace("-", "")),
        ("put braces around the UUID", lambda old: f"{{{_uuid_of(old)}}}"),
        ("put a hyphen behind the UUID", lambda old: f"{_uuid_of(old)}-"),
        ("wrote the UUID as URN", lambda old: f"urn:uuid:{_uuid_of(old)}"),
        ("put a line break behind the UUID", lambda old: f"{_uuid_of(old)}\n"),
        ("cut the last digit off", lambda old: _uuid_of(old)[:-1]),
        ("put a number in place of the UUID", _to("4711")),
        ("put the empty string", _to("")),
    ),
    "date-time": tuple(
        (done, _to(text))
        for done, text in (
            ("left out the offset", "2023-11-07T05:31:56"),
            ("put a space in place of the T", "2023-11-07 05:31:56+00:00"),
            ("left out the time of day", "2023-11-07"),
            ("put a line break behind the time", "2023-11-07T05:31:56Z\n"),
            ("wrote epoch seconds as text", "1699335116"),
            ("wrote the offset without colon", "2023-11-07T05:31:56+0000"),
            ("put a day that there is not", "2023-02-30T05:31:56Z"),
            ("wrote the day first", "07.11.2023 05:31"),
            ("put the empty string", ""),
        )
    ),
}


def _format(_contract: Contract, place: Place) -> Iterator[_Slip]:
    kind = "" if LIMITS & place.schema.keys() else place.schema.get("format", "")
    for done, change in _BROKEN.get(kind, ()):
        yield _Slip(kind=f"{kind} broken", done=done, code="format", change=change)


def _union_type(contract: Contract, place: Place) -> Iterator[_Slip]:
    if "discriminator" not in place.schema:
        return
    tag, mapping = place.schema["discriminator"]["propertyName"], place.schema["discriminator"]["mapping"]
    for slip in _words("union-type", list(mapping)):
        change = partial(_with, tag, slip.change(None))
        yield _Slip(kind=slip.kind, done=f"in {tag}, {slip.done}", code=slip.code, change=change, below=(tag,))
    for done, value, code in (("put an integer", 7, "type"), ("put null", None, "null")):
        change = partial(_with, tag, value)
        yield _Slip(kind="union type of wrong type", done=f"in {tag}, {done}", code=code, change=change, below=(tag,))
    if "oneOf" in place.schema:
        change = partial(_without, tag)
        yield _Slip(kind="union type missing", done=f"removed {tag}", code="required", change=change, below=(tag,))
    yield from _mismatches(contract, place.schema, tag)


def _mismatches(contract: Contract, union: Schema, tag: str) -> Iterator[_Slip]:
    """Yield, for each two branches, the fields of one under the tag of the other, so that one key is missing."""
    for fields in branches_of(union):
        for named in branches_of(union):
            target = follow(contract, named)
            made = minimal_value(contract, fields)
            lacking = [key for key in target.get("required", ()) if key not in made and key != tag]
            if not lacking:
                continue
            word = next(word for word, ref in union["discriminator"]["mapping"].items() if ref == named["$ref"])
            if contract.profile == "tolerant":  # it would report the keys that only the other type declares, as drift
                made = {key: value for key, value in made.items() if key in target["properties"]}
            made |= {key: minimal_value(contract, target["properties"][key]) for key in lacking[1:]}
            done = f"put the fields of another type under the {tag} {word}"
            change = _to({**made, tag: word})
            yield _Slip(kind="union type mismatched", done=done, code="required", change=change, below=(lacking[0],))


def _closed(_contract: Contract, place: Place) -> Iterator[_Slip]:
    if place.schema.get("additionalProperties") is False:
        yield _Slip(kind="closed object", done="put a key into it", code="closed", change=_to({"name": "mist"}))


#: Keyword to a value beyond a bound of it.
_BEYOND: Mapping[str, Callable[[Any], Any]] = {
    "minimum": lambda bound: bound - 1,
    "exclusiveMinimum": lambda bound: bound,
    "maximum": lambda bound: bound + 1,
    "exclusiveMaximum": lambda bound: bound,
    "minLength": lambda bound: "a" * (bound - 1),
    "maxLength": lambda bound: "a" * (bound + 1),
}


def _bounds(_contract: Contract, place: Place) -> Iterator[_Slip]:
    schema = place.schema
    if {"multipleOf", "pattern", "format", "enum", "const"} & schema.keys():
        return  # a second keyword may be violated with it
    for keyword, beyond in _BEYOND.items():
        if schema.get(keyword, 0) or (keyword in schema and keyword != "minLength"):
            yield _Slip(
                kind="value beyond its bound",
                done=f"put a value beyond {keyword}",
                code="bounds",
                change=_to(beyond(schema[keyword])),
            )


def _unknown_key(contract: Contract, place: Place) -> Iterator[_Slip]:
    if contract.profile == "tolerant" and "properties" in place.schema:
        change = partial(_with, "newer_key", True)
        done = "added newer_key"
        yield _Slip(kind="key unknown", done=done, code="unknown-key", change=change, below=("newer_key",))


_SLIPS: tuple[Callable[[Contract, Place], Iterator[_Slip]], ...] = (
    _required,
    _type,
    _null,
    _enum,
    _format,
    _union_type,
    _closed,
    _bounds,
    _unknown_key,
)
