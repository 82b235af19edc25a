"""Compare two contracts: what changed, and whether it breaks clients of the old one.

A change is breaking if the new contract allows the server to send what the old one forbids, or forbids a client to send
what the old one allows.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from vocode_contract.contract.model import Contract, Operation, Schema
from vocode_contract.contract.profile import may_be_null_on_wire

Direction = Literal["received", "sent"]
Effect = Literal["widens", "narrows", "alters", "neither"]

_COMPONENTS = "/components/schemas/"

#: Sent by the implementer of an external action; no operation names it.
_ACTION_RESPONSES = ("ExternalActionAnswer",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference between two contracts.

    Attributes:
        kind: A name such as ``key-added`` or ``value-removed``.
        pointer: JSON Pointer into the newer document, into the older one for what was removed.
        before: What the older contract has there; may be empty.
        after: What the newer contract has there; may be empty.
        effect: Whether more payloads are valid now, fewer, others, or the same ones.
        directions: Whether a client receives the place, sends it, or both.
        breaking: Whether a client of the older contract may fail.
    """

    kind: str
    pointer: str
    before: str = ""
    after: str = ""
    effect: Effect = "neither"
    directions: tuple[Direction, ...] = ()
    breaking: bool = False


def changes(old: Contract, new: Contract) -> Iterator[Change]:
    """Yield the changes: operations first, then schemas by name, each in the order of the document.

    The profiles decide where null is valid: under ``wire`` it is for every optional property without a default. Under
    ``tolerant``, new enumerated values and union members are not breaking.

    Args:
        old: The contract that the clients were written for.
        new: The contract that the server follows now.
    """
    yield from _compare_operations(old, new)
    used = {name: _directions(name, old, new) for name in {*old.schemas, *new.schemas}}
    for name in sorted(used):
        for found in _compare_schemas(old, new, name):
            yield _assess(found, used[name], tolerant=new.profile == "tolerant")


def _assess(change: Change, directions: tuple[Direction, ...], *, tolerant: bool = False) -> Change:
    """Return a change with who is affected, and whether it is breaking."""
    grows = tolerant and change.kind in ("value-added", "member-added")
    breaks_receiver = change.effect in ("widens", "alters") and not grows
    breaks_sender = change.effect in ("narrows", "alters")
    breaking = ("received" in directions and breaks_receiver) or ("sent" in directions and breaks_sender)
    return replace(change, directions=directions, breaking=breaking)


def _directions(name: str, old: Contract, new: Contract) -> tuple[Direction, ...]:
    sent = any(name in _reachable(contract, _sent_schemas(contract)) for contract in (old, new))
    received = any(name in _reachable(contract, _received_schemas(contract)) for contract in (old, new))
    # What no operation names is received by webhook.
    return (*(("received",) if received or not sent else ()), *(("sent",) if sent else ()))


def _sent_schemas(contract: Contract) -> Iterator[str]:
    yield from _ACTION_RESPONSES
    yield from (operation.body for operation in contract.operations.values() if operation.body)


def _received_schemas(contract: Contract) -> Iterator[str]:
    for operation in contract.operations.values():
        for media in operation.responses.values():
            yield from (name for name in media.values() if name)


def _reachable(contract: Contract, roots: Iterable[str]) -> set[str]:
    found: set[str] = set()
    waiting = [name for name in roots if name in contract.schemas]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _find_references(contract.schemas[name])
    return found


def _find_references(node: Any) -> Iterator[str]:
    """Yield the names of the schemas that a part of a document refers to."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].rpartition("/")[2]
        for key, child in node.items():
            if key not in ("default", "examples"):
                yield from _find_references(child)
    elif isinstance(node, list):
        for child in node:
            yield from _find_references(child)


def _compare_operations(old: Contract, new: Contract) -> Iterator[Change]:
    for name, operation in old.operations.items():
        if name not in new.operations:
            yield Change(kind="operation-removed", pointer=operation.pointer, before=name, breaking=True)
    for name, operation in new.operations.items():
        if name not in old.operations:
            yield Change(kind="operation-added", pointer=operation.pointer, after=name)
        else:
            yield from _compare_operation(old.operations[name], operation, old, new)


def _compare_operation(before: Operation, after: Operation, old: Contract, new: Contract) -> Iterator[Change]:
    for status in sorted(before.statuses ^ after.statuses):
        if status in after.statuses:
            found = Change(kind="status-added", pointer=f"{after.pointer}/responses/{status}", effect="widens")
        else:
            found = Change(kind="status-removed", pointer=f"{before.pointer}/responses/{status}")
        yield _assess(found, ("received",))
    was = {(parameter.location, parameter.name): parameter for parameter in before.parameters}
    now = {(parameter.location, parameter.name): parameter for parameter in after.parameters}
    for key in (*was, *(key for key in now if key not in was)):
        place = f"{(after if key in now else before).pointer}/parameters/{key[1]}"
        if key not in now:
            yield Change(kind="parameter-removed", pointer=place, before=key[1], directions=("sent",))
        elif key not in was:
            effect: Effect = "narrows" if now[key].required else "neither"
            found = Change(kind="parameter-added", pointer=place, after=key[1], effect=effect)
            yield _assess(found, ("sent",))
        else:
            views = (_View(was[key].schema, old), _View(now[key].schema, new))
            for found in (*_compare_required(was[key].required, now[key].required, place), *_compare(*views, place)):
                yield _assess(found, ("sent",))


@dataclass(frozen=True, slots=True)
class _View:
    """One schema in one contract."""

    schema: Schema
    contract: Contract
    may_be_null: bool = False

    @property
    def types(self) -> frozenset[str]:
        kinds = frozenset(self.contract.types(self.schema)) - {"null"}
        return kinds | {"integer"} if "number" in kinds else kinds

    @property
    def nullable(self) -> bool:
        return self.may_be_null or "null" in self.contract.types(self.schema)

    @property
    def options(self) -> tuple[Schema, ...]:
        """The branches of a union, or the schema itself; references are not resolved."""
        return tuple(self.schema.get("oneOf") or self.schema.get("anyOf") or (self.schema,))

    @property
    def references(self) -> frozenset[str]:
        return frozenset(option["$ref"].rpartition("/")[2] for option in self.options if "$ref" in option)

    @property
    def members(self) -> frozenset[str]:
        """The schemas that the references lead to, unions replaced by their members."""
        views = (_View(self.contract.schemas[name], self.contract) for name in self.references)
        return frozenset(
            member
            for name, view in zip(self.references, views, strict=True)
            for member in (view.members if _union(view) else (name,))
        )

    @property
    def values(self) -> frozenset[str]:
        listed = (option.get("enum", [option["const"]] if "const" in option else []) for option in self.options)
        return frozenset(str(value) for values in listed for value in values if value is not None)

    @property
    def format(self) -> str:
        return ", ".join(sorted(option["format"] for option in self.options if "format" in option))

    @property
    def tag(self) -> str:
        """The discriminator of a union, and whether it is required."""
        key = self.schema.get("discriminator", {}).get("propertyName", "")
        return f"{key}, {'required' if 'oneOf' in self.schema else 'optional'}" if key else ""

    def below(self, keyword: str) -> "_View | None":
        found = next((option[keyword] for option in self.options if isinstance(option.get(keyword), dict)), None)
        return _View(found, self.contract) if found is not None else None


def _compare_schemas(old: Contract, new: Contract, name: str) -> Iterator[Change]:
    place = f"{_COMPONENTS}{name}"
    if name not in new.schemas:
        yield Change(kind="schema-removed", pointer=place, before=name)
    elif name not in old.schemas:
        yield Change(kind="schema-added", pointer=place, after=name)
    else:
        yield from _compare(_View(old.schemas[name], old), _View(new.schemas[name], new), place)


def _compare(was: _View, now: _View, place: str) -> Iterator[Change]:
    """Yield the differences of two schemas at one place; the targets of references are compared separately."""
    yield from _compare_types(was, now, place)
    effect: Effect
    if was.format != now.format:
        effect = "alters" if was.format and now.format else "widens" if was.format else "narrows"
        yield Change(kind="format", pointer=place, before=was.format, after=now.format, effect=effect)
    if was.values and now.values:
        yield from _compare_sets("value", was.values, now.values, place)
    elif was.values != now.values:
        before, after = _join(was.values), _join(now.values)
        effect = "widens" if was.values else "narrows"
        yield Change(kind="enum", pointer=place, before=before, after=after, effect=effect)
    if was.references != now.references:
        yield from _compare_sets("member", was.members, now.members, place)
    if was.tag != now.tag and _union(was) and _union(now):
        effect = "narrows" if now.tag.endswith("required") or not was.tag else "widens"
        yield Change(kind="tag", pointer=place, before=was.tag, after=now.tag, effect=effect)
    if was.schema.get("default") != now.schema.get("default"):
        before, after = (_default(view.schema) for view in (was, now))
        yield Change(kind="default", pointer=place, before=before, after=after)
    for keyword in ("items", "additionalProperties"):
        earlier, later = was.below(keyword), now.below(keyword)
        if earlier is not None and later is not None:
            yield from _compare(earlier, later, f"{place}/{keyword}")
    yield from _compare_properties(was, now, place)


def _compare_types(was: _View, now: _View, place: str) -> Iterator[Change]:
    if was.types != now.types and was.references == now.references:
        effect: Effect = "narrows" if now.types < was.types else "widens" if was.types < now.types else "alters"
        before, after = (_join({*view.contract.types(view.schema)} - {"null"}) for view in (was, now))
        yield Change(kind="type", pointer=place, before=before, after=after, effect=effect)
    if was.nullable != now.nullable:
        kind = "null-added" if now.nullable else "null-removed"
        yield Change(kind=kind, pointer=place, effect="widens" if now.nullable else "narrows")


def _union(view: _View) -> str:
    return "oneOf" if "oneOf" in view.schema else "anyOf" if "anyOf" in view.schema else ""


def _join(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))


def _default(schema: Schema) -> str:
    """Write a default as JSON; of an object or array only the type."""
    value = schema.get("default", "")
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "an array"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _compare_sets(noun: str, was: frozenset[str], now: frozenset[str], place: str) -> Iterator[Change]:
    for word in sorted(now - was):
        yield Change(kind=f"{noun}-added", pointer=place, after=word, effect="widens")
    for word in sorted(was - now):
        yield Change(kind=f"{noun}-removed", pointer=place, before=word, effect="narrows")


def _compare_properties(was: _View, now: _View, place: str) -> Iterator[Change]:
    before: Mapping[str, Schema] = was.schema.get("properties", {})
    after: Mapping[str, Schema] = now.schema.get("properties", {})
    for key in before:
        if key not in after:
            effect: Effect = "widens" if key in was.schema.get("required", ()) else "neither"
            yield Change(kind="key-removed", pointer=f"{place}/properties/{key}", before=key, effect=effect)
    for key in after:
        here = f"{place}/properties/{key}"
        required = key in now.schema.get("required", ())
        if key not in before:
            yield Change(kind="key-added", pointer=here, after=key, effect="narrows" if required else "neither")
        else:
            yield from _compare_required(key in was.schema.get("required", ()), required, here)
            yield from _compare(_property(was, key), _property(now, key), here)


def _property(view: _View, key: str) -> _View:
    on_wire = view.contract.profile != "documented" and may_be_null_on_wire(view.schema, key)
    return _View(view.schema["properties"][key], view.contract, on_wire)


def _compare_required(was: bool, now: bool, place: str) -> Iterator[Change]:
    if was != now:
        yield Change(kind="required" if now else "optional", pointer=place, effect="narrows" if now else "widens")
