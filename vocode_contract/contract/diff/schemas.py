"""Compare two schemas, keyword by keyword."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from vocode_contract.contract.diff.change import Change, make_removal
from vocode_contract.contract.diff.keywords import (
    RANGES,
    SIZES,
    compare_bounds,
    compare_discriminators,
    compare_keyword,
    compare_values,
    make_place_change,
    make_shape_change,
)
from vocode_contract.contract.diff.kinds import Direction
from vocode_contract.contract.diff.renames import match_renamed, strip_annotations
from vocode_contract.contract.diff.shape import ANNOTATIONS, Reader, SchemaPlace, Shape
from vocode_contract.contract.profile import may_be_null_on_wire

_COMPARED = ANNOTATIONS | {
    *SIZES,
    *(keyword for keywords in RANGES for keyword in keywords),
    *("type", "enum", "const", "format", "pattern", "multipleOf", "uniqueItems", "properties", "required", "items"),
    *("additionalProperties", "prefixItems", "unevaluatedProperties"),
}
#: Differences of such a pair that are listed.
_MOST_CHANGES = 1_000
#: Pairs of different references that are followed from one to the next.
_DEEPEST = 32
_TEXTS = ("title", "summary", "description")


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaComparison:
    """Compares schemas of two documents.

    Attributes:
        old: Reads the older document.
        new: Reads the newer document.
        renamed: Old name to new one of each schema that was only renamed.
        is_on_wire: Whether a property that is unset may be null, as servers send it.
        active: The pairs of schemas that are being compared, which may lead back to themselves.
        found: The differences of each pair that was compared, and where; a schema is known by its name or its text.
    """

    old: Reader
    new: Reader
    renamed: Mapping[str, str] = field(default_factory=dict)
    is_on_wire: bool = False
    active: frozenset[tuple[str, str]] = frozenset()
    found: dict[tuple[str, str], tuple[str, str, tuple[Change, ...]]] = field(default_factory=dict)

    def compare(
        self, was: SchemaPlace, now: SchemaPlace, *, nulls: tuple[bool, bool] = (False, False)
    ) -> Iterator[Change]:
        """Yield the differences of two schemas; the target of a reference that both have is not compared.

        Args:
            was: The older schema.
            now: The newer schema.
            nulls: Whether null is valid in each for another reason than its own words.
        """
        if was.schema == now.schema and nulls[0] == nulls[1] and not self._leads_elsewhere(was.schema):
            return
        before, after = self.old.read(was), self.new.read(now)
        yield from self._compare_annotations(before, after)
        is_same = bool(before.reference) and self.renamed.get(before.reference, before.reference) == after.reference
        if not is_same and (before.reference or after.reference):
            before, after = self.old.expand(before), self.new.expand(after)
        yield from self._compare_null(before, after, nulls)
        if is_same:
            return
        if before.reference or after.reference:
            yield from self._compare_targets(before, after)
        else:
            yield from self._compare_keywords(before, after)

    def _compare_targets(self, was: Shape, now: Shape) -> Iterator[Change]:
        """Yield the differences of two schemas, one of which has a name: many paths can lead there, and one back."""
        old_key, key = (shape.reference or json.dumps(shape.place.schema, sort_keys=True) for shape in (was, now))
        pair = old_key, key
        if pair in self.active or len(self.active) >= _DEEPEST:
            return
        if pair not in self.found:
            inner = replace(self, active=self.active | {pair})
            found = tuple(islice(inner._compare_keywords(was, now), _MOST_CHANGES))
            self.found[pair] = was.place.pointer, now.place.pointer, found
        old_place, place, found = self.found[pair]
        for change in found:
            old_pointer = change.old_pointer and was.place.pointer + change.old_pointer.removeprefix(old_place)
            pointer = old_pointer if change.is_removal else now.place.pointer + change.pointer.removeprefix(place)
            yield replace(change, pointer=pointer, old_pointer=old_pointer)

    def _leads_elsewhere(self, schema: Any) -> bool:
        """Return whether equal schemas can differ: they name a schema that now has another name, or another meaning."""
        return bool(self.renamed) and "$ref" in str(schema)

    def _compare_keywords(self, was: Shape, now: Shape) -> Iterator[Change]:
        if was.members or now.members:
            yield from self._compare_members(was, now)
        else:
            yield from self._compare_types(was, now)
        yield from compare_keyword(was, now, "format")
        yield from compare_values(was, now)
        yield from compare_bounds(was, now)
        yield from compare_keyword(was, now, "pattern")
        for keyword in sorted({*was.keywords, *now.keywords} - _COMPARED):
            if not keyword.startswith(("x-", "$")) and was.keywords.get(keyword) != now.keywords.get(keyword):
                yield make_shape_change("constraint-changed", was, now, before=keyword, after=keyword)
        if bool(was.members) is bool(now.members):  # else the members say it all
            yield from self._compare_parts(was, now)
            yield from self._compare_properties(was, now)

    def _compare_annotations(self, was: Shape, now: Shape) -> Iterator[Change]:
        for keyword in _TEXTS:
            if was.keywords.get(keyword) != now.keywords.get(keyword):
                yield make_shape_change("text-changed", was, now, before=keyword, after=keyword)
        if any(was.keywords.get(keyword) != now.keywords.get(keyword) for keyword in ("example", "examples")):
            yield make_shape_change("example-changed", was, now)
        yield from compare_keyword(was, now, "default")
        if was.keywords.get("x-sensitivity") != now.keywords.get("x-sensitivity"):
            before, after = (str(shape.keywords.get("x-sensitivity", "")) for shape in (was, now))
            yield make_shape_change("sensitivity-changed", was, now, before=before, after=after)
        for keyword, noun in (("readOnly", "read-only"), ("writeOnly", "write-only")):
            was_set, is_set = (shape.keywords.get(keyword) is True for shape in (was, now))
            if was_set is not is_set:
                yield make_shape_change(f"{noun}-added" if is_set else f"{noun}-removed", was, now)
        yield from compare_deprecation(was.keywords, now.keywords, was.place.pointer, now.place.pointer)

    def _compare_null(self, was: Shape, now: Shape, nulls: tuple[bool, bool]) -> Iterator[Change]:
        before, after = was.nullable or nulls[0], now.nullable or nulls[1]
        if before is not after and (was.reference or self.old.types(was)) and (now.reference or self.new.types(now)):
            yield make_shape_change("null-added" if after else "null-removed", was, now)

    def _compare_types(self, was: Shape, now: Shape) -> Iterator[Change]:
        before, after = self.old.types(was), self.new.types(now)
        if before == after:
            return
        if not before or (after and after < before):
            kind = "type-narrowed"
        else:
            kind = "type-widened" if not after or before < after else "type-changed"
        yield make_shape_change(kind, was, now, before=_join_types(before), after=_join_types(after))

    def _compare_members(self, was: Shape, now: Shape) -> Iterator[Change]:
        before = {self.renamed.get(name, name): schema for name, schema in self.old.list_members(was).items()}
        after = self.new.list_members(now)
        for name in after:
            if name not in before:
                yield make_shape_change("member-added", was, now, after=name)
            elif name not in self.new.schemas:  # a member without a name of its own
                yield from self.compare(replace(was.place, schema=before[name]), replace(now.place, schema=after[name]))
        for name in before:
            if name not in after:
                yield make_shape_change("member-removed", was, now, before=name)
        if was.members and now.members:
            required = self.old.requires_discriminator(was), self.new.requires_discriminator(now)
            yield from compare_discriminators(was, now, self.renamed, required=required)

    def _compare_parts(self, was: Shape, now: Shape) -> Iterator[Change]:
        for keyword in ("items", "additionalProperties"):
            before, after = was.keywords.get(keyword, {}), now.keywords.get(keyword, {})
            if keyword == "additionalProperties" and was.is_closed is not now.is_closed:
                yield make_shape_change("object-opened" if was.is_closed else "object-closed", was, now)
            elif before != after and before is not False and after is not False:
                places = (shape.place.below(keyword, schema=part) for shape, part in ((was, before), (now, after)))
                yield from self.compare(*places)
            elif before != after and keyword == "items":
                yield make_shape_change("constraint-changed", was, now, before=keyword, after=keyword)
        earlier, later = (shape.keywords.get("prefixItems", []) for shape in (was, now))
        for index, (before, after) in enumerate(zip(earlier, later, strict=False)):
            token = ("prefixItems", str(index))
            yield from self.compare(was.place.below(*token, schema=before), now.place.below(*token, schema=after))
        if len(earlier) != len(later):
            yield make_shape_change("constraint-changed", was, now, before="prefixItems", after="prefixItems")

    def _compare_properties(self, was: Shape, now: Shape) -> Iterator[Change]:
        before, after = was.properties, now.properties
        was_required, now_required = was.required, now.required
        gone = {name: place for name, place in before.items() if name not in after}
        fresh = {name: place for name, place in after.items() if name not in before}
        renamed = match_renamed(gone, fresh, lambda name, new: _is_alike(gone[name], fresh[new]))
        for name, place in gone.items():
            if name in renamed:
                new = renamed[name]
                kind = _name_renamed_key((name, new), was, now)
                yield make_place_change(kind, place, after[new], before=name, after=new)
                yield from _compare_required(name in was_required, new in now_required, place, after[new])
                yield from self._compare_property((was, now), (name, new), (place, after[new]))
            else:
                kind = _name_key_change("removed", is_required=name in was_required, is_closed=now.is_closed)
                yield from _limit_to_users([make_removal(kind, place.pointer, name)], place)
        for name, place in after.items():
            if name in before:
                yield from _compare_required(name in was_required, name in now_required, before[name], place)
                yield from self._compare_property((was, now), (name, name), (before[name], place))
            elif name not in renamed.values():
                kind = _name_key_change("added", is_required=name in now_required, is_closed=was.is_closed)
                yield from _limit_to_users([Change(kind=kind, pointer=place.pointer, after=name)], place)
        for name in sorted((was_required ^ now_required) - {*before, *after}):
            places = [shape.place.below("properties", name, schema={}) for shape in (was, now)]
            yield from _compare_required(name in was_required, name in now_required, *places)

    def _compare_property(
        self, shapes: tuple[Shape, Shape], names: tuple[str, str], places: tuple[SchemaPlace, SchemaPlace]
    ) -> Iterator[Change]:
        """Yield the changes of the values of a property of two objects."""
        old_null, null = (self._may_be_unset(shape, name) for shape, name in zip(shapes, names, strict=True))
        yield from _limit_to_users(self.compare(*places, nulls=(old_null, null)), *places)

    def _may_be_unset(self, shape: Shape, name: str) -> bool:
        if not self.is_on_wire or not isinstance(shape.keywords["properties"][name], dict):
            return False
        return may_be_null_on_wire({**shape.keywords, "required": shape.required}, name)


def compare_deprecation(
    was: Mapping[str, Any], now: Mapping[str, Any], old_pointer: str, pointer: str
) -> Iterator[Change]:
    """Yield a change if one of two objects of a document is deprecated and the other is not."""
    before, after = was.get("deprecated") is True, now.get("deprecated") is True
    if before is not after:
        yield Change(kind="deprecated" if after else "deprecation-removed", pointer=pointer, old_pointer=old_pointer)


def limit_directions(changes: Iterable[Change], directions: tuple[Direction, ...]) -> Iterator[Change]:
    """Yield the changes that concern clients that use a place in these directions, and only for them."""
    for change in changes:
        if here := tuple(each for each in directions if each in change.directions or not change.directions):
            yield replace(change, directions=here)


def _limit_to_users(changes: Iterable[Change], *places: SchemaPlace) -> Iterable[Change]:
    """Limit changes of a property that is only in responses, or only in requests, to whoever has it there."""
    hidden: dict[Direction, str] = {"sent": "readOnly", "received": "writeOnly"}
    users = tuple(
        direction
        for direction, keyword in hidden.items()
        if not all(isinstance(each.schema, dict) and each.schema.get(keyword) is True for each in places)
    )
    return changes if len(users) == len(hidden) else limit_directions(changes, users)


def _compare_required(was_required: bool, is_required: bool, was: SchemaPlace, now: SchemaPlace) -> Iterator[Change]:
    if was_required is not is_required:
        yield make_place_change("required" if is_required else "optional", was, now)


def _is_alike(was: SchemaPlace, now: SchemaPlace) -> bool:
    return strip_annotations(was.schema) == strip_annotations(now.schema)


def _name_renamed_key(names: tuple[str, str], was: Shape, now: Shape) -> str:
    if names[0] in was.required and names[1] in now.required:
        return "required-key-renamed"
    return "closed-key-renamed" if was.is_closed and now.is_closed else "key-renamed"


def _name_key_change(end: str, *, is_required: bool, is_closed: bool) -> str:
    """Return the kind of a change of a property.

    Args:
        end: ``added`` or ``removed``.
        is_required: Whether it is required in the contract that has it.
        is_closed: Whether the object of the other contract can have no property that it does not declare.
    """
    return "-".join([*(["closed"] if is_closed else []), *(["required"] if is_required else []), "key", end])


def _join_types(types: Iterable[str]) -> str:
    found = frozenset(types)
    return ", ".join(sorted(found - {"integer"} if "number" in found else found)) or "any"
