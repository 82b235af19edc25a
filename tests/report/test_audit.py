"""The reports of an audit: what they say of archives whose content is known."""

import gzip
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

pytest.importorskip("httpx")

from tests.audit.archives import call, write_lines
from vocode_contract.audit.run import AuditResult, audit
from vocode_contract.audit.sources import Source
from vocode_contract.audit.summary import DateFit, PayloadPlace, Summary
from vocode_contract.contract.model import Contract
from vocode_contract.report.audit import AuditReport
from vocode_contract.report.audit_formats import AUDIT_FORMATS
from vocode_contract.report.audit_text import render_audit_text
from vocode_contract.report.payload_results import format_share, format_size
from vocode_contract.validation.violation import Violation

NEWER: dict[str, Any] = Contract.load("2024-08-27").schemas["Call"]["examples"][0]
CONTRACT = Contract.load(profile="tolerant")


def report_of(*paths: object, **options: Any) -> AuditReport:
    return AuditReport(audited=audit(map(str, paths), **options), contract=CONTRACT)


def rendered(report: AuditReport, name: str = "json") -> Any:
    text = AUDIT_FORMATS[name][0](report)
    return json.loads(text) if name == "json" else text


def at(number: int, month: str, base: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Return a Call of a day of a month of 2024."""
    day = f"2024-{month}-{number % 28 + 1:02}"
    times = {"start_time": f"{day}T10:00:00Z", "end_time": f"{day}T10:05:00Z"}
    return {**(base or call(number)), "id": call(number)["id"], **times, **changes}


def report_with(**members: Any) -> AuditReport:
    """Return the report of a summary that no archive was read for."""
    source = Source(path="a.jsonl", form="lines", coding="", size=1, name="a.jsonl")
    audited = AuditResult(summary=Summary(**members), sources=(source,), contract="2023-11-30", profile="tolerant")
    return AuditReport(audited=audited, contract=CONTRACT)


# --- verdict ---


def test_report_counts_payloads_by_schema_and_verdict(tmp_path):
    report = report_of(write_lines(tmp_path / "a.jsonl", [call(1), call(2, new=1), call(3, agent=None), {"a": 1}]))
    assert rendered(report)["schemas"] == {
        "Call": {"conforms": 1, "drift": 1, "violates": 1},
        "": {"unknown": 1},
    }
    assert (report.verdict, rendered(report)["exit_code"]) == ("violates", 1)


@pytest.mark.parametrize(
    ("summary", "verdict"),
    [
        ({"verdicts": {("Call", "conforms"): 1}}, "conforms"),
        ({"verdicts": {("Call", "drift"): 1}}, "conforms"),
        ({"verdicts": {("Call", "conforms"): 1}, "broken": 1}, "violates"),
        ({"verdicts": {("Call", "conforms"): 1}, "lost": 1}, "inconclusive"),
        ({"verdicts": {("", "unreadable"): 1}}, "inconclusive"),
        ({"verdicts": {("", "unreadable"): 1, ("Call", "violates"): 1}}, "violates"),
        ({}, "inconclusive"),
    ],
)
def test_report_has_the_verdict_of_the_worst(summary, verdict):
    plain = Summary(**{key: value for key, value in summary.items() if key != "verdicts"})
    plain.verdicts.update(summary.get("verdicts", {}))
    audited = AuditResult(summary=plain, sources=(), contract="2023-11-30", profile="tolerant")
    report = AuditReport(audited=audited, contract=CONTRACT)
    assert report.verdict == verdict
    assert bool(report.unchecked) == (verdict == "inconclusive" or ("", "unreadable") in plain.verdicts)


# --- places ---


def test_report_locates_unreadable_lines(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'\n\n{"id": \n' + json.dumps(call(1)).encode() + b"\nnothing\n")
    report = report_of(path)
    [[_, finding]] = report.groups["Unreadable payloads"]
    places = [report.describe_place(place) for place in (finding.first, finding.last)]
    assert places == [f"{path}:3", f"{path}:5"]
    assert "2 payloads are not readable as JSON, or too large" in report.unchecked


def test_report_counts_lines_over_the_shards_of_a_file():
    report = report_with(lines={(0, 0): 10, (0, 100): 5, (1, 0): 7})
    places = [PayloadPlace(0, 0, 3), PayloadPlace(0, 100, 0), PayloadPlace(0, 200, 0)]
    assert [report.describe_place(place) for place in places] == ["a.jsonl:4", "a.jsonl:11", "a.jsonl:16"]


def test_report_gives_no_line_number_after_a_damaged_shard():
    report = report_with(lines={(0, 0): 10, (0, 200): 5}, damaged={(0, 100): "gone"})
    assert report.describe_place(PayloadPlace(0, 200, 2)) == "a.jsonl, line 3 after byte 200"
    assert report.unchecked[0] == "a.jsonl, from byte 100: gone"


def test_report_names_the_last_line_before_damage():
    report = report_with(lines={(0, 0): 10}, damaged={(0, 0): "its gzip data is damaged or truncated"})
    assert report.unchecked[0] == "a.jsonl, after line 10: its gzip data is damaged or truncated"


def har(*bodies: object) -> dict[str, Any]:
    entries = [
        {"startedDateTime": "2024-05-01T10:00:00Z", "request": {}, "response": {"content": {"text": json.dumps(body)}}}
        for body in bodies
    ]
    return {"log": {"version": "1.2", "entries": entries}}


def cassette(*bodies: object) -> str:
    interactions = [{"request": {"body": None}, "response": {"body": {"string": json.dumps(body)}}} for body in bodies]
    return json.dumps({"interactions": interactions, "version": 1})


def test_report_names_places_by_the_form_of_a_file(tmp_path):
    pytest.importorskip("yaml")
    wrong = call(1, agent=None)
    (tmp_path / "a.json").write_text(json.dumps([call(2), call(3), wrong]))
    (tmp_path / "b.har").write_text(json.dumps(har(call(4), wrong)))
    (tmp_path / "c.yaml").write_text(cassette(wrong))
    (tmp_path / "d.json").write_text(json.dumps(wrong))
    places = ("a.json#/2", "b.har#/log/entries/1/response", "c.yaml#/interactions/0/response", "d.json")
    for place in places:
        report = report_of(tmp_path / place.partition("#")[0])
        assert rendered(report)["findings"]["violations"][0]["first"] == str(tmp_path / place)


# --- findings ---


def test_report_says_when_drift_was_first_seen(tmp_path):
    rows = [at(1, "02"), at(3, "03", stage="created"), at(2, "03", stage="created"), at(4, "04")]
    report = report_of(write_lines(tmp_path / "a.jsonl", rows))
    [found] = rendered(report)["findings"]["drift"]
    assert (found["pointer"], found["payloads"]) == ("/stage", 2)
    assert (found["since"], found["until"]) == ("2024-03-03T10:05:00Z", "2024-03-04T10:05:00Z")
    assert "first seen 2024-03-03 10:05:00 UTC, last seen 2024-03-04 10:05:00 UTC" in render_audit_text(report)


def test_report_shows_a_status_that_goes_back_across_files(tmp_path):
    earlier = write_lines(tmp_path / "a.jsonl", [call(1), call(2)])
    later = write_lines(tmp_path / "b.jsonl", [call(3), call(1, status="in_progress")])
    report = report_of(earlier, later)
    text = render_audit_text(report)
    assert f"{later}:2: /status: expected ended or what follows it, got in_progress [status-went-back" in text
    assert "4 observations of 3 calls, 1 observed more than once, 1 with a violation over time" in text
    assert report.verdict == "violates"


def test_report_shows_an_event_that_came_twice(tmp_path):
    event = {"call_id": call(1)["id"], "type": "event_phone_call_ended", "payload": None}
    report = report_of(write_lines(tmp_path / "a.jsonl", [event, event]))
    found = [each for listed in rendered(report)["findings"].values() for each in listed]
    assert [(each["schema"], each["example"]["code"]) for each in found] == [("WebhookEvent", "event-repeated")]


def test_text_lists_few_findings_unless_it_is_full(tmp_path):
    path = write_lines(tmp_path / "a.jsonl", [call(1, **{f"key_{number}": 1}) for number in range(20)])
    report = report_of(path)
    assert "and 14 more; --all shows all of them" in render_audit_text(report)
    full = AuditReport(audited=report.audited, contract=CONTRACT, full=True)
    assert render_audit_text(full).count("/key_") == 20


# --- dates ---


def test_report_says_which_date_fits_and_when_that_changed(tmp_path):
    rows = [at(number, "03") for number in range(20)] + [at(30 + number, "04", NEWER) for number in range(10)]
    lines = list(report_of(write_lines(tmp_path / "a.jsonl", rows)).dates.describe())
    assert lines[0] == "2024-08-27 accepts 30 of 30 (100 %)"
    assert lines[-2:] == [
        "before 2024-04-03 10:05:00 UTC: 2023-11-30, 2024-04-19 and 2024-08-27 fit best",
        "since 2024-04-03 10:05:00 UTC: 2024-08-27 fits best",
    ]


@pytest.mark.parametrize(
    ("fits", "lines"),
    [
        ({("A", "B"): (0, 9)}, ["A and B fit the sample equally"]),
        ({("A",): (0, 4), ("B",): (5, 9)}, ["until 4: A", "after 4: A and B", "since 5: B"]),
        ({("A",): (0, 6), ("B",): (5, 9)}, ["before 5: A", "since 5: overlap", "after 6: B"]),
        ({("A",): (0, 9), ("B",): (3, 4)}, ["before 3: A", "since 3: overlap", "after 4: A"]),
        ({("A",): (2, 2), ("A", "B"): (0, 9)}, ["before 2: A and B", "since 2: A", "after 2: A and B"]),
        ({("A",): (None, None), ("A", "B"): (None, None)}, ["A fits best"]),
    ],
)
def test_report_follows_which_dates_fit(fits, lines):
    known = {dates: DateFit(count=3, since=since, until=until) for dates, (since, until) in fits.items()}
    found = [line for line in report_with(fits=known, sampled=6).dates.describe() if " accepts " not in line]
    for second in range(10):
        found = [line.replace(f"1970-01-01 00:00:0{second} UTC", str(second)) for line in found]
    shortened = [
        line.replace("no single date fits, since payloads of different dates overlap", "overlap") for line in found
    ]
    assert [line.replace(" fits best", "").replace(" fit best", "") for line in shortened] == [
        line.replace(" fits best", "") for line in lines
    ]


def test_report_claims_nothing_about_dates_under_a_contract_of_ones_own(tmp_path):
    own = CONTRACT.with_overlay({"Call": {"properties": {"id": {"maxLength": 100}}}})
    audited = audit([write_lines(tmp_path / "a.jsonl", [call(1)])], contract=own)
    report = AuditReport(audited=audited, contract=own)
    assert [*report.dates.describe()] == []
    assert rendered(report)["accepted_by_none"] is None


# --- properties and coverage ---


def test_report_shows_properties_by_status(tmp_path):
    rows = [call(1), call(2, status="in_progress", end_time=None), call(3, status="in_progress", end_time=None)]
    del rows[2]["end_time"]
    report = report_of(write_lines(tmp_path / "a.jsonl", rows))
    [found] = [each for each in rendered(report)["properties"] if each["pointer"].endswith("/Call/properties/end_time")]
    assert found["statuses"] == [
        {"status": "in_progress", "absent": 1, "null": 1, "present": 0},
        {"status": "ended", "absent": 0, "null": 0, "present": 1},
    ]
    assert "both null and absent" in found["remarks"]
    assert "present only if ended" in found["remarks"]
    assert "absent 50%, null 50%" in render_audit_text(report)


def test_report_measures_coverage_of_the_schemas_that_occurred(tmp_path):
    found = rendered(report_of(write_lines(tmp_path / "a.jsonl", [call(1)])))["coverage"]
    assert found["schemas"]["CallStatus"]["exercised"] == 1
    assert "value not_started" in found["schemas"]["CallStatus"]["missing"]
    assert "WebhookEvent" not in found["schemas"]


# --- JSON ---


def test_json_is_as_documented(tmp_path):
    page = Path(__file__).parents[2] / "docs" / "reference" / "report.md"
    if not page.exists():
        pytest.skip("the docs are in the checkout alone")
    section = page.read_text("utf-8").partition("\n## Archive reports\n")[2]
    schema = json.loads(section.partition("```json\n")[2].partition("```")[0])
    rows = [call(1), call(2, new=1), at(3, "03", NEWER), call(1, status="in_progress"), call(4, agent=None), {}]
    path = tmp_path / "a.jsonl"
    write_lines(path, rows)
    with path.open("ab") as file:
        file.write(b"nothing\n")
    for report in (report_of(path, tmp_path / "missing.jsonl"), report_with()):
        document = rendered(report)
        jsonschema.Draft202012Validator(schema).validate(document)
        assert set(document) == set(schema["required"])


# --- safety ---


@pytest.mark.parametrize("name", AUDIT_FORMATS)
def test_report_shows_no_value_and_gives_no_command(name, tmp_path):
    secret = "sk-secret-and-15551234567"
    rows = [
        call(1, to_number=15551234567, status=secret, **{secret: secret, "##vso[x]": 1}),
        call(2, agent={"prompt": secret, "voice": secret}),
        {"call_id": secret, "type": secret},
    ]
    path = write_lines(tmp_path / "::error::##vso[x]\x1b[2J.jsonl", rows)
    text = AUDIT_FORMATS[name][0](report_of(path, "s3://key:secret@bucket/x.jsonl"))
    assert "15551234567" not in text
    assert "key:secret" not in text
    assert "\x1b" not in text
    assert "##vso" not in text


@pytest.mark.parametrize(("size", "text"), [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (3e12, "3.0 TB")])
def test_size_has_a_unit(size, text):
    assert format_size(size) == text


def test_share_is_whole_only_if_it_is_exact():
    shares = [format_share(count, 1000) for count in (0, 1, 999, 1000)]
    assert [share.partition("(")[2] for share in shares] == ["0 %)", "<1 %)", ">99 %)", "100 %)"]


def test_report_takes_times_that_no_calendar_has():
    report = report_with()
    violation = Violation(instance_pointer="/a", code="type", expected="a", actual="b")
    report.audited.summary.add_violations("Call", [violation], PayloadPlace(0, 0, 0), 1e300)
    assert rendered(report)["findings"]["violations"][0]["since"] is None
    assert "first seen" not in render_audit_text(report)


def test_report_keeps_what_comes_before_damage(tmp_path):
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b"".join(json.dumps(call(number)).encode() + b"\n" for number in range(300)))[:-4])
    report = report_of(path)
    assert report.audited.summary.count("conforms") == 300
    assert report.unchecked == (f"{path}, after line 300: its gzip data is damaged or truncated",)
