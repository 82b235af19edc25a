"""Compare single keywords of two schemas: values, bounds, formats, patterns, discriminators."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vocode_contract.contract.diff.change import Change
from vocode_contract.contract.diff.renames import match_renamed
from vocode_contract.contract.diff.shape import COMPONENTS, SchemaPlace, Shape

_MOST_TEXT = 60
_SENSITIVE = re.compile("key|token|secret|password|credential|authorization|phone|email", re.IGNORECASE)

#: Bounds of lengths and counts, and whether a greater number rules out more.
SIZES: Mapping[str, bool] = {
    "minLength": True,
    "minItems": True,
    "minProperties": True,
    "maxLength": False,
    "maxItems": False,
    "maxProperties": False,
}
#: The same for numbers: the keyword and its exclusive form are one bound.
RANGES: Mapping[tuple[str, str], bool] = {
    ("minimum", "exclusiveMinimum"): True,
    ("maximum", "exclusiveMaximum"): False,
}


def compare_keyword(was: Shape, now: Shape, keyword: str) -> Iterator[Change]:
    """Yield a change if a keyword is new, gone or different; its kinds are named for it."""
    missing = object()
    before, after = was.keywords.get(keyword, missing), now.keywords.get(keyword, missing)
    if before == after and isinstance(before, bool) is isinstance(after, bool):
        return
    end = "added" if before is missing else "removed" if after is missing else "changed"
    texts = ["" if word is missing else show_value(word, shape) for word, shape in ((before, was), (after, now))]
    yield make_shape_change(f"{keyword}-{end}", was, now, before=texts[0], after=texts[1])


def compare_values(was: Shape, now: Shape) -> Iterator[Change]:
    """Yield the enumerated values that come, go, or probably have another spelling."""
    if was.values is None or now.values is None:
        if was.values is not now.values:
            before, after = (", ".join(_show_values(shape, _index_values(shape))) for shape in (was, now))
            kind = "enum-added" if was.values is None else "enum-removed"
            yield make_shape_change(kind, was, now, before=before, after=after)
        return
    earlier, later = _index_values(was), _index_values(now)
    gone, fresh = _drop(earlier, later.keys()), _drop(later, earlier.keys())
    texts = ([value for value in each.values() if isinstance(value, str)] for each in (gone, fresh))
    renamed = match_renamed(next(texts), next(texts))
    for name, new in sorted(renamed.items()):
        yield make_shape_change("value-renamed", was, now, before=show_value(name, was), after=show_value(new, now))
    for text in _show_values(now, _drop(fresh, map(json.dumps, renamed.values()))):
        yield make_shape_change("value-added", was, now, after=text)
    for text in _show_values(was, _drop(gone, map(json.dumps, renamed))):
        yield make_shape_change("value-removed", was, now, before=text)


def _drop(values: Mapping[str, Any], keys: Iterable[str]) -> Mapping[str, Any]:
    dropped = frozenset(keys)
    return {key: value for key, value in values.items() if key not in dropped}


def _index_values(shape: Shape) -> Mapping[str, Any]:
    """Map what tells an enumerated value from others to the value."""
    return {json.dumps(value, sort_keys=True): value for value in shape.values or ()}


def _show_values(shape: Shape, values: Mapping[str, Any]) -> list[str]:
    return sorted(show_value(value, shape) for value in values.values())


def compare_bounds(was: Shape, now: Shape) -> Iterator[Change]:
    """Yield the bounds of numbers, lengths and counts that are tighter, looser, new or gone."""
    for keyword, is_least in SIZES.items():
        yield from _compare_bound(was, now, (keyword,), is_least=is_least)
    for keywords, is_least in RANGES.items():
        yield from _compare_bound(was, now, keywords, is_least=is_least)
    before, after = (_read_number(shape, "multipleOf") for shape in (was, now))
    if before != after:
        if not before or (after and after % before == 0):
            kind = "bound-tightened"
        else:
            kind = "bound-loosened" if not after or before % after == 0 else "bound-changed"
        yield _make_bound_change(kind, was, now, ("multipleOf",))
    if bool(was.keywords.get("uniqueItems")) is not bool(now.keywords.get("uniqueItems")):
        kind = "bound-tightened" if now.keywords.get("uniqueItems") else "bound-loosened"
        yield _make_bound_change(kind, was, now, ("uniqueItems",))


def _compare_bound(was: Shape, now: Shape, keywords: tuple[str, ...], *, is_least: bool) -> Iterator[Change]:
    before, after = (_read_bound(shape, keywords, is_least=is_least) for shape in (was, now))
    if before != after:
        is_tighter = before is None or (after is not None and after > before)
        yield _make_bound_change("bound-tightened" if is_tighter else "bound-loosened", was, now, keywords)


def _read_bound(shape: Shape, keywords: tuple[str, ...], *, is_least: bool) -> tuple[float, bool] | None:
    """Return a bound so that what is greater rules out more; a size of at least 0 is none."""
    found = [
        (number if is_least else -number, keyword.startswith("exclusive"))
        for keyword in keywords
        if (number := _read_number(shape, keyword)) is not None
        if number or len(keywords) > 1 or not is_least
    ]
    return max(found, default=None)


def _read_number(shape: Shape, keyword: str) -> float | None:
    found = shape.keywords.get(keyword)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def _make_bound_change(kind: str, was: Shape, now: Shape, keywords: tuple[str, ...]) -> Change:
    before, after = (
        ", ".join(f"{key} {json.dumps(shape.keywords[key])}" for key in keywords if key in shape.keywords)
        for shape in (was, now)
    )
    return make_shape_change(kind, was, now, before=before, after=after)


def compare_discriminators(
    was: Shape, now: Shape, renamed: Mapping[str, str], *, required: tuple[bool, bool]
) -> Iterator[Change]:
    """Yield a change if a union has another discriminator, or other values for a member.

    Args:
        was: The older union.
        now: The newer union.
        renamed: Old name to new one of each schema that was only renamed.
        required: Whether the discriminator must be there in each.
    """
    before, after = was.discriminator, now.discriminator
    if before != after:
        kind = "discriminator-changed" if before and after else f"discriminator-{'added' if after else 'removed'}"
        yield make_shape_change(kind, was, now, before=before, after=after)
    elif before:
        if required[0] is not required[1]:
            kind = f"discriminator-{'required' if required[1] else 'optional'}"
            yield make_shape_change(kind, was, now, before=before, after=after)
        earlier, later = _list_tags(was), _list_tags(now)
        for name, tags in earlier.items():
            others = later.get(renamed.get(name, name), tags)
            if not tags & others:  # else the values of the property say it
                texts = (f"{before} {' or '.join(sorted(each))}" for each in (tags, others))
                yield make_shape_change("discriminator-changed", was, now, before=next(texts), after=next(texts))


def _list_tags(shape: Shape) -> Mapping[str, set[str]]:
    """Map the name of each member that is a reference to the discriminator's values for it: by default its name.

    Source: OpenAPI 3.1.1, section "Discriminator Object".
    """
    found: dict[str, set[str]] = {}
    mapping = shape.keywords["discriminator"].get("mapping")
    for tag, target in mapping.items() if isinstance(mapping, dict) else ():
        found.setdefault(str(target).removeprefix(COMPONENTS), set()).add(tag)
    names = (
        each["$ref"].removeprefix(COMPONENTS) for each in shape.members if isinstance(each, dict) and "$ref" in each
    )
    return {name: found.get(name, {name}) for name in names}


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


def make_shape_change(kind: str, was: Shape, now: Shape, *, before: str = "", after: str = "") -> Change:
    """Return a change of a schema."""
    return make_place_change(kind, was.place, now.place, before=before, after=after)


def make_place_change(kind: str, was: SchemaPlace, now: SchemaPlace, *, before: str = "", after: str = "") -> Change:
    """Return a change from one place to another."""
    return Change(kind=kind, pointer=now.pointer, old_pointer=was.pointer, before=before, after=after)
