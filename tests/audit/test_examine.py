"""One shard: what is accepted at once has nothing that a closer look would find; calls are told by what they show."""

import json
from itertools import product
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.audit.archives import call, write_lines
from vocode_contract.audit import examine as examining
from vocode_contract.audit.calls import check_calls, observe
from vocode_contract.audit.examine import Task, examine
from vocode_contract.audit.readers import read_lines
from vocode_contract.audit.recognize import ID_BYTES, identify, identify_all, recognize_schema
from vocode_contract.audit.sources import cut_sources, find_sources
from vocode_contract.contract.coverage import Coverage
from vocode_contract.contract.model import Contract, dates
from vocode_contract.strategies import calls, histories, near_misses
from vocode_contract.validation.consistency import inconsistencies
from vocode_contract.validation.lifecycle.rules import breaches
from vocode_contract.validation.scalars import instant
from vocode_contract.validation.validator import Validator
from vocode_contract.validation.violation import has_error

TOLERANT = Contract.load(profile="tolerant")
WRITTEN = (
    "2024-04-19T10:02:00Z",
    "2024-04-19T10:02:00+00:00",
    "2024-04-19T10:02:00.5Z",
    "2024-04-19t10:02:00z",
    "2024-04-19T12:02:00+02:00",
    "2024-04-19 10:02:00Z",
    "2024-04-19T09:02:00Z",
)
TIMES = st.none() | st.sampled_from(WRITTEN)


def look(tmp_path: Path, payloads: list[Any], contract: Contract = TOLERANT, every: int = 1) -> examining.ShardResult:
    sources, _ = find_sources([write_lines(tmp_path / "x.jsonl", payloads)])
    [shard] = cut_sources(sources)
    return examine(Task(sources=sources, contract=contract, every=every), shard)


def test_times_that_need_no_closer_look_are_in_order():
    for start, end in product(WRITTEN, WRITTEN):
        first, last = instant(start), instant(end)
        assert first is not None
        assert last is not None
        assert first < last or not examining._are_ordered(start, end)
    assert examining._are_ordered(WRITTEN[-1], WRITTEN[0])


def find_everything(value: object, contract: Contract) -> list[Any]:
    found = [*Validator(contract, "Call").violations(value)]
    found += [each for each in inconsistencies(value, contract=contract) if each.severity == "error"]
    return found


@pytest.mark.parametrize(
    ("date", "profile"), [*((date, "tolerant") for date in dates()), (dates()[0], "wire"), (dates()[-1], "documented")]
)
def test_usual_payload_is_accepted_only_if_nothing_is_found_in_it(tmp_path_factory, date, profile):
    contract = Contract.load(date, profile=profile)
    directory = tmp_path_factory.mktemp("x")

    @settings(max_examples=40)
    @given(
        calls(contract=date, profile=profile)
        | near_misses(contract=date, profile=profile).map(lambda miss: miss.payload),
        TIMES,
        TIMES,
        st.dictionaries(st.sampled_from(["stage", "tags", "id"]), st.none() | st.text(max_size=3), max_size=1),
    )
    def check(value, start, end, more):
        if isinstance(value, dict):
            value = {**value, "start_time": start, "end_time": end, **more}
        summary = look(directory, [value], contract).summary
        found = find_everything(value, contract)
        expected = "conforms" if not found else "violates" if has_error(found) else "drift"
        if recognize_schema(value) == "Call":
            assert summary.verdicts == {("Call", expected): 1}

    check()


def test_sample_has_the_coverage_of_its_payloads(tmp_path):
    payloads = [call(number, status=status, end_time=None) for number, status in enumerate(("ended", "error"))]
    summary = look(tmp_path, payloads).summary
    coverage = Coverage(TOLERANT)
    for payload in payloads:
        coverage.add(payload)
    assert {part for _, part in summary.parts} == coverage.touched
    assert summary.sampled == 2
    assert look(tmp_path, payloads, every=2).summary.sampled == 1


def test_sample_is_the_same_however_many_payloads_are_counted_at_once(tmp_path, monkeypatch):
    payloads = [call(number) for number in range(5)]
    whole = look(tmp_path, payloads).summary
    monkeypatch.setattr(examining, "_MANY", 1)
    assert look(tmp_path, payloads).summary.to_bytes() == whole.to_bytes()


def test_fits_tell_since_when_a_server_is_newer(tmp_path):
    newer = Contract.load("2024-04-19").schemas["Call"]["examples"][0]
    later = {**newer, "start_time": "2024-04-19T10:02:00Z", "end_time": None}
    fits = look(tmp_path, [call(1), later]).summary.fits
    assert [(accepting[0], fit.count) for accepting, fit in sorted(fits.items())] == [
        ("2023-11-30", 1),
        ("2024-04-19", 1),
    ]
    assert [fit.since for fit in fits.values()][1] == 1713520920.0


@settings(max_examples=40)
@given(histories())
def test_what_is_kept_of_calls_shows_the_same_violations(tmp_path_factory, history):
    observations = history.observations
    payloads = [dict(each.value) for each in observations]
    sources, _ = find_sources([write_lines(tmp_path_factory.mktemp("x") / "x.jsonl", payloads)])
    [shard] = cut_sources(sources)
    task = Task(sources=sources, contract=TOLERANT)
    observed = observe(task, (shard, range(len(payloads))))
    assert isinstance(observed, bytes)
    kept = observed.splitlines()
    expected = [
        each.code
        for each in breaches(
            [type(each)(source=each.source, value=each.value) for each in observations], contract=TOLERANT
        )
    ]
    found = check_calls(task, kept).findings
    assert sum(finding.count for finding in found.values()) == len(expected)
    assert {key.code for key in found} == set(expected)


#: What is written into a line: what strict reading refuses, what hides it, and what makes two lines of one.
SPLICES = (
    *(b'"id":1,', b'"id": "x" ,', rb'"\u0069d":"x",', b'"status":"ended",', b'"type":"voice_azure",', b'"a":1,"a":1,'),
    *(b"18446744073709551616", b"1" * 20, b"-0", b"1e400", b"1E2", b'"x":' + b"[" * 70 + b"]" * 70 + b","),
    *(b" ", b"\r", b"\n", b"\t", b":", b'"', b"\\", b",", b"{", b"}", b"[", b"]", b"\xff", b"\xed\xa0\x80", rb"\ud83d"),
)
#: orjson writes neither spaces nor escapes that are not needed, the standard library writes both.
WRITERS = (orjson.dumps, lambda value: json.dumps(value).encode())
mutations = st.lists(st.tuples(st.sampled_from(SPLICES), st.integers(0, 10_000), st.integers(0, 2)), max_size=2)


def splice(line: bytes, mutated: list[tuple[bytes, int, int]]) -> bytes:
    for spliced, place, replaced in mutated:
        # Most are written where a member or an item may begin, so that the line often stays JSON.
        starts = [at for at in range(1, len(line)) if line[at - 1] in b"{[,"] if place % 3 else range(len(line))
        at = starts[place % len(starts)]
        line = line[:at] + spliced + line[at + (replaced if not place % 3 else 0) :]
    return line


@pytest.mark.parametrize("strict", [True, False])
def test_lines_that_are_accepted_at_once_are_those_in_which_a_closer_look_finds_nothing(tmp_path_factory, strict):
    path = tmp_path_factory.mktemp("x") / "x.jsonl"

    @settings(max_examples=60)
    @given(st.lists(st.tuples(st.sampled_from(WRITERS), calls(), mutations), min_size=1, max_size=4))
    def check(drawn):
        path.write_bytes(b"\n".join(splice(write(value), mutated) for write, value, mutated in drawn))
        sources, _ = find_sources([str(path)])
        [shard] = cut_sources(sources)
        task = Task(sources=sources, contract=TOLERANT, strict=strict)
        fast = examine(task, shard)
        examiner = examining._Examiner(task, shard)
        examiner._accepts_calls = None
        for block in read_lines(sources[0], shard, task.most):
            examiner.add_lines(block)
        slow = examiner.finish(shard.end)
        assert fast.summary.to_bytes() == slow.summary.to_bytes()
        assert pairs(fast) == pairs(slow)

    check()


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(
    "member", [b'"id":"x",', b'"id": "\\u003a" ,', rb'"\u0069d":":",', b'"id":18446744073709551616,']
)
def test_call_with_a_key_that_is_written_twice_is_not_accepted_at_once(tmp_path, write, member):
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"{" + member + write(call(1))[1:])
    sources, _ = find_sources([str(path)])
    [shard] = cut_sources(sources)
    assert [*examine(Task(sources=sources, contract=TOLERANT), shard).summary.verdicts] == [("", "violates")]


def pairs(examined: examining.ShardResult) -> list[tuple[int, bytes]]:
    numbers = [number for first, count in examined.numbers for number in range(first, first + count)]
    ids = [examined.ids[at : at + ID_BYTES] for at in range(0, len(examined.ids), ID_BYTES)]
    return sorted(zip(numbers, ids, strict=True))


UNUSUAL_IDS = {
    "an integer": ({"properties": {"id": {"type": "integer"}}}, {"id": 5}),
    "null": ({"properties": {"id": {"type": ["string", "null"]}}}, {"id": None}),
    "missing": ({"required": ["agent"]}, {}),
    "empty": ({"properties": {"id": {"type": "string", "format": None}}}, {"id": ""}),
}


@pytest.mark.parametrize("schema", ["", "Call"])
@pytest.mark.parametrize(("patch", "members"), UNUSUAL_IDS.values(), ids=UNUSUAL_IDS)
def test_call_without_an_id_conforms_to_a_contract_that_allows_it(tmp_path, patch, members, schema):
    contract = TOLERANT.with_overlay({"Call": patch}, date="2031-01-01")
    payload = {key: value for key, value in call(1).items() if key != "id"} | members
    sources, _ = find_sources([write_lines(tmp_path / "x.jsonl", [payload])])
    [shard] = cut_sources(sources)
    task = Task(sources=sources, contract=contract, schema=schema, strict=False)
    summary = examine(task, shard).summary
    assert summary.verdicts == {("Call", "conforms"): 1}
    assert summary.observations == 0


IDS = st.uuids().map(str)
NEARLY = st.tuples(IDS, st.integers(0, 36), st.sampled_from(["", "-", "\n", " ", "a", "\u0663", "\ud83d"])).map(
    lambda drawn: drawn[0][: drawn[1]] + drawn[2] + drawn[0][drawn[1] + 1 :]
)


@given(st.lists(IDS | NEARLY | IDS.map(str.upper) | st.text(max_size=5), max_size=6))
def test_many_calls_are_identified_as_each_of_them(ids):
    assert identify_all(ids) == b"".join(map(identify, ids))


def test_ids_that_only_look_like_uuids_in_a_row_are_identified_one_by_one():
    first, second = "00000000-0000-4000-8000-000000000001a", "0000000-0000-4000-8000-000000000002"
    assert identify_all([first, second]) == identify(first) + identify(second)


SHAPES = {
    "Call": call(1),
    "NormalizedCall": call(1, agent="00000000-0000-4000-8000-000000000001"),
    "CallPage": {"items": [], "page": 1, "size": 50, "has_more": False},
    "WebhookEvent": {"type": "event_message", "call_id": "x"},
    "ExternalActionRequest": {"call_id": "x", "payload": {}},
    "": {"detail": "Not Found"},
}


@pytest.mark.parametrize("schema", SHAPES)
def test_payload_shows_its_schema(schema):
    assert recognize_schema(SHAPES[schema]) == schema
    assert recognize_schema(orjson.loads(orjson.dumps([SHAPES[schema]]))) == ""


@pytest.mark.parametrize("missing", ["id", "agent", "status", "to_number"])
def test_call_without_a_member_is_still_told(missing):
    assert recognize_schema({key: value for key, value in call(1).items() if key != missing}) == "Call"
