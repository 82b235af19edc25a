"""Compare two schemas, keyword by keyword."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from typing import Any

from vocode_contract.contract.diff.change import Change, make_removal
from vocode_contract.contract.diff.kinds import Direction
from vocode_contract.contract.diff.shape import ANNOTATIONS, Reader, SchemaPlace, Shape
from vocode_contract.contract.profile import may_be_null_on_wire

#: Keyword -> whether a greater number rules out more.
_BOUNDS: Mapping[str, bool] = {
    "minimum": True,
    "exclusiveMinimum": True,
    "minLength": True,
    "minItems": True,
    "minProperties": True,
    "maximum": False,
    "exclusiveMaximum": False,
    "maxLength": False,
    "maxItems": False,
    "maxProperties": False,
}
_COMPARED = ANNOTATIONS | {
    *_BOUNDS,
    *("type", "enum", "const", "format", "pattern", "multipleOf", "uniqueItems", "properties", "required", "items"),
    *("additionalProperties", "prefixItems", "unevaluatedProperties"),
}
#: A property is taken for a renamed one if its name is so similar.
_SIMILAR = 0.6
_MOST_TEXT = 60
_SENSITIVE = re.compile("key|token|secret|password|credential|authorization|phone|email", re.IGNORECASE)
_TEXTS = ("title", "summary", "description")


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaComparison:
    """Compares schemas of two documents.

    Attributes:
        old: Reads the older document.
        new: Reads the newer document.
        renamed: Old name to new one of each schema that was only renamed.
        is_on_wire: Whether a property that is unset may be null, as servers send it.
        active: The pairs of references that are being compared, which end in themselves.
    """

    old: Reader
    new: Reader
    renamed: Mapping[str, str] = field(default_factory=dict)
    is_on_wire: bool = False
    active: frozenset[tuple[str, str]] = frozenset()

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
        pair = before.reference, after.reference
        if is_same or (any(pair) and pair in self.active):
            return
        inner = replace(self, active=self.active | {pair}) if any(pair) else self
        yield from inner._compare_keywords(before, after)

    def _leads_elsewhere(self, schema: Any) -> bool:
        """Return whether equal schemas can differ: they name a schema that now has another name, or another meaning."""
        return bool(self.renamed) and "$ref" in str(schema)

    def _compare_keywords(self, was: Shape, now: Shape) -> Iterator[Change]:
        if was.members or now.members:
            yield from self._compare_members(was, now)
        else:
            yield from self._compare_types(was, now)
        yield from _compare_words(was, now, "format")
        yield from _compare_values(was, now)
        yield from _compare_bounds(was, now)
        yield from _compare_words(was, now, "pattern")
        for keyword in sorted({*was.keywords, *now.keywords} - _COMPARED):
            if not keyword.startswith("x-") and was.keywords.get(keyword) != now.keywords.get(keyword):
                yield _change("constraint-changed", was, now, before=keyword, after=keyword)
        if bool(was.members) is bool(now.members):  # else the members say it all
            yield from self._compare_parts(was, now)
            yield from self._compare_properties(was, now)

    def _compare_annotations(self, was: Shape, now: Shape) -> Iterator[Change]:
        for keyword in _TEXTS:
            if was.keywords.get(keyword) != now.keywords.get(keyword):
                yield _change("text-changed", was, now, before=keyword, after=keyword)
        if any(was.keywords.get(keyword) != now.keywords.get(keyword) for keyword in ("example", "examples")):
            yield _change("example-changed", was, now)
        yield from _compare_words(was, now, "default")
        if was.keywords.get("x-sensitivity") != now.keywords.get("x-sensitivity"):
            before, after = (str(shape.keywords.get("x-sensitivity", "")) for shape in (was, now))
            yield _change("sensitivity-changed", was, now, before=before, after=after)
        for keyword, noun in (("readOnly", "read-only"), ("writeOnly", "write-only")):
            was_set, is_set = (shape.keywords.get(keyword) is True for shape in (was, now))
            if was_set is not is_set:
                yield _change(f"{noun}-added" if is_set else f"{noun}-removed", was, now)
        yield from compare_deprecation(was.keywords, now.keywords, was.place.pointer, now.place.pointer)

    def _compare_null(self, was: Shape, now: Shape, nulls: tuple[bool, bool]) -> Iterator[Change]:
        before, after = was.nullable or nulls[0], now.nullable or nulls[1]
        if before is not after and (was.reference or self.old.types(was)) and (now.reference or self.new.types(now)):
            yield _change("null-added" if after else "null-removed", was, now)

    def _compare_types(self, was: Shape, now: Shape) -> Iterator[Change]:
        before, after = self.old.types(was), self.new.types(now)
        if before == after:
            return
        if not before or (after and after < before):
            kind = "type-narrowed"
        else:
            kind = "type-widened" if not after or before < after else "type-changed"
        yield _change(kind, was, now, before=_join_types(before), after=_join_types(after))

    def _compare_members(self, was: Shape, now: Shape) -> Iterator[Change]:
        before = {self.renamed.get(name, name): schema for name, schema in self.old.list_members(was).items()}
        after = self.new.list_members(now)
        for name in after:
            if name not in before:
                yield _change("member-added", was, now, after=name)
            elif name not in self.new.schemas:  # a member without a name of its own
                yield from self.compare(replace(was.place, schema=before[name]), replace(now.place, schema=after[name]))
        for name in before:
            if name not in after:
                yield _change("member-removed", was, now, before=name)
        if was.members and now.members:
            yield from _compare_discriminators(was, now)

    def _compare_parts(self, was: Shape, now: Shape) -> Iterator[Change]:
        for keyword in ("items", "additionalProperties"):
            before, after = was.keywords.get(keyword, {}), now.keywords.get(keyword, {})
            if keyword == "additionalProperties" and was.is_closed is not now.is_closed:
                yield _change("object-opened" if was.is_closed else "object-closed", was, now)
            elif before != after and before is not False and after is not False:
                places = (shape.place.below(keyword, schema=part) for shape, part in ((was, before), (now, after)))
                yield from self.compare(*places)
            elif before != after and keyword == "items":
                yield _change("constraint-changed", was, now, before=keyword, after=keyword)
        earlier, later = (shape.keywords.get("prefixItems", []) for shape in (was, now))
        for index, (before, after) in enumerate(zip(earlier, later, strict=False)):
            token = ("prefixItems", str(index))
            yield from self.compare(was.place.below(*token, schema=before), now.place.below(*token, schema=after))
        if len(earlier) != len(later):
            yield _change("constraint-changed", was, now, before="prefixItems", after="prefixItems")

    def _compare_properties(self, was: Shape, now: Shape) -> Iterator[Change]:
        before, after = was.properties, now.properties
        gone = {name: place for name, place in before.items() if name not in after}
        fresh = {name: place for name, place in after.items() if name not in before}
        renamed = self._match_renamed(gone, fresh)
        for name in gone:
            if name in renamed:
                new = renamed[name]
                kind = "required-key-renamed" if name in was.required else "key-renamed"
                yield _between(kind, before[name], after[new], before=name, after=new)
                yield from self._compare_property(was, now, name, new)
            else:
                yield make_removal(_kind_of_removed_key(name, was, now), before[name].pointer, name)
        for name in after:
            if name in fresh and name not in renamed.values():
                kind = "required-key-added" if name in now.required else "key-added"
                yield _added("closed-key-added" if was.is_closed and kind == "key-added" else kind, after[name], name)
            elif name in before:
                yield from self._compare_property(was, now, name, name)
        undeclared = (was.required ^ now.required) - {*before, *after}
        for name in sorted(undeclared):
            places = (shape.place.below("properties", name, schema={}) for shape in (was, now))
            yield _between("required" if name in now.required else "optional", *places)

    def _compare_property(self, was: Shape, now: Shape, old_name: str, name: str) -> Iterator[Change]:
        before, after = was.properties[old_name], now.properties[name]
        yield from self._compare_required(was, now, old_name, name)
        nulls = (self._may_be_unset(was, old_name), self._may_be_unset(now, name))
        # What is only in responses is never sent, and the other way round.
        hidden: dict[Direction, str] = {"sent": "readOnly", "received": "writeOnly"}
        only = tuple(
            direction
            for direction, keyword in hidden.items()
            if not all(isinstance(each.schema, dict) and each.schema.get(keyword) for each in (before, after))
        )
        for change in self.compare(before, after, nulls=nulls):
            yield change if len(only) == len(hidden) else limit_directions(change, only)

    @staticmethod
    def _compare_required(was: Shape, now: Shape, old_name: str, name: str) -> Iterator[Change]:
        before, after = old_name in was.required, name in now.required
        if before is not after:
            yield _between("required" if after else "optional", was.properties[old_name], now.properties[name])

    def _may_be_unset(self, shape: Shape, name: str) -> bool:
        if not self.is_on_wire or not isinstance(shape.keywords["properties"][name], dict):
            return False
        return may_be_null_on_wire({**shape.keywords, "required": shape.required}, name)

    def _match_renamed(self, gone: Mapping[str, SchemaPlace], fresh: Mapping[str, SchemaPlace]) -> Mapping[str, str]:
        """Map each property that is gone to the new one that it probably is: alike in name and equal in schema."""
        found: dict[str, str] = {}
        for name, place in gone.items():
            equals = [
                new
                for new, other in fresh.items()
                if new not in found.values() and strip_annotations(place.schema) == strip_annotations(other.schema)
            ]
            if new := find_similar(name, equals):
                found[name] = new
        return found


def compare_deprecation(
    was: Mapping[str, Any], now: Mapping[str, Any], old_pointer: str, pointer: str
) -> Iterator[Change]:
    """Yield a change if one of two objects of a document is deprecated and the other is not."""
    before, after = was.get("deprecated") is True, now.get("deprecated") is True
    if before is not after:
        yield Change(kind="deprecated" if after else "deprecation-removed", pointer=pointer, old_pointer=old_pointer)


def limit_directions(change: Change, directions: tuple[Direction, ...]) -> Change:
    """Return a change that concerns only clients that use the place in these directions."""
    return replace(
        change, directions=tuple(each for each in directions if each in change.directions or not change.directions)
    )


def strip_annotations(schema: Any) -> str:
    """Return a schema as text without what rules no value out, to compare meanings."""
    return json.dumps(_strip(schema), sort_keys=True)


def _strip(node: Any, *, is_map: bool = False) -> Any:
    """Copy a schema without its annotations; in a map from names to schemas, every name is kept."""
    if isinstance(node, dict):
        return {
            key: _strip(child, is_map=not is_map and key in ("properties", "$defs", "patternProperties"))
            for key, child in node.items()
            if is_map or key not in ANNOTATIONS or key in ("discriminator", "nullable")
        }
    return [_strip(child) for child in node] if isinstance(node, list) else node


def find_similar(name: str, candidates: Iterable[str]) -> str:
    """Return the candidate whose spelling is so close to a name that it may be its new one; empty if there is none."""

    def rate(other: str) -> float:
        one, two = (re.sub("[^a-z0-9]", "", word.lower()) for word in (name, other))
        if one == two or one in two or two in one:
            return 1.0
        return SequenceMatcher(None, one, two).ratio()

    best = max(candidates, key=rate, default="")
    return best if best and rate(best) >= _SIMILAR else ""


def _kind_of_removed_key(name: str, was: Shape, now: Shape) -> str:
    if name in was.required:
        return "required-key-removed"
    return "closed-key-removed" if now.is_closed else "key-removed"


def _compare_words(was: Shape, now: Shape, keyword: str) -> Iterator[Change]:
    """Yield a change if a keyword is new, gone or different; its kinds are named for it."""
    missing = object()
    before, after = was.keywords.get(keyword, missing), now.keywords.get(keyword, missing)
    if before == after and isinstance(before, bool) is isinstance(after, bool):
        return
    end = "added" if before is missing else "removed" if after is missing else "changed"
    texts = ["" if word is missing else show_value(word, shape) for word, shape in ((before, was), (after, now))]
    yield _change(f"{keyword}-{end}", was, now, before=texts[0], after=texts[1])


def _compare_values(was: Shape, now: Shape) -> Iterator[Change]:
    if was.values is None or now.values is None:
        if was.values is not now.values:
            before, after = (_join_values(shape) for shape in (was, now))
            yield _change("enum-added" if was.values is None else "enum-removed", was, now, before=before, after=after)
        return
    earlier, later = ({show_value(value, shape): value for value in shape.values or ()} for shape in (was, now))
    gone = [value for value in earlier if value not in later]
    fresh = [value for value in later if value not in earlier]
    for value in [*gone]:
        if new := find_similar(value, fresh):
            gone.remove(value)
            fresh.remove(new)
            yield _change("value-renamed", was, now, before=value, after=new)
    for value in sorted(fresh):
        yield _change("value-added", was, now, after=value)
    for value in sorted(gone):
        yield _change("value-removed", was, now, before=value)


def _compare_bounds(was: Shape, now: Shape) -> Iterator[Change]:
    for keyword, rules_out_more in _BOUNDS.items():
        before, after = (_number(shape, keyword) for shape in (was, now))
        if before == after:
            continue
        is_new_or_gone = before is None or after is None
        is_tighter = before is None if is_new_or_gone else (after > before) is rules_out_more  # type: ignore[operator]  # both are numbers
        yield _bound("bound-tightened" if is_tighter else "bound-loosened", was, now, keyword)
    before, after = (_number(shape, "multipleOf") for shape in (was, now))
    if before != after:
        if before is None or (after and after % before == 0):
            kind = "bound-tightened"
        else:
            kind = "bound-loosened" if not after or before % after == 0 else "bound-changed"
        yield _bound(kind, was, now, "multipleOf")
    if bool(was.keywords.get("uniqueItems")) is not bool(now.keywords.get("uniqueItems")):
        kind = "bound-tightened" if now.keywords.get("uniqueItems") else "bound-loosened"
        yield _bound(kind, was, now, "uniqueItems")


def _number(shape: Shape, keyword: str) -> float | None:
    found = shape.keywords.get(keyword)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def _bound(kind: str, was: Shape, now: Shape, keyword: str) -> Change:
    before, after = (
        f"{keyword} {json.dumps(shape.keywords[keyword])}" if keyword in shape.keywords else "" for shape in (was, now)
    )
    return _change(kind, was, now, before=before, after=after)


def _compare_discriminators(was: Shape, now: Shape) -> Iterator[Change]:
    (before, is_old_required), (after, is_required) = map(_read_discriminator, (was, now))
    if before != after:
        kind = "discriminator-changed" if before and after else f"discriminator-{'added' if after else 'removed'}"
        yield _change(kind, was, now, before=before, after=after)
    elif before and is_old_required is not is_required:
        yield _change(
            f"discriminator-{'required' if is_required else 'optional'}", was, now, before=before, after=after
        )


def _read_discriminator(shape: Shape) -> tuple[str, bool]:
    """Return the property that tells the members of a union apart, and whether it is required."""
    found = shape.keywords.get("discriminator")
    key = found.get("propertyName", "") if isinstance(found, dict) else ""
    return str(key), "oneOf" in shape.place.schema if isinstance(shape.place.schema, dict) else False


def show_value(value: Any, shape: Shape) -> str:
    """Return a value as text; of an object or array only the type, and nothing of what may be a secret."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    if isinstance(value, str):
        if is_sensitive(shape.place, shape.keywords) and "enum" not in shape.keywords:
            return "(masked)"
        return value if len(value) <= _MOST_TEXT else f"{value[:_MOST_TEXT]}..."
    return json.dumps(value)


def is_sensitive(place: SchemaPlace, keywords: Mapping[str, Any]) -> bool:
    """Return whether values at a place may be secrets: by the contract's word, or by the name of the place."""
    return "x-sensitivity" in keywords or bool(_SENSITIVE.search(place.pointer.rpartition("/")[2]))


def _join_values(shape: Shape) -> str:
    return ", ".join(sorted(show_value(value, shape) for value in shape.values or ()))


def _join_types(types: Iterable[str]) -> str:
    found = frozenset(types)
    return ", ".join(sorted(found - {"integer"} if "number" in found else found)) or "any"


def _change(kind: str, was: Shape, now: Shape, *, before: str = "", after: str = "") -> Change:
    return _between(kind, was.place, now.place, before=before, after=after)


def _between(kind: str, was: SchemaPlace, now: SchemaPlace, *, before: str = "", after: str = "") -> Change:
    return Change(kind=kind, pointer=now.pointer, old_pointer=was.pointer, before=before, after=after)


def _added(kind: str, place: SchemaPlace, name: str) -> Change:
    return Change(kind=kind, pointer=place.pointer, after=name)
