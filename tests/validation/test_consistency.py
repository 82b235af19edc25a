import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import orjson
import pytest

from vocode_contract.contract import json_pointer
from vocode_contract.contract.model import Contract, dates
from vocode_contract.errors import ContractError, UnknownSchema
from vocode_contract.validation.codes import ALL, CODES, Selection
from vocode_contract.validation.consistency import RULES, Rule, inconsistencies
from vocode_contract.validation.validator import conforms

CASES = Path(__file__).parents[1] / "cases"
NOW = 2_000_000_000.0
FOREIGN = "b0b0b0b0-0000-4000-8000-000000000000"


CREDENTIALS = (
    "/agent/vector_database/api_key",
    "/agent/openai_account_connection/credentials/openai_api_key",
    "/telephony_account_connection/credentials/twilio_auth_token",
)


def example(name: str = "Call", contract: str = "2023-11-30") -> Any:
    """The contract's own example, its credentials masked: it keeps every rule."""
    payload = deepcopy(Contract.load(contract).schemas[name]["examples"][0])
    masks = CREDENTIALS if name == "Call" else (place.removeprefix("/agent") for place in CREDENTIALS[:2])
    return altered(payload, dict.fromkeys(masks, "********")) if name in ("Call", "Agent") else payload


def altered(payload: Any, sets: dict[str, Any]) -> Any:
    for place, value in sets.items():
        parent, _, key = place.rpartition("/")
        holder: Any = json_pointer.resolve(payload, parent)
        holder[int(key) if isinstance(holder, list) else key] = value
    return payload


def cases() -> Iterator[Any]:
    for path in sorted((CASES / "consistency").glob("*.json")):
        for index, case in enumerate(json.loads(path.read_text())):
            yield pytest.param(path.stem, case, id=f"{path.stem}-{index}")


def places(instance: object, *codes: str, **options: Any) -> list[str]:
    found = inconsistencies(instance, **{"now": NOW} | options)
    return [violation.instance_pointer for violation in found if violation.code in codes]


@pytest.mark.parametrize(("code", "case"), list(cases()))
def test_rule_reports_its_places_and_no_others(code, case):
    name, contract = case.get("name", "Call"), case.get("contract", "2023-11-30")
    payload = altered(example(name, contract), case["sets"])
    assert places(payload, code, name=name, contract=contract) == case["reports"]


def test_every_rule_has_cases_that_break_it_and_cases_that_keep_it():
    for rule in RULES:
        rows = json.loads((CASES / "consistency" / f"{rule.code}.json").read_text())
        assert {bool(row["reports"]) for row in rows} == {True, False}


def test_rule_with_a_code_that_is_not_registered_fails_at_import():
    with pytest.raises(LookupError, match="end-before-begin"):
        Rule(code="end-before-begin", clashes=RULES[0].clashes)


@pytest.mark.parametrize("contract", dates())
@pytest.mark.parametrize("name", ["Call", "CallPage", "Agent"])
def test_sound_payload_breaks_no_rule(name, contract):
    assert list(inconsistencies(example(name, contract), name, contract=contract, now=NOW)) == []


@pytest.mark.parametrize("contract", dates())
def test_published_example_has_no_error(contract):
    published = (CASES / "call" / "valid" / "published.json").read_bytes()
    assert conforms(published, contract=contract)
    assert {found.severity for found in inconsistencies(published, contract=contract)} == {"advice"}


def test_only_impossible_times_are_errors():
    errors = {rule.code for rule in RULES if CODES[rule.code].level == "error"}
    assert errors == {"end-before-start"}


def test_another_owner_is_advice_until_its_code_is_raised():
    payload = altered(example(), {"/agent/voice/user_id": FOREIGN})
    raised = Selection(severities={"foreign-owner": "error"})
    found = [inconsistencies(payload, now=NOW, selection=selection) for selection in (ALL, raised)]
    levels = [[each.severity for each in listed if each.code == "foreign-owner"] for listed in found]
    assert levels == [["advice"], ["error"]]


def test_violation_names_the_place_in_the_contract():
    payload = altered(example(), {"/agent/user_id": FOREIGN})
    [found] = [found for found in inconsistencies(payload, now=NOW) if found.code == "foreign-owner"]
    assert found.schema_pointer == "/components/schemas/Agent/properties/user_id"
    assert (found.contract, found.severity) == ("2023-11-30", "advice")


def test_owner_of_each_listed_call_is_its_own():
    page = example("CallPage")
    page["items"].append(altered(deepcopy(page["items"][0]), {"/user_id": FOREIGN}))
    assert places(page, "foreign-owner", name="CallPage") == []


def test_raw_bytes_are_read():
    payload = orjson.dumps(altered(example(), {"/status": "in_progress"}))
    assert places(payload, "end-time-early") == ["/end_time"]


@pytest.mark.parametrize("instance", [b"", b"{", b"\xff", None, True, 0, 1e308, "text", [], {}, [[]], {"agent": {}}])
@pytest.mark.parametrize("name", ["Call", "CallPage", "Agent", "WebhookEvent"])
def test_values_that_are_no_payload_yield_nothing(instance, name):
    assert list(inconsistencies(instance, name)) == []


WRONG: tuple[Any, ...] = (
    None,
    True,
    10**400,
    -1.5,
    float("nan"),
    "",
    "\ud800",
    [],
    [None],
    {},
    {"type": []},
    {"": 0},
    {"user_id": {}},
)


def below(value: Any, place: str = "") -> Iterator[str]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in members:
        yield f"{place}/{key}"
        yield from below(child, f"{place}/{key}")


@pytest.mark.parametrize("contract", dates())
def test_wrong_value_anywhere_raises_nothing(contract):
    for place in below(example(contract=contract)):
        for value in WRONG:
            payload = altered(example(contract=contract), {place: value})
            list(inconsistencies(payload, contract=contract))


def test_deep_value_raises_nothing():
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert places(altered(example(), {"/context": deep, "/agent/actions": deep, "/agent/prompt": deep})) == []


def test_no_part_of_a_payload_is_told():
    payload = example()
    token = "c4n4ry-0123456789"
    for place in list(below(payload)):
        if isinstance(json_pointer.resolve(payload, place), str) and not place.endswith(("type", "status", "provider")):
            altered(payload, {place: token + place})
    payload["agent"]["openai_account_connection"]["credentials"][token] = token
    payload["context"] = {token: token}
    told = "\n".join(f"{found} {found!r}" for found in inconsistencies(payload))
    assert "credential-in-clear" in told
    assert "c4n4ry" not in told


def test_clock_and_tolerance_are_parameters():
    payload = altered(example(), {"/end_time": "2033-05-18T03:33:21Z"})
    assert places(payload, "time-in-future", tolerance=0) == ["/end_time"]
    assert places(payload, "time-in-future", tolerance=1) == []
    assert places(payload, "time-in-future", now=NOW + 1, tolerance=0) == []


def test_selection_overrides_severities():
    payload = altered(example(), {"/status": "in_progress"})
    chosen = Selection(select=("end-time-*",), severities={"end-time-early": "error"})
    assert [found.severity for found in inconsistencies(payload, selection=chosen)] == ["error"]


def test_misuse_is_told_at_the_call():
    with pytest.raises(UnknownSchema):
        inconsistencies({}, "Cal")
    with pytest.raises(ContractError):
        inconsistencies({}, contract="1999-01-01")
