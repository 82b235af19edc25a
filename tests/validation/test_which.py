import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from vocode_contract.contract.model import Contract, dates
from vocode_contract.errors import UnknownProfile, UnknownSchema
from vocode_contract.validation.which import Change, Fit, changes, which

FACTS = Path(__file__).parents[1] / "facts" / "changes.tsv"
STEPS = list(zip(dates(), dates()[1:], strict=False))


def example(contract: str, name: str = "Call") -> Any:
    return deepcopy(Contract.load(contract).schemas[name]["examples"][0])


def accepted(fits: tuple[Fit, ...]) -> list[str]:
    return [fit.contract for fit in fits if fit.accepted]


@pytest.mark.parametrize("contract", dates())
@pytest.mark.parametrize("name", ["Call", "CallPage", "CreateCallRequest"])
def test_which_accepts_the_contracts_own_example_and_fits_it_best(contract, name):
    fits = which(example(contract, name), name)
    assert contract in accepted(fits)
    best = min((fit for fit in fits if fit.accepted), key=lambda fit: fit.undeclared)
    assert best.undeclared == 0


def test_which_names_what_rules_a_contract_out():
    call = example("2024-08-27") | {"start_time": "1724769000"}
    old, middle, new, *_ = which(call)
    assert new == Fit(contract="2024-08-27", accepted=True, ruled_out_by=None, undeclared=0)
    assert middle.ruled_out_by is not None
    assert (middle.ruled_out_by.instance_pointer, middle.ruled_out_by.code) == ("/start_time", "format")
    assert not old.accepted
    assert old.undeclared > middle.undeclared


def test_which_names_the_first_violation_of_the_payload_and_not_of_the_schema():
    call = example("2023-11-30")
    agent = call.pop("agent") | {"language": "xx"}
    first, *_ = which({"agent": agent, **call, "status": "ringing", "id": 5})
    assert first.ruled_out_by is not None
    assert first.ruled_out_by.instance_pointer == "/agent/language"


def test_missing_key_comes_after_the_present_ones():
    call = example("2023-11-30") | {"telephony_provider": "semaphore"}
    del call["id"]
    assert [fit.ruled_out_by and fit.ruled_out_by.instance_pointer for fit in which(call)] == [
        "/telephony_provider"
    ] * len(dates())


def test_first_wrong_item_is_told_by_number_and_not_by_spelling():
    page = example("2023-11-30", "CallPage")
    page["items"] = [deepcopy(page["items"][0]) for _ in range(11)]
    page["items"][10]["id"] = page["items"][9]["id"] = 1
    old = which(page, "CallPage")[0]
    assert old.ruled_out_by is not None
    assert old.ruled_out_by.instance_pointer == "/items/9/id"


def test_which_takes_bytes():
    payload = json.dumps(example("2023-11-30")).encode()
    assert accepted(which(payload)) == list(dates())
    assert {fit.ruled_out_by and fit.ruled_out_by.code for fit in which(b'{"id":')} == {"json-syntax"}


def test_contract_without_the_schema_accepts_nothing():
    fits = which(example("2024-04-19", "TelephonyMetadata"), "TelephonyMetadata")
    assert fits[0] == Fit(contract="2023-11-30", accepted=False, ruled_out_by=None, undeclared=0)
    assert accepted(fits) == [date for date in dates() if date > "2023-11-30"]


@pytest.mark.parametrize("instance", [None, 1, "text", [], {}, [[]], b""])
def test_nothing_accepts_what_is_no_call(instance):
    assert accepted(which(instance)) == []


def test_misuse_of_which_is_told():
    with pytest.raises(UnknownSchema):
        which({}, "Cal")
    with pytest.raises(UnknownProfile):
        which({}, profile="strict")


def compared(old: str, new: str, profile: str = "documented") -> list[Change]:
    return list(changes(Contract.load(old, profile=profile), Contract.load(new, profile=profile)))


def row(new: str, change: Change) -> str:
    place = change.pointer.removeprefix("/components/schemas/").replace("/properties/", ".")
    breaks = "breaks" if change.breaking else "-"
    return "\t".join([new, change.kind, place, change.before or "-", change.after or "-", breaks])


def test_changes_are_the_known_ones():
    found = [row(new, change) for old, new in STEPS for change in compared(old, new)]
    assert sorted(found) == sorted(FACTS.read_text().splitlines()), "changes of schemas and tests/facts disagree"


@pytest.mark.parametrize("contract", dates())
@pytest.mark.parametrize("profile", ["documented", "wire", "tolerant"])
def test_contract_has_not_changed_from_itself(contract, profile):
    assert compared(contract, contract, profile) == []


@pytest.mark.parametrize(("old", "new"), STEPS)
def test_change_backwards_is_the_opposite(old, new):
    def turned(kind: str) -> str:
        swap = {"added": "removed", "removed": "added", "required": "optional", "optional": "required"}
        stem, _, end = kind.rpartition("-")
        return f"{stem}-{swap[end]}" if end in swap else kind

    there = sorted((change.kind, change.pointer, change.before, change.after) for change in compared(old, new))
    back = sorted((turned(change.kind), change.pointer, change.after, change.before) for change in compared(new, old))
    assert there == back


def test_null_is_no_change_on_the_wire():
    kinds = {change.kind for change in compared("2024-04-19", "2024-08-27", "wire") if "received" in change.directions}
    assert "null-added" not in kinds


def test_new_words_break_nobody_who_is_tolerant():
    breaking = [change.kind for change in compared("2023-11-30", "2024-04-19", "tolerant") if change.breaking]
    assert breaking == []


def test_breaking_follows_the_direction():
    backwards = compared("2024-04-19", "2023-11-30")
    assert {change.directions for change in backwards if change.kind == "value-removed" and change.breaking} == {
        ("received", "sent"),
        ("sent",),
    }


def edited(*path: str, **members: Any) -> Contract:
    """The oldest contract with one object of its document edited; None takes a member out."""
    base = Contract.load("2023-11-30", profile="documented")
    document = json.loads(json.dumps(base.document))
    node = document["components"]["schemas"]
    for key in path:
        node = node[key]
    for key, value in members.items():
        node.pop(key, None)
        if value is not None:
            node[key] = value
    return Contract(date=base.date, profile=base.profile, document=document)


@pytest.mark.parametrize(
    ("path", "members", "kind", "breaking"),
    [
        (("Webhook",), {"required": []}, "optional", True),
        (("WebhookParams",), {"required": []}, "optional", False),
        (("WebhookParams",), {"required": ["url", "subscriptions", "method"]}, "required", True),
        (("Webhook",), {"required": ["id", "user_id", "subscriptions", "url", "method"]}, "required", False),
        (("Call", "properties", "transcript"), {"format": "uuid"}, "format-added", False),
        (("Call", "properties", "start_time"), {"format": "uuid"}, "format-changed", True),
        (("Call", "properties", "transcript"), {"type": ["string", "integer"]}, "type-widened", True),
        (("Call", "properties", "transcript"), {"type": ["string", "null"]}, "null-added", True),
        (("Call", "properties", "transcript"), {"enum": ["a"]}, "enum-added", False),
        (("Call", "properties", "on_no_human_answer"), {"enum": None}, "enum-removed", True),
        (("Call", "properties", "hipaa_compliant"), {"default": True}, "default-changed", False),
        (("Call", "properties", "context", "additionalProperties"), {"type": "integer"}, "type-changed", True),
        (("Agent", "properties"), {"conversation_speed": None}, "key-removed", False),
        (("Agent", "properties"), {"prompt": None}, "required-key-removed", True),
    ],
)
def test_edit_is_one_change_of_its_kind(path, members, kind, breaking):
    found = list(changes(edited(), edited(*path, **members)))
    assert {change.kind for change in found} == {kind}
    assert any(change.breaking for change in found) is breaking


END_CALL = Contract.load("2023-11-30").document["paths"]["/v1/calls/end"]["post"]
NOT_FOUND = END_CALL | {"responses": END_CALL["responses"] | {"404": {}}}
ACCEPTED = END_CALL | {"responses": END_CALL["responses"] | {"202": {}}}
[ID] = END_CALL["parameters"]


def operated(operation: Mapping[str, Any] | None) -> Contract:
    """The oldest contract with End Call, if with any operation, as given."""
    base = Contract.load("2023-11-30", profile="documented")
    paths = {"/v1/calls/end": {"post": operation}} if operation else {}
    return Contract(date=base.date, profile=base.profile, document={**base.document, "paths": paths})


@pytest.mark.parametrize(
    ("before", "after", "kind", "breaking"),
    [
        (None, END_CALL, "operation-added", False),
        (END_CALL, None, "operation-removed", True),
        (END_CALL, NOT_FOUND, "error-status-added", False),
        (END_CALL, ACCEPTED, "success-status-added", True),
        (NOT_FOUND, END_CALL, "error-status-removed", False),
        (END_CALL | {"parameters": []}, END_CALL, "required-parameter-added", True),
        (END_CALL | {"parameters": [ID | {"required": False}]}, END_CALL, "required", True),
    ],
)
def test_change_of_an_operation_is_one_change_of_its_kind(before, after, kind, breaking):
    [found] = changes(operated(before), operated(after))
    assert (found.kind, found.breaking) == (kind, breaking)
    assert found.pointer.startswith("/paths/~1v1~1calls~1end/post")


def test_which_counts_no_keys_of_a_payload_with_too_many_values():
    call = example(dates()[0]) | {"unheard_of": 1}
    call["agent"]["actions"] = [[{}] * 1_000] * 100_000
    assert {fit.undeclared for fit in which(call)} == {0}
