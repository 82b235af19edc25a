"""Get Recording: valid audio if the call has a recording, and nothing otherwise."""

import pytest

from vocode_contract.conformance.assertions.responses import (
    assert_conforms,
    assert_not_served,
    assert_status,
    fail_with,
)
from vocode_contract.conformance.scenario import more_steps
from vocode_contract.conformance.scenario.scenario import ScenarioRunner

pytestmark = pytest.mark.vocode_operation("get_recording")


def test_recording_exists_when_the_call_has_one(scenario: ScenarioRunner) -> None:
    answer = scenario.run(more_steps.get_available_recording)
    if answer.status == 404:
        fail_with(answer, "recording-missing", expected="a recording, since the call has one", actual="404")
    assert_status(answer, 200)


def test_recording_is_valid_audio(scenario: ScenarioRunner) -> None:
    assert_conforms(scenario.run(more_steps.get_available_recording))


def test_recording_is_not_served_when_the_call_has_none(scenario: ScenarioRunner) -> None:
    assert_not_served(scenario.run(more_steps.get_unavailable_recording), "recording-unexpected")
