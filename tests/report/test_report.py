import json
import re
from pathlib import Path

import jsonschema
import pytest

from vocode_contract.cli.explain import codes_page
from vocode_contract.report import REPORTS
from vocode_contract.report.payload_results import Heading, Result, ResultCounts
from vocode_contract.report.text import MOST_CAUSES, MOST_LINE, MOST_TEXT
from vocode_contract.validation.codes import CODES
from vocode_contract.validation.json_text import read
from vocode_contract.validation.violation import Violation

HEADING = Heading(contract="2023-11-30", profile="wire", schema="Call")
FULL = Heading(contract="2023-11-30", profile="wire", schema="Call", full=True)
WRONG_STATUS = Violation(
    instance_pointer="/status",
    code="enum",
    expected="one of not_started, ended",
    actual='"ringing"',
    schema_pointer="/components/schemas/CallStatus/enum",
    contract="2023-11-30",
)
DRIFT = Violation(
    instance_pointer="/mood", code="unknown-key", severity="drift", expected="a declared key", actual="a string"
)
#: Ends a line, moves a cursor, turns the direction of text, and is no UTF-8.
HOSTILE_NAME = "a\nb\r\x1b[2J\u202e\u2028\x9b%,:\udcff.json"
HOSTILE = Violation(instance_pointer=f"/{HOSTILE_NAME}", code="type", expected="a string", actual=HOSTILE_NAME)
FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ud800-\udfff]")

DOCS = Path(__file__).parents[2] / "docs" / "reference"
is_checkout = pytest.mark.skipif(not DOCS.is_dir(), reason="the docs are in the checkout alone")

each_report = pytest.mark.parametrize("name", REPORTS)


def written(name, *results, heading=HEADING):
    return "".join(REPORTS[name](results, heading))


def many(count, *, code="enum"):
    """One violation of the same cause at each of many places."""
    return tuple(
        Violation(
            instance_pointer=f"/items/{index}/status",
            code=code,
            expected="one of not_started, ended",
            actual='"ringing"',
            schema_pointer="/components/schemas/CallStatus/enum",
        )
        for index in range(count)
    )


def different(count):
    """That many violations, each of its own cause."""
    return tuple(
        Violation(
            instance_pointer=f"/k{index}", code="type", expected="a string", actual="null", schema_pointer=f"/s/{index}"
        )
        for index in range(count)
    )


def test_text_names_source_and_pointer_first():
    assert written("text", Result(source="call.json", violations=(WRONG_STATUS,))) == (
        'call.json: /status: expected one of not_started, ended, got "ringing" [enum, 2023-11-30]\n'
    )


def test_text_names_the_line():
    assert written("text", Result(source="a.jsonl", line=7, violations=(WRONG_STATUS,))).startswith(
        "a.jsonl:7: /status:"
    )


def test_text_says_nothing_of_what_conforms():
    assert written("text", Result(source="call.json")) == ""


def test_text_groups_a_repeated_cause():
    [line] = written("text", Result(source="p.json", violations=many(200))).splitlines()
    assert line.startswith("p.json: /items/0/status, /items/1/status, /items/2/status and 197 more: expected one of")


def test_text_of_a_group_tells_that_the_values_differ():
    first, *others = many(5)
    group = (WRONG_STATUS, first, *others[1:])
    mixed = (
        Violation(**{name: getattr(group[0], name) for name in group[0].__slots__} | {"actual": '"x"'}),
        *group[1:],
    )
    assert 'got "x" and others' in written("text", Result(source="p.json", violations=mixed))


def test_text_names_every_key_that_is_missing():
    missing = tuple(
        Violation(
            instance_pointer=f"/{key}", code="required", expected="a value", actual="nothing", schema_pointer="/r"
        )
        for key in "abcde"
    )
    assert len(written("text", Result(source="p.json", violations=missing)).splitlines()) == 5


def test_text_leaves_few_violations_apart():
    assert len(written("text", Result(source="p.json", violations=many(3))).splitlines()) == 3


def test_text_summarises_many_causes():
    lines = written("text", Result(source="p.json", violations=different(50))).splitlines()
    assert len(lines) == MOST_CAUSES + 1
    assert "and 30 more causes; --all shows all of them" in lines[-1]


def test_full_text_lists_every_violation():
    assert len(written("text", Result(source="p.json", violations=many(200)), heading=FULL).splitlines()) == 200


@pytest.mark.parametrize("name", ["text", "concise", "github"])
def test_text_is_bounded(name):
    results = (Result(source="a.jsonl", line=line, violations=(WRONG_STATUS,)) for line in range(5_000))
    text = written(name, *results)
    assert len(text.encode()) < MOST_TEXT + 200
    assert re.fullmatch(r"\.\.\. and [0-9,]+ more lines; --all .*", text.splitlines()[-1])


def test_text_lines_are_short():
    long = Violation(instance_pointer="/" + "k" * 5_000, code="type", expected="e" * 5_000, actual="a" * 5_000)
    [line] = written("text", Result(source="n" * 5_000, violations=(long,))).splitlines()
    assert len(line) <= MOST_LINE
    assert line.endswith("[type]")


def test_concise_is_one_short_line_a_violation():
    assert written("concise", Result(source="a.json", line=3, violations=(WRONG_STATUS, DRIFT))) == (
        "a.json:3:/status: enum\na.json:3:/mood: unknown-key\n"
    )


def test_json_round_trips():
    report = read(
        written("json", Result(source="a.json", violations=many(200)), Result(source="b", inconclusive="gone")).encode()
    )
    assert isinstance(report, dict)
    assert report["summary"] | {"payloads": 2, "violating": 1, "unjudged": 1, "errors": 200} == report["summary"]
    assert [found["instance_pointer"] for found in report["results"][0]["violations"]] == [
        violation.instance_pointer for violation in many(200)
    ]
    assert report["results"][1]["conforms"] is None


def test_json_of_nothing_is_a_document():
    assert json.loads(written("json"))["results"] == []


def test_json_lines_are_one_document_each():
    lines = written(
        "json-lines", Result(source="a", line=1), Result(source="a", line=2, violations=(DRIFT,))
    ).splitlines()
    documents = [json.loads(line) for line in lines]
    assert [document["line"] for document in documents] == [1, 2]
    assert all(document["conforms"] for document in documents)


@is_checkout
@pytest.mark.parametrize("name", ["json", "json-lines"])
def test_json_is_as_documented(name):
    page = (DOCS / "report.md").read_text()
    schema = json.loads(re.findall(r"```json\n(\{\n  \"\$schema\".*?)```", page, re.DOTALL)[0])
    if name == "json-lines":
        schema["$ref"] = "#/$defs/Line"
    results = (Result(source="a", line=1, violations=(WRONG_STATUS, DRIFT)), Result(source="b", inconclusive="gone"))
    text = written(name, *results)
    for document in [text] if name == "json" else text.splitlines():
        jsonschema.Draft202012Validator(schema).validate(json.loads(document))


def test_github_writes_one_command_a_cause():
    result = Result(source="a,b:c%.json", line=3, violations=(WRONG_STATUS, DRIFT))
    assert written("github", result).splitlines() == [
        "::error file=a%2Cb%3Ac%25.json,line=3,title=enum::"
        '/status: expected one of not_started, ended, got "ringing" [enum, 2023-11-30]',
        "::warning file=a%2Cb%3Ac%25.json,line=3,title=unknown-key::"
        "/mood: expected a declared key, got a string [unknown-key, drift]",
    ]


def test_github_tells_what_could_not_be_judged():
    assert written("github", Result(source="a", inconclusive="gone")) == "::error file=a,title=inconclusive::gone\n"


@each_report
@pytest.mark.parametrize("heading", [HEADING, FULL], ids=["short", "full"])
def test_report_is_printable(name, heading):
    text = written(name, Result(source=HOSTILE_NAME, violations=(HOSTILE,)), heading=heading)
    assert not FORBIDDEN.search(text)


@pytest.mark.parametrize("name", ["text", "concise", "json-lines", "github"])
def test_report_keeps_one_line_a_violation(name):
    text = written(name, Result(source=HOSTILE_NAME, violations=(HOSTILE,)))
    assert text.count("\n") == 1


@pytest.mark.parametrize("name", ["json", "json-lines"])
def test_json_of_hostile_text_is_strict(name):
    text = written(name, Result(source=HOSTILE_NAME, violations=(HOSTILE,), inconclusive=HOSTILE_NAME))
    assert text.isascii()
    assert read(text.encode())


@each_report
@pytest.mark.parametrize("source", ["::stop-commands::x", "##vso[task.complete]", "##[error]"])
def test_source_gives_no_command_to_a_runner(name, source):
    text = written(name, Result(source=source, violations=(WRONG_STATUS,)))
    assert "##" not in text
    assert name == "github" or not text.startswith("::")


@each_report
def test_report_takes_every_result(name):
    taken = []

    def results():
        for line in range(3_000):
            taken.append(line)
            yield Result(source="a", line=line, violations=(WRONG_STATUS,))

    for _ in REPORTS[name](results(), HEADING):
        pass
    assert len(taken) == 3_000


def test_tally_adds_up():
    tally = ResultCounts()
    for result in (
        Result(source="a"),
        Result(source="b", violations=(WRONG_STATUS, DRIFT)),
        Result(source="c", inconclusive="gone"),
    ):
        tally.add(result)
    assert str(tally) == ("3 payloads: 1 conforms, 1 violates the contract, 1 inconclusive (1 violation, 1 drift)")


def test_result_with_drift_alone_conforms():
    assert Result(source="a", violations=(DRIFT,)).conforms


def test_codes_page_has_a_section_a_code():
    assert re.findall(r"^## (.*)$", codes_page(), re.MULTILINE) == list(CODES)
