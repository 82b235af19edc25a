"""Every file below ``cases``: the valid conform, the invalid have just the violations that they list.

A valid file is held against the default contract. An invalid one says what it is read as, and under which
other profiles it conforms; what it lists may leave out ``expected``.
"""

import json
from pathlib import Path

import pytest

from vocode_contract.contract.model import PROFILES, Contract
from vocode_contract.validation.engine import CompiledEngine, ReferenceEngine
from vocode_contract.validation.validator import Validator

CASES = Path(__file__).parents[1] / "cases"
SCHEMAS = {
    "call": "Call",
    "call_page": "CallPage",
    "create_call_request": "CreateCallRequest",
    "external_action_answer": "ExternalActionAnswer",
    "external_action_request": "ExternalActionRequest",
    "http_validation_error": "HTTPValidationError",
    "webhook_event": "WebhookEvent",
}


def files(kind):
    paths = [path for topic in SCHEMAS for path in sorted((CASES / topic / kind).glob("*.json"))]
    return pytest.mark.parametrize("path", paths, ids=lambda path: f"{path.parts[-3]}/{path.stem}")


def place(violation):
    return violation["instance_pointer"], violation["code"]


each_engine = pytest.mark.parametrize("engine", [CompiledEngine, ReferenceEngine])


@each_engine
@pytest.mark.parametrize("profile", PROFILES)
@files("valid")
def test_valid_case_conforms(path, profile, engine):
    validator = Validator(Contract.load(profile=profile), SCHEMAS[path.parts[-3]], engine=engine)
    payload = path.read_bytes()
    assert validator.conforms(payload)
    assert validator.conforms(json.loads(payload))
    assert all(violation.severity == "drift" for violation in validator.violations(payload))


@each_engine
@files("invalid")
def test_invalid_case_has_the_violations_it_lists(path, engine):
    case = json.loads(path.read_bytes())
    contract = Contract.load(case["contract"], profile=case["profile"])
    validator = Validator(contract, case["schema"], engine=engine)
    found = [
        {"code": each.code, "instance_pointer": each.instance_pointer, "expected": each.expected}
        for each in validator.violations(case["instance"])
    ]
    assert sorted(map(place, found)) == sorted(map(place, case["violations"]))
    assert all(any(wanted.items() <= each.items() for each in found) for wanted in case["violations"])
    assert not validator.conforms(case["instance"])


@each_engine
@files("invalid")
def test_invalid_case_conforms_under_the_other_profiles_it_lists(path, engine):
    case = json.loads(path.read_bytes())
    for profile in {*PROFILES} - {case["profile"]}:
        validator = Validator(Contract.load(case["contract"], profile=profile), case["schema"], engine=engine)
        assert validator.conforms(case["instance"]) == (profile in case.get("conforms_under", ())), profile
