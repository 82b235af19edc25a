"""Summaries merge: in any order, to the same bytes."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vocode_contract.audit.summary import MOST_NAMES, VERDICTS, DateFit, PayloadPlace, Summary
from vocode_contract.contract.coverage import Part
from vocode_contract.validation.violation import Violation

TIMES = st.none() | st.integers(0, 9).map(float)
PLACES = st.builds(PayloadPlace, st.integers(0, 2), st.integers(0, 2), st.integers(0, 5))
VIOLATIONS = st.builds(
    Violation,
    instance_pointer=st.sampled_from(["/a", "/b/0", "/b/1"]),
    code=st.sampled_from(["type", "unknown-key"]),
    severity=st.sampled_from(["error", "drift"]),
    expected=st.just("a string"),
    actual=st.sampled_from(["null", '"word"']),
)
PARTS = st.builds(Part, st.sampled_from(["/x", "/y"]), st.just("property"), st.sampled_from(["null", "absent"]))
NUMBERS = st.integers(1, 9)


@st.composite
def summaries(draw: st.DrawFn) -> Summary:
    summary = Summary(
        verdicts=Counter(draw(st.dictionaries(st.tuples(st.just("Call"), st.sampled_from(VERDICTS)), NUMBERS))),
        days=Counter(draw(st.dictionaries(st.tuples(st.just("2024-04-19"), st.sampled_from(VERDICTS)), NUMBERS))),
        parts=Counter(draw(st.dictionaries(st.tuples(st.sampled_from(["", "ended"]), PARTS), NUMBERS))),
        fits=draw(
            st.dictionaries(
                st.sampled_from([(), ("2023-11-30",)]), st.builds(DateFit, count=NUMBERS, since=TIMES, until=TIMES)
            )
        ),
        lines=Counter(draw(st.dictionaries(st.tuples(st.integers(0, 2), st.integers(0, 2)), NUMBERS))),
        calls=draw(NUMBERS),
        size=draw(NUMBERS),
    )
    for violation, place, at in draw(st.lists(st.tuples(VIOLATIONS, PLACES, TIMES), max_size=5)):
        summary.add_violations("Call", [violation], place, at)
    return summary


@given(summaries(), summaries(), summaries())
def test_summaries_add_up_to_the_same_bytes_in_any_order(one, two, three):
    added = (one | two) | three
    assert (one | (two | three)).to_bytes() == added.to_bytes()
    assert ((three | one) | two).to_bytes() == added.to_bytes()
    assert (Summary() | added).to_bytes() == added.to_bytes()


@given(summaries(), summaries())
def test_summary_that_is_added_in_place_has_the_same_bytes_and_the_other_one_stays(one, two):
    added, before = (one | two).to_bytes(), two.to_bytes()
    one |= two
    assert one.to_bytes() == added
    one |= two
    assert two.to_bytes() == before


def test_summary_is_added_without_looking_at_all_that_it_holds():
    class Watched(Counter[tuple[int, int]]):
        def __iter__(self):
            raise AssertionError("it was gone through")

        items = keys = values = copy = __iter__

    summary = Summary(lines=Watched({(0, 0): 1}))
    summary |= Summary(lines=Counter({(1, 0): 1}))
    assert summary.lines[1, 0] == 1


@given(summaries())
def test_summary_survives_its_bytes(summary):
    assert Summary.from_bytes(summary.to_bytes()) == summary


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"version": 0}', b"\xff"])
def test_summary_refuses_bytes_that_are_none(data):
    with pytest.raises(ValueError, match=r"not the summary|has version"):
        Summary.from_bytes(data)


def _with_unknown_keys(names: list[int]) -> Summary:
    summary = Summary()
    for name in names:
        violation = Violation(
            instance_pointer=f"/key{name}", code="unknown-key", severity="drift", expected="a key", actual="another"
        )
        summary.add_violations("Call", [violation], PayloadPlace(0, 0, name), None)
    return summary


def test_summary_bounds_invented_names_and_counts_the_kept_ones_exactly():
    names = list(range(3 * MOST_NAMES))
    whole = _with_unknown_keys(names * 2)
    parts = _with_unknown_keys(names[::2]) | _with_unknown_keys(names[1::2] + names)
    kept = Summary.from_bytes(whole.to_bytes()).findings
    assert len(kept) == MOST_NAMES
    assert {finding.count for finding in kept.values()} == {2}
    assert [*Summary.from_bytes(parts.to_bytes()).findings] == [*kept]
