"""What a call was last written as is used again only while nothing about it has changed."""

import json

import pytest

from vocode_contract.contract.model import Contract, dates
from vocode_contract.simulator import VARIANTS, ManualClock, Simulation
from vocode_contract.simulator.serialization import Written, sent
from vocode_contract.simulator.variants import LIKELY, Variant

CONTRACT = Contract.load()


@pytest.fixture
def simulation():
    return Simulation(clock=ManualClock(), speed=0)


@pytest.fixture
def call(simulation):
    return simulation.calls()[0]


def test_written_is_what_is_sent(call):
    assert json.loads(Written(CONTRACT).json("Call", call, LIKELY)) == sent(CONTRACT, "Call", call, LIKELY)


def test_written_call_is_kept(call):
    written = Written(CONTRACT)
    assert written.json("Call", call, LIKELY) is written.json("Call", dict(call), Variant())


@pytest.mark.parametrize("changes", [{"status": "error"}, {"start_time": 1.5, "end_time": 2.5}, {"transcript": "x"}])
def test_changed_call_is_written_anew(call, changes):
    written = Written(CONTRACT)
    written.json("Call", call, LIKELY)
    call.update(changes)  # in place, as the simulator does
    assert json.loads(written.json("Call", call, LIKELY)) == sent(CONTRACT, "Call", call, LIKELY)


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_other_variant_writes_anew(call, variant):
    written = Written(CONTRACT)
    written.json("Call", call, LIKELY)
    assert json.loads(written.json("Call", call, variant)) == sent(CONTRACT, "Call", call, variant)


def test_other_schema_writes_anew(call):
    written = Written(CONTRACT)
    written.json("Call", call, LIKELY)
    assert json.loads(written.json("NormalizedCall", call, LIKELY)) == sent(CONTRACT, "NormalizedCall", call, LIKELY)


def test_written_calls_are_forgotten_in_time(call):
    written = Written(CONTRACT)
    for number in range(300):
        written.json("Call", call | {"id": str(number)}, LIKELY)
    assert len(written._last) == 256


@pytest.mark.parametrize("date", dates())
def test_living_call_shows_its_life_however_often_it_is_asked_for(date):
    simulation = Simulation(Contract.load(date), clock=ManualClock(), speed=0)
    simulation.place()
    for _ in range(30):
        simulation.advance(3)
        [call] = simulation.calls(1)
        shown = simulation.state.written.json("Call", call, LIKELY)
        assert json.loads(shown) == sent(simulation.contract, "Call", call, LIKELY)
