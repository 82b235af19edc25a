"""Reducing a JSON value, to the part that matters and in few tries."""

import math

import pytest

from vocode_contract.conformance.fuzzing.shrinking import shrink, shrink_sequence

JUNK = {f"junk {index}": [index, {"deep": "x" * index}] for index in range(12)}


@pytest.mark.parametrize(
    ("value", "shows", "smallest"),
    [
        (JUNK, lambda value: isinstance(value, dict), {}),
        ({**JUNK, "agent": {"id": 7}}, lambda value: "agent" in value, {"agent": {}}),
        ({**JUNK, "a": {"b": [1, 2, 3]}}, lambda value: 2 in value.get("a", {}).get("b", ()), {"a": {"b": [2]}}),
        ({"\ud83c\uddfa\x00 key": 1, "b": 2}, lambda value: 1 in value.values(), {"": 1}),
        ({"\U0010fe3d x": 1}, lambda value: any(len(key) > 1 for key in value), {"ax": 0}),
        ([1, 2, 3, 4, 5], lambda value: 2 in value and 5 in value, [2, 5]),
        ("b\u00fccher\x00", lambda value: len(value) >= 3, "bac"),
        ("no\x00pe", lambda value: "\x00" in value, "\x00"),
        ("\U0010fe3d" * 99, lambda value: len(value) > 60, "a" * 99),
        (-70, lambda value: value < -3, -7),
        (1.5, lambda value: value > 0, 1),
        (True, lambda value: value is True, True),
        (None, lambda value: value is None, None),
        ("x", "x".__eq__, "x"),
    ],
)
def test_reduced_is_the_smallest_that_shows_it(value, shows, smallest):
    assert shrink(value, shows) == smallest


def test_reduced_brings_a_number_near_to_where_it_matters():
    assert 999 < shrink(10**40, lambda value: value > 999) < 2_000


def test_reduced_takes_what_is_no_number_as_it_is():
    assert math.isnan(shrink(math.nan, math.isnan))


def test_reduced_leaves_the_value_it_was_given_alone():
    value = {"a": [1, 2], "b": "text"}
    shrink(value, lambda smaller: "b" in smaller)
    assert value == {"a": [1, 2], "b": "text"}


def test_reduced_asks_seldom_where_much_is_junk():
    asked = []

    def shows(value):
        asked.append(value)
        return "agent" in value and "to_number" in value

    shrink({**JUNK, "agent": "x", "to_number": "12025550123", **{f"more {key}": 1 for key in range(20)}}, shows)
    assert len(asked) < 60


def test_fewer_of_nothing_is_nothing():
    assert shrink_sequence([], lambda _: True) == []
