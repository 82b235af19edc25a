"""Find every place of a schema, and change a payload at one; missing objects on the way are added."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

from vocode_contract.contract import json_pointer
from vocode_contract.contract.json_types import json_type
from vocode_contract.contract.minimal_values import branches_of, follow, minimal_of_branch, minimal_value
from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Schema
from vocode_contract.contract.profile import is_union_by_type, may_be_null_on_wire
from vocode_contract.validation.masking import HIDDEN_KEY


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaStep:
    """One step down a schema: into a property, the first item of an array, a member of a map, or a branch."""

    kind: Literal["property", "item", "member", "branch"]
    key: str = ""  # of a property
    branch: int = 0  # index among the branches of a union


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place of a schema.

    Attributes:
        schema: The schema there, references resolved; it may be a union.
        steps: The steps from the schema's root.
        tokens: The reference tokens in a payload, as a violation shows them.
        nullable: Whether null is valid there although the document does not say so.
        is_branch: Whether it is one branch of a union, whose type is checked at the union.
        tag: The discriminator of that union, if it has one.
    """

    schema: Schema = field(repr=False)
    steps: tuple[SchemaStep, ...]
    tokens: tuple[str | int, ...]
    nullable: bool = False
    is_branch: bool = False
    tag: str = ""

    def pointer(self, *below: str) -> str:
        """Return the JSON Pointer to the place, or to a key below it."""
        return json_pointer.from_tokens((*self.tokens, *below))


def places(contract: Contract, name: str) -> Iterator[Place]:
    """Yield every place of a schema, the outermost first.

    A schema that contains itself is entered once. Where no tag and no JSON type tells the branches of a union apart,
    there is none: what is wrong there is reported of the union.
    """
    yield from _below(contract, Place(schema=contract.schema(name), steps=(), tokens=()), ())


def _below(contract: Contract, place: Place, above: tuple[str, ...]) -> Iterator[Place]:
    reference = place.schema.get("$ref", "")
    if reference in above:
        return
    above = (*above, reference) if reference else above
    schema = follow(contract, place.schema)
    branches = branches_of(schema)
    if len(branches) > 1 and "discriminator" not in schema and not is_union_by_type(contract, branches):
        return
    if len(branches) == 1:  # a schema or null
        nullable = place.nullable or "null" in contract.types(schema)
        yield from _below(contract, replace(place, schema=branches[0], nullable=nullable), above)
        return
    yield replace(place, schema=schema, nullable=place.nullable)
    tag = schema.get("discriminator", {}).get("propertyName", "")
    for index, branch in enumerate(branches):
        step = SchemaStep(kind="branch", branch=index)
        steps = (*place.steps, step)
        inner = Place(schema=branch, steps=steps, tokens=place.tokens, is_branch=True, tag=tag)
        yield from _below(contract, inner, above)
    for step, token, child in _children(schema, place.tag):
        nullable = (
            contract.profile != "documented" and step.kind == "property" and may_be_null_on_wire(schema, step.key)
        )
        below = Place(schema=child, steps=(*place.steps, step), tokens=(*place.tokens, token), nullable=nullable)
        yield from _below(contract, below, above)


def _children(schema: Schema, tag: str) -> Iterator[tuple[SchemaStep, str | int, Schema]]:
    """Yield the schemas below one; the tag of a branch is left out, since it belongs to the union."""
    for key, child in schema.get("properties", {}).items():
        if key != tag:
            yield SchemaStep(kind="property", key=key), key, child
    if "items" in schema:
        yield SchemaStep(kind="item"), 0, schema["items"]
    if isinstance(schema.get("additionalProperties"), dict):
        yield SchemaStep(kind="member"), HIDDEN_KEY, schema["additionalProperties"]


def change_at(
    contract: Contract, schema: Schema, payload: Any, *, steps: tuple[SchemaStep, ...], change: Callable[[Any], Any]
) -> Any:
    """Copy a valid payload with the value at one place changed; missing objects on the way are added.

    `change` maps the value to another one, and leaves the old one as it is.
    """
    schema = follow(contract, schema)
    if payload is None:
        payload = minimal_value(contract, schema)
    branches = branches_of(schema)
    if len(branches) == 1:
        return change_at(contract, branches[0], payload, steps=steps, change=change)
    if not steps:
        return change(payload)
    step, below = steps[0], partial(change_at, contract, steps=steps[1:], change=change)
    if step.kind == "branch":
        branch = branches[step.branch]
        fits = _is_of_branch(contract, schema, branch, payload)
        return below(branch, payload if fits else minimal_of_branch(contract, schema, branch))
    if step.kind == "item":
        return [below(schema["items"], payload[0] if payload else None), *payload[1:]]
    if step.kind == "member":
        key = next(iter(payload), "key")
        return {**payload, key: below(schema["additionalProperties"], payload.get(key))}
    return {**payload, step.key: below(schema["properties"][step.key], payload.get(step.key))}


def _is_of_branch(contract: Contract, union: Schema, branch: Schema, value: Any) -> bool:
    if "discriminator" not in union:
        kinds = contract.types(branch)
        kind = json_type(value)
        return kind in kinds or (kind == "integer" and "number" in kinds)
    tag, mapping = union["discriminator"]["propertyName"], union["discriminator"]["mapping"]
    return bool(mapping.get(value.get(tag)) == branch["$ref"])
