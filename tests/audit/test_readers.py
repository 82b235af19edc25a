"""Hostile and damaged files: each payload passes the same limits, what cannot be read is located, and nothing hangs."""

import base64
import gzip
import io
import json
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.audit.archives import call, write_lines
from vocode_contract.audit import json_items
from vocode_contract.audit.calls import observe
from vocode_contract.audit.examine import Task, _Examiner
from vocode_contract.audit.files import Unusable
from vocode_contract.audit.json_items import split_items
from vocode_contract.audit.readers import RecordedPayload
from vocode_contract.audit.run import AuditResult, audit
from vocode_contract.audit.sources import cut_sources, find_sources
from vocode_contract.contract import reading
from vocode_contract.contract.model import Contract

DEEP: Any = json.loads("[" * 300 + "]" * 300)


def verdicts(audited: AuditResult) -> dict[str, int]:
    return {f"{schema} {verdict}".strip(): count for (schema, verdict), count in audited.summary.verdicts.items()}


def _har(*texts: str) -> str:
    return json.dumps({"log": {"entries": [{"response": {"content": {"text": text}}} for text in texts]}})


def _cassette(*texts: str) -> str:
    return json.dumps({"interactions": [{"response": {"body": {"string": text}}} for text in texts]})


#: Name of a file -> how it holds payloads, each as JSON.
FORMS: dict[str, Callable[..., str]] = {
    "x.jsonl": lambda *texts: "\n".join(texts),
    "x.json": lambda *texts: f"[{', '.join(texts)}]",
    "x.har": _har,
    "x.yaml": _cassette,
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize(
    ("is_strict", "codes"),
    [(True, {"json-too-deep", "json-duplicate-key", "json-number"}), (False, {"json-too-deep"})],
    ids=["strict", "plain"],
)
def test_payload_of_each_form_passes_the_same_limits(tmp_path, name, is_strict, codes):
    deep, usual = json.dumps(call(1, status=DEEP)), json.dumps(call(2))
    repeated = f'{{"status": "ended", {usual[1:]}'
    wide = f'{{"x": {10**30}, {usual[1:]}'
    (tmp_path / name).write_text(FORMS[name](deep, deep, repeated, wide, usual))
    audited = audit([str(tmp_path)], strict=is_strict)
    assert codes == {key.code for key in audited.summary.findings if key.code.startswith("json-")}
    assert audited.summary.count("conforms") == (1 if is_strict else 2)
    assert not audited.summary.damaged


@pytest.mark.parametrize("name", ["x.jsonl", "x.json"])
def test_payload_beyond_the_limit_of_bytes_is_counted_and_the_next_ones_read(tmp_path, name):
    (tmp_path / name).write_text(FORMS[name](json.dumps(call(1, x="x" * 300_000)), json.dumps(call(2))))
    audited = audit([str(tmp_path)], most=200_000)
    assert verdicts(audited) == {"unreadable": 1, "Call conforms": 1}
    assert [key.code for key in audited.summary.findings] == ["json-too-large"]


@pytest.mark.parametrize("name", FORMS)
def test_limit_of_bytes_applies_to_usual_calls_of_each_form(tmp_path, name):
    text = json.dumps(call(1, transcript=""), separators=(",", ":"))
    longer = text.replace('"transcript":""', '"transcript":"a"')
    (tmp_path / name).write_text(FORMS[name](text, longer, longer + " " * 9))
    audited = audit([str(tmp_path)], most=len(text))
    assert verdicts(audited)["unreadable"] == 2
    [(key, finding)] = audited.summary.findings.items()
    assert (key.code, finding.count, finding.example.actual) == ("json-too-large", 2, "more")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.json", f'[{{"id": NaN}}, {json.dumps(call(1))}]'),
        ("x.har", _har("{}", json.dumps(call(1))).replace('{"response"', '{oops, "response"', 1)),
    ],
)
def test_damaged_item_does_not_hide_those_after_it(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    audited = audit([str(tmp_path)])
    assert verdicts(audited) == {"unreadable": 1, "Call conforms": 1}
    assert [finding.first.number for finding in audited.summary.findings.values()] == [0]


@pytest.mark.parametrize("start", ["[", '{"log":{"entries":', '{"a":'], ids=["array", "har", "object"])
def test_brackets_without_end_exhaust_nothing(tmp_path, start):
    (tmp_path / "x.json").write_text(start + "[" * 100_000)
    audited = audit([str(tmp_path)])
    assert audited.summary.damaged or audited.summary.count("unreadable") or audited.summary.count("violates")


# --- items of arrays ---


class _Stream(io.BytesIO):
    """Reads a few bytes at once."""

    def __init__(self, data: bytes, size: int) -> None:
        super().__init__(data)
        self._size = size

    def read1(self, size: int | None = -1, /) -> bytes:
        return self.read(min(size or 0, self._size))


def split(data: bytes, size: int = 1 << 17, path: tuple[str, ...] = (), most: int = 1_000) -> tuple[list[bytes], str]:
    """Return the items, and why they end before the document does."""
    items: list[bytes] = []
    try:
        for some in split_items(_Stream(data, size), most, path):
            items += some
    except Unusable as error:
        return items, str(error)
    return items, ""


ENTRIES = ("log", "entries")

VALUES = st.recursive(
    st.none() | st.integers(-9, 9) | st.text('"\\[]{},:é', max_size=3) | st.just('"entries":['),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text('"\\a,', max_size=2), values, max_size=3),
    max_leaves=9,
)


@given(st.lists(VALUES, max_size=4), VALUES, st.integers(1, 9), st.data())
def test_items_are_those_of_a_parser_however_the_document_is_read(values, other, size, data):
    indent = data.draw(st.sampled_from([None, 1]))
    har = {"log": {"pages": [other], "entries": values, "browser": other}}
    for document, path in ((values, ()), (har, ENTRIES)):
        text = json.dumps(document, indent=indent).encode()
        items, reason = split(text, size, path)
        assert (reason, [json.loads(item) for item in items]) == ("", values)
        before, reason = split(text[: data.draw(st.integers(0, len(text) - 1))], size, path)
        assert reason
        assert before == items[: len(before)]


def _nest(value: object, levels: int) -> object:
    for _ in range(levels):
        value = {"[": [value, "]"]}
    return value


@given(VALUES, st.sampled_from([20, 40, 90]), st.integers(1, 200))
def test_deeply_nested_items_are_those_of_a_parser(value, levels, size):
    deep = _nest(value, levels)
    for document, path in (([deep, 1], ()), ({"log": {"pages": deep, "entries": [deep, 1]}}, ENTRIES)):
        items, reason = split(json.dumps(document).encode(), size, path, 100_000)
        assert (reason, [json.loads(item) for item in items]) == ("", [deep, 1])


def test_brackets_of_many_levels_are_skipped_at_once(monkeypatch):
    skip, count = json_items._Splitter._skip, 0

    def skip_and_count(*arguments: Any) -> int:
        nonlocal count
        count += 1
        return skip(*arguments)

    monkeypatch.setattr(json_items._Splitter, "_skip", skip_and_count)
    for text in (b"[" * 1_000_000, b'{"log":{"pages":' + b"[" * 1_000_000, b'[{"":' * 200_000):
        assert split(text)[1]
    assert count < 1_000


def _members(draw: st.DrawFn, values: st.SearchStrategy[str]) -> str:
    """Return an object whose keys may be repeated or escaped."""
    keys = st.sampled_from(['"log"', '"entries"', '"_meta"', r'"\u0065ntries"', r'"l\u006fg" ', r'"\"entries"'])
    space = draw(st.sampled_from(["", " \n", " " * 99]))
    members = draw(st.lists(st.tuples(keys, values), max_size=3))
    return "{" + ",".join(f"{key}:{space}{value}" for key, value in members) + space + "}"


@st.composite
def _frames(draw: st.DrawFn) -> str:
    """Generate documents that resemble a HAR file."""
    written = VALUES.map(json.dumps) | st.lists(VALUES, max_size=3).map(json.dumps)
    inner = st.composite(lambda draw: _members(draw, written))()
    return _members(draw, inner | inner | inner.map("[{}]".format) | written)


def _entries(text: str) -> tuple[bool, list[Any]]:
    """Return the items of all arrays at the path in a parsed document, and whether its last value there is one."""
    document = json.loads(text, object_pairs_hook=tuple)  # an object is a tuple of its members
    found = document
    for key in ENTRIES:
        found = dict(found).get(key) if isinstance(found, tuple) else None
    logs = [value for key, value in document if key == "log"] if isinstance(document, tuple) else []
    values = [value for log in logs if isinstance(log, tuple) for key, value in log if key == "entries"]
    return isinstance(found, list), [item for value in values if isinstance(value, list) for item in value]


def _load_items(items: list[bytes]) -> list[Any]:
    return [json.loads(item, object_pairs_hook=tuple) for item in items]


@given(_frames(), st.integers(1, 99))
def test_entries_of_har_are_those_of_a_parser_whatever_is_around_them(text, size):
    is_array, entries = _entries(text)
    items, reason = split(text.encode(), size, ENTRIES)
    assert (bool(reason), _load_items(items)) == (not is_array, entries)


@given(_frames(), st.sampled_from('"[]{},:\\x1 \x0b'), st.integers(1, 99), st.data())
def test_damage_of_har_is_never_silent(text, inserted, size, data):
    start = data.draw(st.integers(0, len(text)))
    damaged = text[:start] + inserted + text[start + data.draw(st.integers(0, 1)) :]
    items, reason = split(damaged.encode(), size, ENTRIES)
    if not reason:
        with suppress(ValueError):  # an unreadable item is counted as such
            assert (True, _load_items(items)) == _entries(damaged)


@pytest.mark.parametrize(
    "text", ["[1,,2]", "[1,]", "[1] x", "[1]]", "[1}", "[1][2]", '[1]"', '[1, "', "[1, {", "[1]\x0b", "[1, \f"]
)
def test_items_before_damage_are_read(text):
    items, reason = split(text.encode())
    assert (items[:1], reason) == ([b"1"], "its JSON is damaged or truncated")


@pytest.mark.parametrize(
    "text",
    [
        '{"log":{"entries":[1]} "x" 12 garbage}',
        '{"log" {"entries":[1]}}',
        '{"log":{"entries":[1],,,}}',
        '{"log":{"entries":[1]]}',
        '{"log":{"entries":[1]},"x":NaN}',
    ],
)
def test_damage_around_the_entries_of_har_is_reported(text):
    assert split(text.encode(), path=ENTRIES)[1] == "its JSON is damaged or truncated"


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ('{"_meta":{"entries":[1]},"log":{"entries":[2]}}', [b"2"]),
        ('{"log":{"x":{"entries":[1]},"entries":[2]}}', [b"2"]),
        ('{"log":{"entries":[1],"entries":[2]}}', [b"1", b"2"]),
        ('{"log":{"entries":[1]},"log":{"entries":[]}}', [b"1"]),
        ('{"log":{"entries":' + " " * 999 + "[1]}}", [b"1"]),
        ('{"log":{"\\u0065ntries":[1]}}', [b"1"]),
        ('\ufeff{"log":{"entries":[1]}}', [b"1"]),
    ],
)
def test_entries_of_har_are_those_of_its_log(text, items):
    assert split(text.encode(), path=ENTRIES) == (items, "")


def test_last_of_repeated_keys_that_holds_no_entries_is_reported():
    items, reason = split(b'{"log":{"entries":[1]},"log":{}}', path=ENTRIES)
    assert (items, reason) == ([b"1"], "it repeats a key of its array of payloads, with another value")


def test_white_space_of_an_item_is_that_of_json():
    assert split(b"[\x0b1, \t\r\n2]") == ([b"\x0b1", b"2"], "")


def test_bytes_around_the_entries_of_har_are_limited():
    text = b'{"log":{"entries":[1],"pages":"' + b"x" * json_items.MOST_AROUND + b'"}}'
    assert split(text, path=ENTRIES) == ([b"1"], "it has more than 4,194,304 bytes around its payloads")


def test_item_beyond_the_limit_is_cut():
    for size in (1, 7, 1_000):
        assert split(b'[ "' + b"x" * 99 + b'", 1]', size, most=9) == ([b'"' + b"x" * 9, b"1"], "")


@pytest.mark.parametrize(
    ("url", "creator", "counts"),
    [
        (r'"\ud800"', '"x"', {("Call", "conforms"): 1}),
        ('"x"', r'"\ud83d"', {("Call", "conforms"): 1}),
        ("1e999", "1e999", {("Call", "conforms"): 1}),
        ("[" * 1_100 + "]" * 1_100, '"x"', {("", "unreadable"): 1}),
        ('"x', '"x"', {("", "unreadable"): 1}),
    ],
    ids=["surrogate", "surrogate-around", "wide", "deep", "damaged"],
)
def test_har_violates_nothing_by_what_is_around_its_payloads(tmp_path, url, creator, counts):
    content = json.dumps({"content": {"text": json.dumps(call(1))}})
    entry = f'{{"request": {{"url": {url}}}, "response": {content}}}'
    (tmp_path / "x.har").write_text(f'{{"log": {{"creator": {creator}, "entries": [{entry}]}}}}')
    summary = audit([str(tmp_path)]).summary
    assert dict(summary.verdicts) == counts


def test_har_without_entries_is_not_silent(tmp_path):
    (tmp_path / "x.har").write_text('{"log": {"pages": []}}')
    assert [*audit([str(tmp_path)]).summary.damaged.values()] == ["it contains no array of payloads"]


# --- JSON Lines ---


def test_line_of_many_blocks_is_read_once(tmp_path):
    path = write_lines(tmp_path / "x.jsonl", [call(1, x="x" * 20_000_000), call(2)])
    tracemalloc.start()
    audited = audit([path], most=4_000_000)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()
    assert verdicts(audited) == {"unreadable": 1, "Call conforms": 1}


# --- cassettes ---

_LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]\n" for number in range(1, 12)
)
_MERGED = "a0: &a0 {x: y}\n" + "".join(
    f"a{number}: &a{number}\n  <<: [{', '.join([f'*a{number - 1}'] * 9)}]\n" for number in range(1, 12)
)
_BODY = "- &a {response: {body: " + "x" * 100_000 + "}}\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"{_LAUGHS}interactions: [{{response: {{body: x, headers: {{Content-Encoding: *a11}}}}}}]", ""),
        (f"{_LAUGHS}interactions: [{{response: {{body: *a11, headers: *a11}}, recorded_at: *a11}}, *a11]", ""),
        (f"{_MERGED}interactions: []", ""),
        (f"a: &a {{b: c}}\nx: {{{'<<: *a, ' * 2_000}}}", "too many values"),
        (f"interactions:\n{_BODY}{'- *a' + chr(10)}" + "- *a\n" * 1_000, "aliases repeat"),
        ("interactions: &a [*a]", ""),
        ("&a {interactions: [*a, {response: *a}], response: *a, body: *a, headers: *a}", ""),
        ("interactions: " + "[" * 100_000, "YAML is invalid"),
        ("interactions:\n" + "- " * 100_000, "YAML is invalid"),
        ("interactions: " + "1:" * 100_000 + "1", ""),
        ("interactions: " + "1:" * 300 + "1.5", ""),
        ("interactions:\n" + "".join(f"  {number * (2**61 - 1)}: x\n" for number in range(10_000)), ""),
        ("interactions: !!timestamp x", "YAML is invalid"),
        ("interactions: !!bool x", "YAML is invalid"),
        ("interactions: !!int ''", "YAML is invalid"),
        ("interactions: !!float 1e999", ""),
        ("? [a]\n: b", "YAML is invalid"),
    ],
    ids=lambda value: value[:30] if len(value) < 100 else None,
)
def test_hostile_cassette_ends_soon(tmp_path, text, reason):
    (tmp_path / "x.yaml").write_text(text)
    write_lines(tmp_path / "z.jsonl", [call(1)])
    audited = audit([str(tmp_path)])
    assert verdicts(audited) == {"Call conforms": 1}
    assert all(reason in damage for damage in audited.summary.damaged.values())
    assert bool(audited.summary.damaged) == bool(reason)


def test_cassette_of_too_many_values_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MOST_VALUES", 100)
    (tmp_path / "x.yaml").write_text(f"[{'a,' * 200}]")
    assert "too many values" in "".join(audit([str(tmp_path)]).summary.damaged.values())


def test_coding_of_a_body_is_read_from_the_first_value_of_its_header(tmp_path):
    body = base64.b64encode(gzip.compress(json.dumps(call(1)).encode())).decode()
    response = f"{{headers: {{1: x, Content-Encoding: [GZIP]}}, body: {{string: !!binary {body}}}}}"
    (tmp_path / "x.yaml").write_text(f"interactions: [{{response: {response}}}]")
    assert verdicts(audit([str(tmp_path)])) == {"Call conforms": 1}


# --- memory ---


@pytest.mark.parametrize("transcript", ["x" * 20_000, ["x" * 20_000]], ids=["conforms", "violates"])
def test_large_payload_of_the_sample_is_counted_at_once(tmp_path, transcript):
    large = json.dumps(call(1, transcript=transcript), separators=(",", ":")).encode()
    sources, _ = find_sources([write_lines(tmp_path / "x.jsonl", [])])
    examiner = _Examiner(Task(sources=sources, contract=Contract.load(profile="tolerant")), cut_sources(sources)[0])
    examiner.add_lines([large])
    assert not examiner._sample
    examiner.add(RecordedPayload(payload=large, index=1))
    assert not examiner._sample
    assert examiner.finish(0).summary.sampled == 2


def test_equal_observations_of_a_polled_call_are_kept_once(tmp_path):
    polled = [call(1, status="in_progress", end_time=None)] * 30
    path = write_lines(tmp_path / "x.jsonl", [*polled, call(1), *polled])
    sources, _ = find_sources([path])
    [shard] = cut_sources(sources)
    kept = observe(Task(sources=sources, contract=Contract.load(profile="tolerant")), (shard, range(61)))
    assert isinstance(kept, bytes)
    assert len(kept.splitlines()) == 3
    assert {key.code for key in audit([path]).summary.findings} == {"end-time-moved", "status-went-back"}
