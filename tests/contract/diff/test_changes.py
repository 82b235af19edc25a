"""What is one change, what is none, and what is the same however it is written."""

from itertools import pairwise, permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.changes import JSON, compare, dated, operated, reverse_kind, used
from vocode_contract.contract.diff import changes, group_changes
from vocode_contract.contract.diff.renames import match_renamed

TEXT = {"type": "string"}
CAT = {"$ref": "#/components/schemas/Cat"}
GET: Any = {"operationId": "get_call", "responses": {}}
CATS: Any = {"Cat": {"type": "object", "properties": {"name": TEXT}}}

NULLABLE: list[Any] = [
    {"type": ["string", "null"], "enum": ["a", None]},
    {"type": "string", "enum": ["a"], "nullable": True},
    {"type": ["null", "string"], "enum": [None, "a"]},
    {"enum": ["a", None]},
    {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]},
    {"oneOf": [{"const": None}, {"type": "string", "const": "a"}]},
    {"allOf": [{"type": "string", "enum": ["a"], "nullable": True}]},
]
NULLABLE_REFERENCES: list[Any] = [
    {"anyOf": [CAT, {"type": "null"}]},
    {"oneOf": [{"type": "null"}, CAT]},
    {"allOf": [CAT], "nullable": True},
    {"anyOf": [CAT], "nullable": True},
    {"anyOf": [{"allOf": [CAT]}, {"enum": [None]}]},
]


def kinds(*arguments: Any, **others: Any) -> list[str]:
    return [change.kind for change in compare(*arguments, **others)]


@pytest.mark.parametrize(("old", "new"), [*permutations(NULLABLE, 2), *permutations(NULLABLE_REFERENCES, 2)], ids=str)
def test_null_is_the_same_however_it_is_written(old, new):
    assert kinds({"properties": {"a": old}}, {"properties": {"a": new}}, **CATS) == []


@pytest.mark.parametrize(
    ("plain", "nullable"),
    [({"type": "string", "enum": ["a"]}, each) for each in NULLABLE] + [(CAT, each) for each in NULLABLE_REFERENCES],
    ids=str,
)
def test_new_null_is_one_change_however_it_is_written(plain, nullable):
    old, new = ({"properties": {"a": each}} for each in (plain, nullable))
    assert (kinds(old, new, **CATS), kinds(new, old, **CATS)) == (["null-added"], ["null-removed"])


def test_type_null_without_the_value_null_is_not_nullable():
    assert kinds({"type": ["string", "null"], "enum": ["a"]}, {"type": "string", "enum": ["a"]}) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": True}, {"type": "integer", "exclusiveMinimum": 1}),
        ({"type": "integer", "exclusiveMinimum": 1, "minimum": 0}, {"type": "integer", "exclusiveMinimum": 1}),
        (TEXT, TEXT | {"minLength": 0}),
        ({"type": "string", "const": "a"}, {"type": "string", "enum": ["a"]}),
        (CAT, {"allOf": [CAT]}),
        (CATS["Cat"], CATS["Cat"] | {"additionalProperties": True}),
        ({"anyOf": [TEXT, {"type": "integer"}]}, {"type": ["integer", "string"]}),
    ],
    ids=str,
)
def test_meaning_is_the_same_however_it_is_written(old, new):
    assert kinds({"properties": {"a": old}}, {"properties": {"a": new}}, **CATS) == []


def test_document_that_does_not_say_something_has_not_changed_it():
    says = dated(servers=[{"url": "https://a.example"}], paths={"/calls": {"get": GET | {"x-effect": "reads"}}})
    assert list(changes(says, dated(paths={"/calls": {"get": GET}}))) == []


def test_union_that_can_be_null_keeps_its_discriminator():
    union = {"oneOf": [CAT], "discriminator": {"propertyName": "name"}}
    outer = {"anyOf": [{"$ref": "#/components/schemas/Animal"}, {"type": "null"}]}
    old, new = {"properties": {"a": union}}, {"properties": {"a": outer}}
    assert kinds(old, new, **CATS, Animal=union) == ["null-added"]


def test_one_cause_in_fifty_places_is_one_entry():
    old, new = ({"properties": {f"p{n}": {"enum": values} for n in range(50)}} for values in (["a"], ["a", "b"]))
    [group] = group_changes(compare(old, new))
    assert (group.first.kind, len(group.changes)) == ("value-added", 50)


def test_schema_that_another_replaces_counts_in_every_place():
    sides = []
    for name, values in (("Mood", ["calm"]), ("Tone", ["calm", "loud"])):
        properties = {f"p{n}": {"$ref": f"#/components/schemas/{name}"} for n in range(60)}
        sides.append(used({"properties": properties}, "received", **{name: {"enum": values}}))
    [group] = [group for group in group_changes(changes(*sides)) if group.first.kind == "value-added"]
    assert {change.pointer for change in group.changes} == {
        f"/components/schemas/Thing/properties/p{n}" for n in range(60)
    }


@pytest.mark.parametrize("values", [[{"a": 1}, {"a": 2}], [[1], [2]], ["a" * 99 + " up", "a" * 99 + " down"]])
def test_values_that_read_the_same_are_told_apart(values):
    assert kinds({"enum": values[:1]}, {"enum": values[1:]}) == ["value-added", "value-removed"]


def test_constant_at_a_sensitive_place_is_compared_and_not_shown():
    old, new = ({"properties": {"api_key": {"const": value}}} for value in ("s3cret", "0ther"))
    found = compare(old, new)
    assert {change.before + change.after for change in found} == {"(masked)"}


@pytest.mark.parametrize(
    ("gone", "fresh", "expected"),
    [
        ("userId", "user_id", True),
        ("hang_up", "hangup", True),
        ("voice", "voice_id", True),
        ("phone_call", "event_phone_call", True),
        ("recieved", "received", True),
        ("id", "identity", False),
        ("a", "name", False),
        ("input_rate", "output_rate", False),
        ("start_time", "end_time", False),
        ("connected", "disconnected", False),
        ("connected", "not_connected", False),
        ("connected", "call_did_not_connect", False),
        ("enabled", "disabled", False),
        ("gpt-3", "gpt-4", False),
        ("1.5", "15", False),
        ("*", "+", False),
        ("ended", "queued", False),
    ],
)
def test_name_is_taken_for_a_new_spelling_only_if_it_reads_like_one(gone, fresh, expected):
    assert match_renamed([gone], [fresh]) == ({gone: fresh} if expected else {})


def test_name_with_two_candidates_is_not_renamed():
    assert match_renamed(["name"], ["first_name", "last_name"]) == {}
    assert match_renamed(["first_name", "last_name"], ["name"]) == {}
    assert match_renamed(["userId"], ["user_id", "user"]) == {"userId": "user_id"}


def test_property_of_another_schema_is_not_renamed():
    old, new = {"properties": {"userId": TEXT}}, {"properties": {"user_id": {"type": "integer"}}}
    assert kinds(old, new) == ["key-removed", "key-added"]


def test_property_of_responses_only_concerns_no_sender():
    key = {"type": "object", "properties": {"a": TEXT | {"readOnly": True}}, "required": ["a"]}
    assert kinds({"type": "object"}, key, "sent") == ["required-key-added"]
    [change] = compare({"type": "object"}, key, "received")
    assert (change.directions, change.level) == (("received",), "additive")


def test_property_of_responses_only_may_change_in_the_body_of_a_request():
    bodies = (
        {"content": {JSON: {"schema": {"properties": {"a": {"type": kind, "readOnly": True}}}}}}
        for kind in ("string", "integer")
    )
    assert list(changes(*(operated(requestBody=body) for body in bodies))) == []


def test_parts_of_a_union_without_names_are_all_compared():
    def union(second: Any) -> Any:
        parts = {"a": TEXT, "b": second}
        return {"anyOf": [{"type": "object", "properties": {name: part}} for name, part in parts.items()]}

    assert kinds(union(TEXT), union({"type": "integer"})) == ["type-changed"]


THING = {"$ref": "#/components/schemas/Thing"}
CIRCLES: dict[str, Any] = {
    "reference": THING,
    "union": {"anyOf": [THING, THING]},
    "allOf": {"allOf": [THING, THING, {"title": "t"}]},
    "property": {"properties": {"a": THING}},
    "items": {"items": {"anyOf": [THING, {"type": "null"}]}},
}


@pytest.mark.parametrize("name", CIRCLES)
@pytest.mark.parametrize("other", [TEXT, {"properties": {"a": TEXT}}], ids=["text", "object"])
def test_circular_references_end(name, other):
    assert kinds(CIRCLES[name], other)
    assert kinds(CIRCLES[name], CIRCLES[name]) == []


def fan_out(keyword: str, prefix: str, last: Any):
    """Make a contract in which 3^20 paths lead to one schema."""
    names = [f"{prefix}{n}" for n in range(21)]
    schemas: dict[str, Any] = {names[-1]: last}
    for name, below in pairwise(names):
        parts = [{"$ref": f"#/components/schemas/{below}"}] * 3
        schemas[name] = {keyword: dict(zip("abc", parts, strict=True)) if keyword == "properties" else parts}
    return used({"items": {"$ref": f"#/components/schemas/{names[0]}"}}, "received", **schemas)


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "properties"])
def test_references_that_fan_out_end(keyword):
    found = list(changes(fan_out(keyword, "A", TEXT), fan_out(keyword, "B", {"type": "integer"})))
    assert {"type-changed", "member-added"} & {change.kind for change in found}


def chain(first: int, last: Any, keyword: str):
    """Make a contract in which each of 3,000 schemas leads to the next."""
    names = [f"S{n}" for n in range(first, 3_000)]
    parts = {name: {"$ref": f"#/components/schemas/{below}"} for name, below in pairwise(names)}
    schemas = {name: {"properties": {"a": part}} if keyword == "properties" else part for name, part in parts.items()}
    return used({"items": {"$ref": f"#/components/schemas/{names[0]}"}}, "received", **schemas, **{names[-1]: last})


@pytest.mark.parametrize("keyword", ["$ref", "properties"])
def test_references_that_go_on_and_on_end(keyword):
    assert list(changes(chain(0, TEXT, keyword), chain(1, {"type": "integer"}, keyword)))


# --- properties ---

QUICK = settings(max_examples=50, derandomize=True)
NAMES = st.sampled_from(["a", "b", "user_id", "userId"])
LEAVES = st.one_of(
    st.fixed_dictionaries({"type": st.sampled_from(["string", "integer", ["string", "null"]])}),
    st.fixed_dictionaries({"enum": st.lists(st.sampled_from(["up", "down", "1", None]), min_size=1, unique=True)}),
    st.fixed_dictionaries({"type": st.just("integer"), "minimum": st.integers(0, 2), "multipleOf": st.integers(1, 3)}),
    st.just(CAT),
    st.just({"anyOf": [CAT, {"type": "null"}]}),
)
OBJECTS = st.recursive(
    LEAVES,
    lambda below: (
        st.fixed_dictionaries(
            {"type": st.just("object"), "properties": st.dictionaries(NAMES, below, max_size=3)},
            optional={"required": st.lists(NAMES, unique=True), "additionalProperties": st.booleans()},
        )
        | st.fixed_dictionaries({"type": st.just("array"), "items": below})
    ),
    max_leaves=6,
)


@QUICK
@given(OBJECTS)
def test_schema_has_not_changed_from_itself(schema):
    assert compare(schema, schema, **CATS) == []


@QUICK
@given(OBJECTS, OBJECTS)
def test_change_and_its_reverse_are_opposites(old, new):
    there, back = compare(old, new, **CATS), compare(new, old, **CATS)
    turned = sorted((reverse_kind(each.kind), each.after, each.before) for each in back)
    assert sorted((each.kind, each.before, each.after) for each in there) == turned


@QUICK
@given(OBJECTS, OBJECTS)
def test_what_breaks_one_side_does_not_break_the_other_unless_it_alters(old, new):
    there = compare(old, new, "received", **CATS)
    sent = compare(old, new, "sent", **CATS)
    assert [each.kind for each in there] == [each.kind for each in sent]
    for received, other in zip(there, sent, strict=True):
        if received.effect in ("widens", "narrows"):
            assert not (received.breaking and other.breaking)
