"""Shape: what a schema means, however it is written.

``nullable``, a list of types with ``null``, and a union with null are one; so are ``allOf`` around one reference and
the reference, ``const`` and ``enum``, and both forms of an exclusive bound.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from vocode_contract.contract.json_pointer import escape
from vocode_contract.contract.json_types import json_type
from vocode_contract.contract.operation import Schema

COMPONENTS = "#/components/schemas/"

#: Keywords that rule no value out.
ANNOTATIONS = frozenset(
    (
        *("title", "description", "summary", "example", "examples", "default", "deprecated", "readOnly"),
        *("writeOnly", "externalDocs", "xml", "$comment", "discriminator", "nullable"),
    )
)
_STRUCTURE = frozenset(("$ref", "allOf", "anyOf", "oneOf", "nullable"))
#: Levels of references, ``allOf`` and unions that are followed.
_DEEPEST = 32


@dataclass(frozen=True, slots=True)
class SchemaPlace:
    """A schema, and the JSON Pointer by which it is named; its branches are named like itself."""

    schema: Any
    pointer: str

    def below(self, *tokens: str, schema: Any) -> "SchemaPlace":
        """Return a part of the schema."""
        return SchemaPlace(schema, "/".join((self.pointer, *map(escape, tokens))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A schema without references, ``allOf`` and null.

    Attributes:
        place: Where it is.
        keywords: The other keywords; those of a reference are resolved by `expand`.
        nullable: Whether null is valid.
        reference: Name of the schema under ``components`` that it stands for; empty if it is none.
        members: The members of a union besides null.
        is_exclusive: Whether the union is a ``oneOf``.
    """

    place: SchemaPlace
    keywords: Schema
    nullable: bool = False
    reference: str = ""
    members: tuple[Any, ...] = ()
    is_exclusive: bool = False

    @property
    def values(self) -> tuple[Any, ...] | None:
        """The enumerated values besides null; ``None`` if all are valid."""
        if "const" in self.keywords:
            return (self.keywords["const"],) if self.keywords["const"] is not None else ()
        listed = self.keywords.get("enum")
        return tuple(value for value in listed if value is not None) if isinstance(listed, list) else None

    @property
    def discriminator(self) -> str:
        """The property that tells the members of a union apart; empty if there is none."""
        found = self.keywords.get("discriminator")
        return str(found.get("propertyName", "")) if isinstance(found, dict) else ""

    @property
    def properties(self) -> Mapping[str, SchemaPlace]:
        """Each declared property."""
        found = self.keywords.get("properties")
        found = found if isinstance(found, dict) else {}
        above = f"{self.place.pointer}/properties"
        return {name: SchemaPlace(schema, f"{above}/{escape(name)}") for name, schema in found.items()}

    @property
    def required(self) -> frozenset[str]:
        """Names of the required properties."""
        found = self.keywords.get("required")
        return frozenset(name for name in found if isinstance(name, str)) if isinstance(found, list) else frozenset()

    @property
    def is_closed(self) -> bool:
        """Whether an object can have no other properties."""
        return any(self.keywords.get(key) is False for key in ("additionalProperties", "unevaluatedProperties"))


class Reader:
    """Reads the shapes of the schemas of one document."""

    def __init__(self, document: Schema) -> None:
        self.document = document
        components = document.get("components")
        schemas = components.get("schemas") if isinstance(components, dict) else None
        self.schemas: Schema = schemas if isinstance(schemas, dict) else {}
        self._named: dict[str, Shape] = {}
        self._depth = 0

    def read(self, place: SchemaPlace, depth: int = 0) -> Shape:
        """Return the shape of a schema; one that stands for a reference has only its own annotations as keywords."""
        schema = place.schema
        if not isinstance(schema, dict):
            return Shape(place=place, keywords={} if schema is not False else {"not": {}})
        keywords = {key: value for key, value in schema.items() if key not in _STRUCTURE}
        options, nullable = _split_union(schema)
        nullable = _take_null(keywords) or nullable or schema.get("nullable") is True
        parts = [*([{"$ref": schema["$ref"]}] if isinstance(schema.get("$ref"), str) else []), *_list(schema, "allOf")]
        if len(options) == 1:
            parts.append(options.pop())
        shape = Shape(
            place=place,
            keywords=keywords,
            nullable=nullable,
            members=tuple(options),
            is_exclusive=bool(_list(schema, "oneOf")),
        )
        if depth > _DEEPEST or not parts:
            return self._join_plain_members(shape)
        if len(parts) == 1 and not options and keywords.keys() <= ANNOTATIONS:
            return self._wrap(shape, parts[0], depth)
        return self._merge(shape, parts, depth)

    def expand(self, shape: Shape) -> Shape:
        """Return a shape with the keywords of the schema that it stands for."""
        if shape.reference not in self.schemas:
            return shape
        target = self._read_named(shape.reference)
        return replace(
            target,
            place=SchemaPlace(target.place.schema, shape.place.pointer),
            keywords={**target.keywords, **shape.keywords},
            nullable=shape.nullable or target.nullable,
            reference=shape.reference,
        )

    def _read_named(self, name: str) -> Shape:
        """Return the shape of a named schema; what leads back to itself, or on and on, has no keywords there."""
        if name in self._named:
            return self._named[name]
        place = SchemaPlace(self.schemas[name], "")
        unread = Shape(place=place, keywords={})
        if self._depth > _DEEPEST:
            return unread
        self._named[name] = unread
        self._depth += 1
        self._named[name] = self.expand(self.read(place))
        self._depth -= 1
        return self._named[name]

    def types(self, shape: Shape) -> frozenset[str]:
        """Return the JSON types besides null that a shape allows; none if it allows all."""
        shape = self.expand(shape)
        kinds = shape.keywords.get("type", ())
        found = frozenset((kinds,) if isinstance(kinds, str) else kinds)
        if not found and shape.members:
            below = [self.types(self.read(SchemaPlace(member, ""))) for member in self.list_members(shape).values()]
            found = frozenset().union(*below) if all(below) else frozenset()
        if not found and shape.values:
            found = frozenset(map(json_type, shape.values))
        if not found and any(key in shape.keywords for key in ("properties", "additionalProperties")):
            found = frozenset(("object",))
        return found | {"integer"} if "number" in found else found

    def requires_discriminator(self, shape: Shape) -> bool:
        """Return whether an object of a union must have the discriminator.

        Without it, an object may conform to all members, which ``oneOf`` forbids and ``anyOf`` does not.
        """
        members = (self.expand(self.read(SchemaPlace(member, ""))) for member in shape.members)
        return shape.is_exclusive or all(shape.discriminator in member.required for member in members)

    def list_members(self, shape: Shape) -> Mapping[str, Any]:
        """Map the name of each member of a union to its schema, unions in it replaced by their members.

        A member is named by its reference, or by its types and a number. What is no union is its own member.
        """
        found: dict[str, Any] = {}
        waiting, seen = [shape], set()
        while waiting:
            each = waiting.pop(0)
            expanded = self.expand(each)
            if expanded.members:
                if expanded.reference not in seen:
                    waiting[:0] = [self.read(SchemaPlace(member, shape.place.pointer)) for member in expanded.members]
                seen |= {expanded.reference} - {""}
            else:
                name = each.reference or ", ".join(sorted(self.types(expanded))) or "any"
                same = sum(other == name or other.startswith(f"{name} ") for other in found)
                found[name if each.reference or not same else f"{name} {same + 1}"] = each.place.schema
        return found

    def _wrap(self, shape: Shape, part: Any, depth: int) -> Shape:
        """Return the shape of a schema that adds annotations to another."""
        reference = part.get("$ref") if isinstance(part, dict) else None
        if isinstance(reference, str) and reference.startswith(COMPONENTS) and part.keys() - {"$ref"} <= ANNOTATIONS:
            own = {key: value for key, value in part.items() if key not in _STRUCTURE}
            nullable = shape.nullable or part.get("nullable") is True
            name = reference.removeprefix(COMPONENTS)
            return replace(shape, keywords={**own, **shape.keywords}, nullable=nullable, reference=name)
        inner = self.read(SchemaPlace(part, shape.place.pointer), depth + 1)
        keywords = {**inner.keywords, **shape.keywords}
        return replace(inner, place=shape.place, keywords=keywords, nullable=shape.nullable or inner.nullable)

    def _merge(self, shape: Shape, parts: Iterable[Any], depth: int) -> Shape:
        """Return the shape of a schema that combines its own keywords with others (``allOf``)."""
        inner = [self.expand(self.read(SchemaPlace(part, shape.place.pointer), depth + 1)) for part in parts if part]
        empty: Schema = {}
        keywords = reduce(_combine, (each.keywords for each in inner), empty)
        union = next((each for each in (shape, *inner) if each.members), shape)
        nullable = shape.nullable or (bool(inner) and all(each.nullable for each in inner))
        return replace(
            shape,
            keywords=_combine(keywords, shape.keywords),
            members=union.members,
            is_exclusive=union.is_exclusive,
            nullable=nullable,
        )

    def _join_plain_members(self, shape: Shape) -> Shape:
        """Turn a union of nothing but types into a list of types."""
        if not shape.members or not all(_is_plain_type(member) for member in shape.members):
            return shape
        kinds = [kind for member in shape.members for kind in _list_types(member)]
        return replace(shape, members=(), keywords={**shape.keywords, "type": list(dict.fromkeys(kinds))})


def _split_union(schema: Schema) -> tuple[list[Any], bool]:
    """Return the members of a union besides null, and whether null is one."""
    found = _list(schema, "oneOf") or _list(schema, "anyOf")
    options = [option for option in found if not _is_null(option)]
    return options, len(options) < len(found)


def _is_null(schema: Any) -> bool:
    if not isinstance(schema, dict):
        return False
    return schema.get("type") in ("null", ["null"]) or schema.get("enum") == [None] or schema.get("const", 0) is None


def _take_null(keywords: dict[str, Any]) -> bool:
    """Take null out of the types and the values; return whether it was valid. Make exclusive bounds numbers."""
    kinds, values = keywords.get("type"), keywords.get("enum")
    if isinstance(kinds, list):
        keywords["type"] = [kind for kind in kinds if kind != "null"]
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(keywords.get(exclusive), bool) and keywords.pop(exclusive) and bound in keywords:
            keywords[exclusive] = keywords.pop(bound)
    is_typed = not kinds or (isinstance(kinds, list) and "null" in kinds)
    is_listed = keywords.get("const", 0) is None or (isinstance(values, list) and None in values)
    return is_typed and (is_listed if {"const", "enum"} & keywords.keys() else bool(kinds))


def _is_plain_type(schema: Any) -> bool:
    return isinstance(schema, dict) and "type" in schema and schema.keys() - {"type"} <= ANNOTATIONS - {"nullable"}


def _list_types(schema: Schema) -> list[str]:
    kinds = schema["type"]
    return [kinds] if isinstance(kinds, str) else [*kinds]


def _list(schema: Schema, keyword: str) -> list[Any]:
    found = schema.get(keyword)
    return [*found] if isinstance(found, list) else []


def _combine(one: Schema, other: Schema) -> dict[str, Any]:
    """Return the keywords of two schemas that must both hold; where both decide, those of the second."""
    both = {**one, **other}
    if isinstance(one.get("properties"), dict) and isinstance(other.get("properties"), dict):
        shared = {
            name: {"allOf": [schema, other["properties"][name]]}
            for name, schema in one["properties"].items()
            if name in other["properties"] and schema != other["properties"][name]
        }
        both["properties"] = {**one["properties"], **other["properties"], **shared}
    if isinstance(one.get("required"), list) and isinstance(other.get("required"), list):
        both["required"] = [*one["required"], *other["required"]]
    return both


def find_references(node: Any) -> Iterator[str]:
    """Yield every reference in a part of a document, except in the values of ``default`` and of examples."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if isinstance(part.get("$ref"), str):
                yield part["$ref"]
            waiting += (child for key, child in part.items() if key not in ("default", "example", "examples"))
        elif isinstance(part, list):
            waiting += part
