"""Turn the errors of an engine into violations.

An engine reports where an error is in the instance, and where in the schema along its references. There are finitely
many places in a schema, so what a violation needs of one (code, pointer, phrase) is computed once and cached. Of the
instance, a violation keeps a type and a size.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from vocode_contract.contract import json_pointer, since
from vocode_contract.contract.documents import BOUNDS
from vocode_contract.contract.json_types import json_type
from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Schema
from vocode_contract.contract.profile import schema_under_profile, schemas_under_profile
from vocode_contract.errors import InvalidOption
from vocode_contract.validation.codes import require
from vocode_contract.validation.engine import Engine, EngineClass, Location, best_engine
from vocode_contract.validation.masking import HIDDEN_KEY, describe, shown_word
from vocode_contract.validation.trimming import Trimming, is_long
from vocode_contract.validation.violation import Violation

#: Violations in the cache of one listing, at most.
_CACHED = 1_000
#: Codes that an engine may report several times at one place, once for each keyword or key.
_ONCE_PER_PLACE = ("format", "required")
#: Every code that is reported here.
LISTED = require("required", "type", "null", "enum", "union-type", "format", "closed", "bounds", "pattern", "union")
_CODES = {"additionalProperties": "closed", "anyOf": "union"} | dict.fromkeys(BOUNDS, "bounds")
_FORMATS = {"uuid": "a UUID", "date-time": "an RFC 3339 date-time with offset"}
_BOUNDS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minProperties": "at least {} keys",
    "maxProperties": "at most {} keys",
}
_ARTICLES = {"array": "an array", "integer": "an integer", "null": "null", "object": "an object"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """One keyword at one place of the schema, along one chain of references."""

    code: str
    expected: str
    schema_pointer: str
    source: str
    pointer: str | None  # None where indices belong in it
    parts: tuple[str | None, ...]  # None for an index
    types: tuple[str, ...]
    required: tuple[str, ...]
    shows_words: bool
    format: str  # empty where nothing may be said about the value
    since: Mapping[object, str]  # the remark for each value that a later contract lists


def _describe_format_error(rule: _Rule, value: Any) -> str | None:
    if rule.code != "format":
        return None
    # At module level this import would take a twentieth of the time to the first verdict of a process.
    from vocode_contract.validation.scalars import describe_format_error

    return describe_format_error(value, rule.format)


class Listing:
    """Lists the violations of one schema of one contract; may be shared between threads."""

    __slots__ = ("_cache", "_engine_class", "_engines", "_rules", "_schemas", "contract", "engine", "name")

    def __init__(self, contract: Contract, name: str, engine: EngineClass | None = None) -> None:
        """Compile the schema with an engine, by default the best one that is installed."""
        self.contract = contract
        self.name = name
        self._engine_class = engine
        self._engines: dict[str, Engine] = {}
        self._rules: dict[Location, _Rule] = {}
        self._cache: dict[tuple[str, str, str, str], Violation] = {}
        self._schemas = {"components": {"schemas": schemas_under_profile(contract)}}
        self.engine = self._engine_at(f"/components/schemas/{name}")

    def violations(self, instance: object, most: int) -> list[Violation]:
        """List the violations of a parsed value, in the order of the engine.

        At most `most` invalid members of long arrays and maps are looked at.

        Raises:
            ValueError: The value holds what JSON cannot.
        """
        indices: Mapping[int, list[int]] = {}
        if is_long(self.contract, self.name, instance):
            trimming = Trimming(self.contract, self._member_is_valid, most)
            instance, indices = trimming.trim(instance, self.contract.schemas[self.name]), trimming.indices
        found: list[Violation] = []
        seen: set[tuple[Location, str]] = set()
        for location, evaluation in self.engine.errors(instance):
            rule = self._rules.get(evaluation)
            if rule is None:
                rule = self._rules[evaluation] = self._rule(evaluation)
            if rule.code in _ONCE_PER_PLACE:
                if (location, rule.code) in seen:
                    continue
                seen.add((location, rule.code))
            self._add(rule, _resolve(instance, location, rule, indices), found)
        return found

    def _add(self, rule: _Rule, place: tuple[Any, str], found: list[Violation]) -> None:
        value, shown = place
        if rule.code == "required":
            missing = (key for key in rule.required if key not in value)
            found += (self._violation(rule, f"{shown}/{json_pointer.escape(key)}", "nothing") for key in missing)
        elif rule.code in ("enum", "union-type"):
            if json_type(value) in rule.types:  # else the wrong type is reported already
                word = shown_word(value) if rule.shows_words else None
                note = rule.since.get(value, "") if isinstance(value, str) else ""
                found.append(self._violation(rule, shown, word or describe(value), note))
        elif value is None and rule.code == "type":
            note = since.null_since(self.contract.date, rule.source)
            found.append(self._violation(rule, shown, "null", note, code="null"))
        else:
            found.append(self._violation(rule, shown, _describe_format_error(rule, value) or describe(value)))

    def _violation(self, rule: _Rule, shown: str, actual: str, note: str = "", *, code: str = "") -> Violation:
        """Return the violation, from the cache if it was reported before: making one is the slowest step."""
        key = (rule.schema_pointer, code or rule.code, shown, actual)
        violation = self._cache.get(key)
        if violation is None:
            violation = Violation(
                instance_pointer=shown,
                code=code or rule.code,
                expected=rule.expected,
                actual=actual,
                schema_pointer=rule.schema_pointer,
                contract=self.contract.date,
                note=note,
            )
            if len(self._cache) >= _CACHED:
                self._cache.clear()
            self._cache[key] = violation
        return violation

    def _rule(self, evaluation: Location) -> _Rule:
        """Return the rule at an evaluation path, whose steps are keywords, properties and branches."""
        *steps, keyword = (str(step) for step in evaluation)
        node: Any = {"$ref": f"#/components/schemas/{self.name}"}
        parts: list[str | None] = []
        sources = [""]
        for at, step in enumerate(steps):
            while isinstance(node, dict) and "$ref" in node and (step == "$ref" or step not in node):
                node = self._target(node)
            if step != "$ref":
                node = node[int(step)] if isinstance(node, list) else node[step]
            if step in ("items", "additionalProperties") and "x-source" in node:
                parts.append(None if step == "items" else HIDDEN_KEY)
            elif at and steps[at - 1] == "properties" and "x-source" in node:
                parts.append(json_pointer.escape(step))
            if "x-source" in node:
                sources.append(node["x-source"])
        while "$ref" in node and keyword not in node:
            node = self._target(node)
            sources.append(node["x-source"])
        return self._make_rule(keyword, node, parts, sources)

    def _make_rule(self, keyword: str, node: Schema, parts: list[str | None], sources: list[str]) -> _Rule:
        types = (node["type"],) if isinstance(node.get("type"), str) else tuple(node.get("type", ()))
        sensitive = any("x-sensitivity" in self._document_at(source) for source in sources)
        return _Rule(
            code=_find_code(keyword, node),
            expected=_describe_expected(keyword, node, types),
            schema_pointer=self._schema_pointer(sources[-1], keyword),
            source=sources[-1],
            pointer=None if None in parts else "".join(f"/{part}" for part in parts),
            parts=tuple(parts),
            types=types,
            required=tuple(node["required"]) if keyword == "required" else (),
            shows_words=not sensitive,
            format="" if sensitive else node.get("format", ""),
            since=since.values_since(self.contract.date, sources[-1]) if keyword == "enum" else {},
        )

    def _target(self, node: Schema) -> Any:
        return json_pointer.resolve(self._schemas, node["$ref"].removeprefix("#"))

    def _document_at(self, source: str) -> Any:
        return json_pointer.resolve(self.contract.document, source) if source else {}

    def _schema_pointer(self, source: str, keyword: str) -> str:
        documented = self._document_at(source)
        written = {"enum": "const" if "const" in documented else "enum"}.get(keyword, keyword)
        if keyword == "pattern" and "pattern" not in documented:
            written = "format"
        elif keyword == "anyOf" and "oneOf" in documented:
            written = "oneOf"
        return f"{source}/{written}" if written in documented else source

    def _engine_at(self, reference: str) -> Engine:
        engine = self._engines.get(reference)
        if engine is None:
            make = self._engine_class or best_engine
            try:
                engine = self._engines[reference] = make(schema_under_profile(self.contract, reference))
            except ValueError:  # its text quotes at least the schema
                raise InvalidOption("document", f"the schema at {reference} cannot be compiled") from None
        return engine

    def _member_is_valid(self, reference: str, value: object) -> bool:
        try:
            return self._engine_at(reference).is_valid(value)
        except ValueError:
            return False


def _resolve(instance: Any, location: Location, rule: _Rule, indices: Mapping[int, list[int]]) -> tuple[Any, str]:
    """Return the value at a location, and the location as a pointer without keys of free-form maps."""
    if rule.pointer is not None:
        for step in location:
            instance = instance[step]
        return instance, rule.pointer
    shown: list[object] = []
    for step, part in zip(location, rule.parts, strict=False):
        shown.append(indices[id(instance)][int(step)] if part is None and id(instance) in indices else part or step)
        instance = instance[step]
    return instance, "".join(f"/{part}" for part in shown)


def _find_code(keyword: str, node: Schema) -> str:
    if keyword == "enum" and "x-tag" in node:
        return "union-type"
    if keyword == "pattern" and node.get("format") == "date-time":
        return "format"
    return _CODES.get(keyword, keyword)


def _describe_expected(keyword: str, node: Schema, types: tuple[str, ...]) -> str:
    if keyword == "required":
        return "a value (the key is required)"
    if keyword == "enum":
        values = [value for value in node["enum"] if value is not None]
        words = [value if isinstance(value, str) else orjson.dumps(value).decode() for value in values]
        return words[0] if len(words) == 1 else f"one of {', '.join(words)}"
    if keyword in ("format", "pattern"):
        return _FORMATS.get(node.get("format", ""), "a string of the declared pattern")
    if keyword in BOUNDS:
        return "distinct items" if keyword == "uniqueItems" else _BOUNDS[keyword].format(node[keyword])
    if keyword == "anyOf":
        return "a value of one of the declared branches"
    if keyword == "additionalProperties":
        return "no keys"
    return " or ".join(_ARTICLES.get(kind, f"a {kind}") for kind in types)
