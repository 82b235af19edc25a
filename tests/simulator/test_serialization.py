"""What a call was last cache as is used again only while nothing about it has changed."""

import json

import pytest

from vocode_contract.contract.model import Contract, dates
from vocode_contract.simulator import VARIANTS, ManualClock, Simulation
from vocode_contract.simulator.serialization import SerializationCache, serialize
from vocode_contract.simulator.variants import LIKELY, Variant

CONTRACT = Contract.load()


@pytest.fixture
def simulation():
    return Simulation(clock=ManualClock(), speed=0)


@pytest.fixture
def call(simulation):
    return simulation.calls()[0]


def test_cached_json_is_what_serialize_returns(call):
    assert json.loads(SerializationCache(CONTRACT).json("Call", call, LIKELY)) == serialize(
        CONTRACT, "Call", call, LIKELY
    )


def test_written_call_is_kept(call):
    cache = SerializationCache(CONTRACT)
    assert cache.json("Call", call, LIKELY) is cache.json("Call", dict(call), Variant())


@pytest.mark.parametrize("changes", [{"status": "error"}, {"start_time": 1.5, "end_time": 2.5}, {"transcript": "x"}])
def test_changed_call_is_written_anew(call, changes):
    cache = SerializationCache(CONTRACT)
    cache.json("Call", call, LIKELY)
    call.update(changes)  # in place, as the simulator does
    assert json.loads(cache.json("Call", call, LIKELY)) == serialize(CONTRACT, "Call", call, LIKELY)


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_other_variant_writes_anew(call, variant):
    cache = SerializationCache(CONTRACT)
    cache.json("Call", call, LIKELY)
    assert json.loads(cache.json("Call", call, variant)) == serialize(CONTRACT, "Call", call, variant)


def test_other_schema_writes_anew(call):
    cache = SerializationCache(CONTRACT)
    cache.json("Call", call, LIKELY)
    assert json.loads(cache.json("NormalizedCall", call, LIKELY)) == serialize(CONTRACT, "NormalizedCall", call, LIKELY)


def test_written_calls_are_forgotten_in_time(call):
    cache = SerializationCache(CONTRACT)
    for number in range(300):
        cache.json("Call", call | {"id": str(number)}, LIKELY)
    assert len(cache._last) == 256


@pytest.mark.parametrize("date", dates())
def test_living_call_shows_its_life_however_often_it_is_asked_for(date):
    simulation = Simulation(Contract.load(date), clock=ManualClock(), speed=0)
    simulation.place()
    for _ in range(30):
        simulation.advance(3)
        [call] = simulation.calls(1)
        shown = simulation.state.json_cache.json("Call", call, LIKELY)
        assert json.loads(shown) == serialize(simulation.contract, "Call", call, LIKELY)
