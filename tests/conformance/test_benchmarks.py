"""The benchmarks of the suite: what counts as a mutant, and that they still run."""

import sys
from pathlib import Path

import pytest

pytest.importorskip("flask")
pytest.importorskip("uvicorn")

sys.path.append(str(Path(__file__).parents[2]))  # behind what is installed, which is what is tested

from benchmarks import sound
from benchmarks.mutants import Mutant, compare, draw, figures

pytestmark = pytest.mark.slow

DATE = "2024-08-27"


#: Mutations, and why they are left out; empty for those that are not.
VERDICTS = {
    "twice@list_calls": "equivalent",
    "null:/agent/webhook/id@get_call": "equivalent",
    "drop:/agent/interrupt_sensitivity@get_call[error]": "allowed",
    "retype:/hipaa_compliant=integer@get_call": "",
    "null:/to_number@get_call[error]": "",
    "status=404@get_call": "",
    "drop:request/context@create_call": "",
}


def test_mutants_are_left_out_that_no_request_shows_or_that_are_sound():
    assert {mutation: compare(Mutant(DATE, mutation, "")) for mutation in VERDICTS} == VERDICTS


def test_mutants_are_drawn_alike_from_one_seed():
    one, other, third = ([mutant for mutant, _ in zip(draw(seed), range(20), strict=False)] for seed in (1, 1, 2))
    assert one == other != third


def test_benchmark_of_mutants_counts_what_is_found(capsys):
    readings = {reading.name: reading for reading in figures(2, seed=30)}
    assert readings["suite: found"].unit == "of 2"
    assert 60 < readings["suite: requests, most"].value <= 100
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_benchmark_of_sound_servers_finds_silence():
    assert [reading.value for reading in sound.figures(2, seed=1)] == [1, 1]
