"""Every kind of change: what is one, and how much it matters to whom."""

from typing import Any

import jsonschema
import pytest

from tests.support.changes import JSON, REVERSE_EFFECT, compare, dated, operated, reverse_kind
from vocode_contract.contract.diff import KINDS, LEVELS, changes
from vocode_contract.contract.diff.kinds import Direction

B, R, A, C = LEVELS
TEXT = {"type": "string"}
AB = {"type": "object", "properties": {"a": TEXT, "b": TEXT}}
ONE = {"type": "object", "properties": {"a": TEXT}}
CAMEL, SNAKE = ({"type": "object", "properties": {name: TEXT}} for name in ("userId", "user_id"))
CLOSED = {"additionalProperties": False}
NEED = {"required": ["a"]}
TAGGED = {"discriminator": {"propertyName": "t"}}
CAT, DOG = ({"$ref": f"#/components/schemas/{name}"} for name in ("Cat", "Dog"))
PLAIN = [{"$ref": f"#/components/schemas/Plain{name}"} for name in ("Cat", "Dog")]
ANIMALS: dict[str, Any] = {
    name: {"type": "object", "properties": {"t": {"const": name.removeprefix("Plain")}}}
    for name in ("PlainCat", "PlainDog", "Cat", "Dog")
}
ANIMALS |= {name: ANIMALS[name] | {"required": ["t"]} for name in ("Cat", "Dog")}

#: Kind, older and newer schema, level for who receives it and for who sends it, and an instance that only the older,
#: and one that only the newer schema allows; ``...`` if there is none.
SCHEMAS: list[tuple[str, Any, Any, str, str, Any, Any]] = [
    ("type-widened", TEXT, {"type": ["string", "integer"]}, B, A, ..., 1),
    ("type-widened", {"type": "integer"}, {"type": "number"}, B, A, ..., 1.5),
    ("type-narrowed", {"type": ["string", "integer"]}, TEXT, A, B, 1, ...),
    ("type-narrowed", {}, TEXT, A, B, 1, ...),
    ("type-changed", TEXT, {"type": "integer"}, B, B, "", 1),
    ("null-added", TEXT, {"type": ["string", "null"]}, B, A, ..., None),
    ("null-removed", {"anyOf": [TEXT, {"type": "null"}]}, TEXT, A, B, None, ...),
    ("format-added", TEXT, TEXT | {"format": "date"}, A, B, "x", ...),
    ("format-removed", TEXT | {"format": "date"}, TEXT, B, A, ..., "x"),
    ("format-changed", TEXT | {"format": "date"}, TEXT | {"format": "ipv4"}, B, B, "2031-01-01", "127.0.0.1"),
    ("value-added", {"enum": ["up"]}, {"enum": ["up", "down"]}, B, A, ..., "down"),
    ("value-added", {"const": "up"}, {"enum": ["up", "down"]}, B, A, ..., "down"),
    ("value-removed", {"enum": ["up", "down"]}, {"enum": ["up"]}, R, B, "down", ...),
    ("value-renamed", {"enum": ["hang_up"]}, {"enum": ["hangup"]}, B, B, "hang_up", "hangup"),
    ("enum-added", TEXT, TEXT | {"enum": ["up"]}, A, B, "down", ...),
    ("enum-removed", TEXT | {"enum": ["up"]}, TEXT, B, A, ..., "down"),
    ("bound-tightened", {"type": "integer"}, {"type": "integer", "minimum": 1}, A, B, 0, ...),
    ("bound-tightened", {"type": "number", "maximum": 5}, {"type": "number", "exclusiveMaximum": 5}, A, B, 5, ...),
    ("bound-tightened", TEXT | {"maxLength": 9}, TEXT | {"maxLength": 1}, A, B, "xx", ...),
    ("bound-tightened", {"type": "integer", "multipleOf": 2}, {"type": "integer", "multipleOf": 4}, A, B, 2, ...),
    ("bound-tightened", {"type": "array"}, {"type": "array", "uniqueItems": True}, A, B, [1, 1], ...),
    ("bound-loosened", {"type": "integer", "minimum": 1}, {"type": "integer", "minimum": 0}, B, A, ..., 0),
    ("bound-loosened", {"type": "array", "maxItems": 1}, {"type": "array"}, B, A, ..., [1, 1]),
    ("bound-loosened", {"type": "integer", "multipleOf": 2}, {"type": "integer"}, B, A, ..., 1),
    ("bound-changed", {"type": "integer", "multipleOf": 2}, {"type": "integer", "multipleOf": 3}, B, B, 2, 3),
    ("pattern-added", TEXT, TEXT | {"pattern": "^a"}, A, B, "b", ...),
    ("pattern-removed", TEXT | {"pattern": "^a"}, TEXT, B, A, ..., "b"),
    ("pattern-changed", TEXT | {"pattern": "^a"}, TEXT | {"pattern": "^b"}, R, R, "a", "b"),
    ("default-added", TEXT, TEXT | {"default": "a"}, A, A, ..., ...),
    ("default-removed", TEXT | {"default": "a"}, TEXT, R, R, ..., ...),
    ("default-changed", TEXT | {"default": "a"}, TEXT | {"default": "b"}, R, R, ..., ...),
    ("constraint-changed", TEXT, TEXT | {"not": {"const": "a"}}, R, R, "a", ...),
    ("sensitivity-changed", TEXT, TEXT | {"x-sensitivity": "personal"}, R, R, ..., ...),
    ("key-added", ONE, AB, A, A, {"b": 1}, ...),
    ("required-key-added", ONE, AB | {"required": ["b"]}, A, B, {}, ...),
    ("closed-key-added", ONE | CLOSED, AB | CLOSED, B, A, ..., {"b": ""}),
    ("closed-required-key-added", ONE | CLOSED, AB | CLOSED | {"required": ["b"]}, B, B, {}, {"b": ""}),
    ("key-removed", AB, ONE, R, R, ..., {"b": 1}),
    ("required-key-removed", AB | {"required": ["b"]}, ONE, B, R, ..., {}),
    ("closed-key-removed", AB | CLOSED, ONE | CLOSED, R, B, {"b": ""}, ...),
    ("closed-required-key-removed", AB | CLOSED | {"required": ["b"]}, ONE | CLOSED, B, B, {"b": ""}, {}),
    (
        "key-renamed",
        {"properties": {"userId": TEXT}},
        {"properties": {"user_id": TEXT}},
        R,
        R,
        {"user_id": 1},
        {"userId": 1},
    ),
    (
        "closed-key-renamed",
        {"properties": {"userId": TEXT}} | CLOSED,
        {"properties": {"user_id": TEXT}} | CLOSED,
        B,
        B,
        {"userId": ""},
        {"user_id": ""},
    ),
    (
        "required-key-renamed",
        {"properties": {"userId": TEXT}, "required": ["userId"]},
        {"properties": {"user_id": TEXT}, "required": ["user_id"]},
        B,
        B,
        {"userId": ""},
        {"user_id": ""},
    ),
    ("required", ONE, ONE | NEED, A, B, {}, ...),
    ("optional", ONE | NEED, ONE, B, A, ..., {}),
    ("object-closed", ONE, ONE | CLOSED, A, B, {"c": 1}, ...),
    ("object-opened", ONE | {"unevaluatedProperties": False}, ONE, B, A, ..., {"c": 1}),
    ("read-only-added", TEXT, TEXT | {"readOnly": True}, C, R, ..., ...),
    ("read-only-removed", TEXT | {"readOnly": True}, TEXT, C, A, ..., ...),
    ("write-only-added", TEXT, TEXT | {"writeOnly": True}, B, C, ..., ...),
    ("write-only-removed", TEXT | {"writeOnly": True}, TEXT, A, C, ..., ...),
    ("member-added", {"oneOf": [CAT]}, {"oneOf": [CAT, DOG]}, B, A, ..., {"t": "Dog"}),
    ("member-removed", {"oneOf": [CAT, DOG]}, {"oneOf": [CAT]}, R, B, {"t": "Dog"}, ...),
    ("discriminator-added", {"oneOf": [CAT, DOG]}, {"oneOf": [CAT, DOG]} | TAGGED, A, B, ..., ...),
    ("discriminator-removed", {"oneOf": [CAT, DOG]} | TAGGED, {"oneOf": [CAT, DOG]}, B, A, ..., ...),
    (
        "discriminator-changed",
        {"oneOf": [CAT, DOG]} | TAGGED,
        {"oneOf": [CAT, DOG], "discriminator": {"propertyName": "u"}},
        B,
        B,
        ...,
        ...,
    ),
    (
        "discriminator-changed",
        {"oneOf": [CAT, DOG]} | TAGGED,
        {"oneOf": [CAT, DOG], "discriminator": {"propertyName": "t", "mapping": {"feline": CAT["$ref"]}}},
        B,
        B,
        ...,
        ...,
    ),
    ("discriminator-required", {"anyOf": PLAIN} | TAGGED, {"oneOf": PLAIN} | TAGGED, A, B, {}, ...),
    ("discriminator-optional", {"oneOf": PLAIN} | TAGGED, {"anyOf": PLAIN} | TAGGED, B, A, ..., {}),
    ("deprecated", TEXT, TEXT | {"deprecated": True}, R, R, ..., ...),
    ("deprecation-removed", TEXT | {"deprecated": True}, TEXT, C, C, ..., ...),
    ("text-changed", TEXT, TEXT | {"description": "d"}, C, C, ..., ...),
    ("example-changed", TEXT, TEXT | {"examples": ["d"]}, C, C, ..., ...),
]

HEADER = {"schema": TEXT}
PATH_ID, PATH_KEY, LIMIT, TAGS = (
    {"name": name, "in": place, "required": place == "path", "schema": schema}
    for name, place, schema in (
        ("id", "path", TEXT),
        ("key", "path", TEXT),
        ("limit", "query", TEXT),
        ("tags", "query", {"type": "array", "items": TEXT}),
    )
)
BODY: dict[str, Any] = {"content": {JSON: {"schema": TEXT}}}
XML: dict[str, Any] = {"content": BODY["content"] | {"application/xml": {}}}
BEARER, BASIC = ({"type": "http", "scheme": scheme} for scheme in ("bearer", "basic"))
SERVERS = [{"url": "https://a.example"}, {"url": "https://b.example"}]
GET = {"operationId": "get_call", "responses": {}}


def answered(*statuses: str, **headers: Any):
    return operated(responses={status: {"description": "", "headers": headers} for status in statuses})


def secured(*needs: Any, **schemes: Any):
    return dated(
        paths={"/calls": {"get": GET | {"security": [*needs]}}},
        components={"securitySchemes": schemes or {"key": BEARER, "login": BASIC}},
    )


def addressed(path: str, *parameters: Any, method: str = "get", **members: Any):
    return dated(paths={path: {method: GET | {"parameters": [*parameters]} | members}})


def called(*values: str, **members: Any):
    body = {"content": {JSON: {"schema": {"properties": {"type": TEXT | {"enum": [*values]}}}}}}
    return dated(webhooks={"event": {"post": {"requestBody": body, "responses": {}}}} if values else {}, **members)


#: Kind, older and newer contract, level.
OPERATIONS: list[tuple[str, Any, Any, str]] = [
    ("operation-added", dated(), operated(), A),
    ("operation-removed", operated(), dated(), B),
    ("operation-moved", addressed("/calls"), addressed("/v2/calls"), B),
    ("operation-moved", addressed("/calls"), addressed("/calls", method="post"), B),
    ("operation-renamed", operated(), operated(operationId="create_call"), R),
    ("effect-changed", operated(**{"x-effect": "reads"}), operated(**{"x-effect": "rings"}), R),
    ("deprecated", operated(), operated(deprecated=True), R),
    ("deprecation-removed", operated(deprecated=True), operated(), C),
    ("server-added", dated(servers=SERVERS[:1]), dated(servers=SERVERS), A),
    ("server-removed", dated(servers=SERVERS), dated(servers=SERVERS[:1]), R),
    ("webhook-added", called(), called("a"), A),
    ("webhook-removed", called("a"), called(), B),
    ("event-type-added", called("up"), called("up", "down"), R),
    ("event-type-removed", called("up", "down"), called("up"), R),
    ("security-tightened", secured(), secured({"key": []}), B),
    ("security-tightened", secured({"key": []}), secured({"login": []}), B),
    ("security-tightened", secured({"key": []}), secured({"key": [], "login": []}), B),
    ("security-loosened", secured({"key": []}), secured(), A),
    ("security-loosened", secured({"key": []}), secured({"key": []}, {"login": []}), A),
    ("security-scheme-added", secured(key=BEARER), secured(key=BEARER, login=BASIC), A),
    ("security-scheme-removed", secured(key=BEARER, login=BASIC), secured(key=BEARER), R),
    ("security-scheme-changed", secured(key=BEARER), secured(key=BASIC), B),
    ("security-scheme-renamed", secured({"key": []}, key=BEARER), secured({"token": []}, token=BEARER), C),
    ("parameter-added", addressed("/calls"), addressed("/calls", LIMIT), A),
    ("required-parameter-added", addressed("/calls"), addressed("/calls", LIMIT | {"required": True}), B),
    ("parameter-removed", addressed("/calls", LIMIT), addressed("/calls"), R),
    ("parameter-moved", addressed("/calls", LIMIT), addressed("/calls", LIMIT | {"in": "header"}), B),
    ("parameter-style-changed", addressed("/calls", TAGS), addressed("/calls", TAGS | {"explode": False}), B),
    ("path-parameter-renamed", addressed("/calls/{id}", PATH_ID), addressed("/calls/{key}", PATH_KEY), C),
    ("required", addressed("/calls", LIMIT), addressed("/calls", LIMIT | {"required": True}), B),
    ("optional", operated(requestBody=BODY | {"required": True}), operated(requestBody=BODY), A),
    ("body-added", operated(), operated(requestBody=BODY), A),
    ("required-body-added", operated(), operated(requestBody=BODY | {"required": True}), B),
    ("body-removed", operated(requestBody=BODY), operated(), R),
    ("media-type-added", operated(requestBody=BODY), operated(requestBody=XML), A),
    ("media-type-removed", operated(responses={"200": XML}), operated(responses={"200": BODY}), B),
    ("success-status-added", answered("200"), answered("200", "202"), B),
    ("success-status-removed", answered("200", "202"), answered("200"), B),
    ("error-status-added", answered("200"), answered("200", "404"), R),
    ("error-status-removed", answered("200", "404"), answered("200"), A),
    ("header-added", answered("200"), answered("200", etag=HEADER), A),
    ("header-removed", answered("200", etag=HEADER), answered("200"), R),
    ("required-header-removed", answered("200", etag=HEADER | {"required": True}), answered("200"), B),
    ("type-changed", addressed("/calls", LIMIT), addressed("/calls", LIMIT | {"schema": {"type": "integer"}}), B),
    ("schema-added", dated(), dated(schemas={"Cat": TEXT}), A),
    ("schema-removed", dated(schemas={"Cat": TEXT}), dated(), C),
    ("schema-renamed", dated(schemas={"Cat": TEXT}), dated(schemas={"Dog": TEXT}), C),
    ("text-changed", operated(), operated(summary="s"), C),
]


def test_keyword_of_a_union_makes_no_difference_where_each_member_requires_the_discriminator():
    assert compare({"anyOf": [CAT, DOG]} | TAGGED, {"oneOf": [CAT, DOG]} | TAGGED, **ANIMALS) == []


def test_every_kind_has_a_case():
    assert {case[0] for case in (*SCHEMAS, *OPERATIONS)} == KINDS.keys()


@pytest.mark.parametrize("case", SCHEMAS, ids=lambda case: case[0])
@pytest.mark.parametrize("direction", ["received", "sent"])
def test_change_of_a_schema_has_its_kind_and_level(case, direction: Direction):
    kind, old, new, received, sent, *_ = case
    [found] = compare(old, new, direction, **ANIMALS)
    level = received if direction == "received" else sent
    assert (found.kind, found.level, found.directions) == (kind, level, (direction,))


@pytest.mark.parametrize("case", SCHEMAS, ids=lambda case: case[0])
def test_change_of_a_schema_has_the_effect_that_instances_show(case):
    kind, *schemas, _, _, before, after = case
    for instance, expected in ((before, [True, False]), (after, [False, True])):
        if instance is not ...:
            documents = ({**schema, "components": {"schemas": ANIMALS}} for schema in schemas)
            assert [_is_valid(instance, document) for document in documents] == expected
    narrows, widens = before is not ..., after is not ...
    if narrows or widens:
        effects = {(True, False): "narrows", (False, True): "widens", (True, True): "alters"}
        assert KINDS[kind].effect in (effects[narrows, widens], "neither") or kind.endswith("-changed")


def _is_valid(instance: Any, schema: Any) -> bool:
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).is_valid(instance)


@pytest.mark.parametrize("case", OPERATIONS, ids=lambda case: case[0])
def test_change_of_an_operation_has_its_kind_and_level(case):
    kind, old, new, level = case
    found = list(changes(old, new))
    if kind.startswith("event-type"):  # the schema of the event has changed too
        found = [change for change in found if not change.kind.startswith("value")]
    assert [(change.kind, change.level) for change in found] == [(kind, level)]


def test_reverse_of_every_kind_has_the_reverse_effect():
    for kind in KINDS:
        if (reverse := reverse_kind(kind)) in KINDS and reverse != kind:
            assert KINDS[reverse].effect == REVERSE_EFFECT.get(KINDS[kind].effect, KINDS[kind].effect), kind
