"""What is accepted by a schema that bounds depth is valid and shallow, and nearly all that is valid is accepted."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vocode_contract.contract.model import Contract, dates
from vocode_contract.contract.profile import schema_under_profile
from vocode_contract.strategies import calls, near_misses
from vocode_contract.validation.engine import best_engine
from vocode_contract.validation.json_value import is_deeper_than
from vocode_contract.validation.shallow import accept_shallow

DEPTH = 64
scalars = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=3)
additions = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=6,
)


def objects_in(value):
    """Yield every object in a value."""
    if isinstance(value, dict):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects_in(child)


def nest(levels, opening, closing="leaf"):
    for level in range(levels):
        closing = [closing] if (level + opening) % 2 else {"a": closing}
    return closing


each_contract = pytest.mark.parametrize(
    ("date", "profile", "is_closed"),
    [*((date, "wire", True) for date in dates()), (dates()[-1], "documented", True), (dates()[-1], "tolerant", False)],
)


@each_contract
def test_shallow_schema_accepts_what_is_valid_and_nothing_else(date, profile, is_closed):
    contract = Contract.load(date, profile=profile)
    accepts = accept_shallow(contract, "Call", DEPTH, is_closed=is_closed)
    is_valid = best_engine(schema_under_profile(contract, "/components/schemas/Call", is_closed=is_closed)).is_valid
    payloads = calls(contract=date, profile=profile) | near_misses(contract=date, profile=profile).map(
        lambda miss: miss.payload
    )

    @settings(max_examples=50)
    @given(payloads, st.sampled_from(["a", "config", "input_schema", "type", "context"]), additions, st.data())
    def check(value, key, added, data):
        objects = list(objects_in(value))
        if objects and data.draw(st.booleans()):
            data.draw(st.sampled_from(objects))[key] = added
        assert accepts(value) == is_valid(value)

    check()


@each_contract
def test_shallow_schema_accepts_no_deep_value_wherever_it_is(date, profile, is_closed):
    contract = Contract.load(date, profile=profile)
    for name, schema in contract.schemas.items():
        accepts = accept_shallow(contract, name, DEPTH, is_closed=is_closed)
        for example in schema.get("examples", ()):
            for number in range(len(list(objects_in(example)))):
                copy = orjson.loads(orjson.dumps(example))
                changed = list(objects_in(copy))[number]
                for key in [*changed, "undeclared"]:
                    kept = changed.get(key)
                    for opening in (0, 1):
                        changed[key] = nest(DEPTH + 1, opening)
                        assert is_deeper_than(copy, DEPTH)
                        assert not accepts(copy)
                    changed[key] = kept


RECURSIVE = {"Call": {"properties": {"again": {"$ref": "#/components/schemas/Call"}}}}


def test_contract_whose_schema_contains_itself_is_measured_instead():
    contract = Contract.load().with_overlay(RECURSIVE, date="2031-01-01")
    accepts = accept_shallow(contract, "Call", 20, is_closed=True)
    call = contract.schemas["Call"]["examples"][0]
    assert accepts({**call, "again": call})
    for _ in range(20):
        call = {**call, "again": call}
    assert not accepts(call)
