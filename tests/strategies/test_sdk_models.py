"""A consumer's view: the official Python SDK, vocode-api 0.0.48, reads what is generated.

It was made from the document of 2024-08-27, so that is its contract. It parses every Call of it, and
loses nothing. What else it refuses is in `REASONS`, and nothing else is refused.
"""

import warnings
from collections.abc import Callable, Mapping
from functools import cache
from itertools import islice
from typing import Any

import pytest

from tests.support.plugins import needs
from vocode_contract import Contract, Validator, Violation
from vocode_contract.contract.covering_set import covering_set
from vocode_contract.contract.model import PROFILES, dates
from vocode_contract.strategies import calls, from_schema
from vocode_contract.strategies.seeding import sample

# Its own code uses what pydantic deprecates.
pytestmark = [
    needs("pydantic", "vocode"),
    pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20"),
]

ITS_OWN = "2024-08-27"
COUNT = 80
JUDGE = Validator(Contract.load(ITS_OWN, profile="tolerant"), "Call")

#: Why the SDK refuses a Call -> whether a violation of its own contract, leniently read, is that reason.
REASONS: Mapping[str, Callable[[Violation], bool]] = {
    # It takes any value where the contract lists several, but its unions of objects are closed.
    "an object of a union is of a newer type": lambda found: found.code == "union-type",
    # 2024-04-19 lets phrases set off every action; later, keypad and external actions take function calls alone.
    "phrases set off an action that they no longer set off": lambda found: (
        _is_another_word(found) and found.instance_pointer.endswith("/action_trigger/type")
    ),
    # Nor does it take another value where the contract lists one: such words name the only type there is.
    "the only type of an object is another": lambda found: (
        _is_another_word(found) and not found.instance_pointer.endswith("/action_trigger/type")
    ),
}
PHRASES = "phrases set off an action that they no longer set off"
DRIFT = set(REASONS) - {PHRASES}
#: Where each reason comes up; nowhere else is a Call refused.
REFUSED = {
    ("2023-11-30", "tolerant"): DRIFT,
    ("2024-04-19", "documented"): {PHRASES},
    ("2024-04-19", "wire"): {PHRASES},
    ("2024-04-19", "tolerant"): DRIFT | {PHRASES},
    ("2024-08-27", "tolerant"): DRIFT | {PHRASES},
}


def _is_another_word(found: Violation) -> bool:
    return found.code == "enum" and not found.expected.startswith("one of ")


def reasons_in(call: Any) -> set[str]:
    violations = list(JUDGE.violations(call))
    return {reason for reason, holds in REASONS.items() if any(map(holds, violations))}


@cache
def load_sdk() -> Any:
    """Import it late: it has three hundred modules, and each process of a run collects all tests."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, about its own code
        import vocode
    return vocode


def parsed(value: Any, model: Any = None) -> Any:
    """Parse as its client does, a Call by default; ``None`` for what it refuses."""
    from pydantic import ValidationError

    sdk = load_sdk()
    try:
        return sdk.core.pydantic_utilities.parse_obj_as(type_=model or sdk.Call, object_=value)
    except ValidationError:
        return None


def drawn(strategy: Any, count: int = COUNT) -> list[Any]:
    return list(islice(sample(strategy, 0), count))


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("date", dates())
def test_sdk_refuses_a_call_for_a_known_reason_alone(date, profile):
    found = set()
    for call in drawn(calls(False, contract=date, profile=profile), COUNT * (5 if profile == "tolerant" else 1)):
        reasons = reasons_in(call)
        assert (parsed(call) is None) == bool(reasons), reasons
        found |= reasons
    assert found == REFUSED.get((date, profile), set())


def test_sdk_takes_nasty_values():
    assert all(map(parsed, drawn(calls(contract=ITS_OWN, adversarial=True))))


def test_sdk_loses_nothing_of_a_call_of_its_contract():
    for call in [*drawn(calls(contract=ITS_OWN)), *covering_set(Contract.load(ITS_OWN))]:
        assert parsed(call).dict() == call


@pytest.mark.parametrize("name", ["CallPage", "Agent", "AzureVoice", "ExternalAction", "HTTPValidationError"])
def test_sdk_parses_what_else_its_contract_has(name):
    model = getattr(load_sdk(), name, None) or load_sdk().HttpValidationError
    assert all(parsed(value, model) for value in drawn(from_schema(name, contract=ITS_OWN), 50))


def test_sdk_takes_any_value_of_an_enumeration():
    [call] = drawn(calls(contract=ITS_OWN), 1)
    assert parsed(call | {"status": "ringing"}).status == "ringing"
