"""`vocode-contract diff`: exit codes and formats."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

pytest.importorskip("httpx")

from tests.support.changes import used
from tests.support.raw import OK, TOKEN, says, serving
from vocode_contract.cli import main
from vocode_contract.cli.diff import FORMATS, LEVELS
from vocode_contract.contract.diff import kinds
from vocode_contract.contract.model import Contract
from vocode_contract.report.change_formats import CHANGE_REPORTS

STEP = ("2023-11-30", "2024-08-27")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("2023-11-30", "2023-11-30"), 0),
        (STEP, 1),
        (("--fail-on", "never", *STEP), 0),
        (("--profile", "tolerant", "2023-11-30", "2024-04-19"), 0),
        (("--profile", "tolerant", "--fail-on", "risky", "2023-11-30", "2024-04-19"), 1),
        (("2023-11-30", "2020-01-01"), 2),
    ],
)
def test_diff_exits_by_the_worst_level(arguments, code):
    assert main.run(["diff", *arguments]) == code


def test_diff_lists_one_cause_in_many_places_once(capsys):
    main.run(["diff", "--output-format", "json", "2024-04-19", "2024-08-27"])
    found = [each for each in json.loads(capsys.readouterr().out)["changes"] if each["kind"] == "null-added"]
    assert len(found) <= 3
    assert sum(each["count"] for each in found) == 91


def test_diff_has_every_format_and_level():
    assert tuple(CHANGE_REPORTS) == FORMATS
    assert kinds.LEVELS == LEVELS


def test_diff_shows_only_what_matters_enough(capsys):
    main.run(["diff", "--show", "breaking", *STEP])
    *lines, _ = capsys.readouterr().out.splitlines()
    assert lines
    assert {line.partition(":")[0] for line in lines} == {"breaking"}


def test_diff_page_has_no_script_and_shows_both_sides(capsys):
    main.run(["diff", "--output-format", "html", *STEP])
    page = capsys.readouterr().out
    HTMLParser().feed(page)
    assert "default-src 'none'" in page.replace("&#x27;", "'")
    assert "<script" not in page
    assert len(re.findall('class="sides"', page)) > 10


def test_diff_sarif_names_a_rule_for_each_result(capsys):
    main.run(["diff", "--output-format", "sarif", *STEP])
    [run] = json.loads(capsys.readouterr().out)["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert {result["ruleId"] for result in run["results"]} == {*rules}


def accepted(tmp_path, text: str):
    file = tmp_path / "accepted.toml"
    file.write_text(text, "utf-8")
    return "--accepted", str(file)


ALL_NULLS = '[[accepted]]\nkind = "null-added"\nreason = "VOC-7: clients handle null"\n'
TO_NULL = ("2024-04-19", "2024-08-27")


@pytest.fixture
def sides(tmp_path):
    """Write two documents, of which the newer one allows null."""
    contracts = (used({"properties": {"a": {"type": kind}}}, "received") for kind in ("string", ["string", "null"]))
    files = [tmp_path / name for name in ("old.json", "new.json")]
    for file, contract in zip(files, contracts, strict=True):
        file.write_text(json.dumps(contract.document), "utf-8")
    return [str(file) for file in files]


def test_diff_of_accepted_changes_passes_and_shows_them_apart(tmp_path, sides, capsys):
    assert main.run(["diff", *sides]) == 1
    capsys.readouterr()
    assert main.run(["diff", *accepted(tmp_path, ALL_NULLS), *sides]) == 0
    line, result = capsys.readouterr().out.splitlines()
    assert line.startswith("breaking: null-added")
    assert line.endswith("accepted: VOC-7: clients handle null")
    assert result.endswith("1 accepted")


def test_diff_accepts_a_change_at_one_place_only(tmp_path, capsys):
    place = "/components/schemas/Agent/properties/*"
    main.run(["diff", "--output-format", "json", *accepted(tmp_path, f'{ALL_NULLS}place = "{place}"'), *TO_NULL])
    found = [each for each in json.loads(capsys.readouterr().out)["changes"] if each["kind"] == "null-added"]
    places = {bool(each["accepted"]): [at["new"] for at in each["places"]] for each in found}
    assert all(at.startswith("/components/schemas/Agent/") for at in places[True])
    assert not any(at.startswith("/components/schemas/Agent/") for at in places[False])


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ("expires = 2026-01-02", "was valid until 2026-01-02: remove it, or extend the date"),
        ('after = "nothing"', "matched no change: remove it"),
    ],
)
def test_diff_reports_an_entry_that_is_out_of_date(tmp_path, capsys, entry, line):
    options = accepted(tmp_path, ALL_NULLS + entry)
    assert main.run(["diff", *options, "2024-08-27", "2024-08-27"]) == 1
    assert line in capsys.readouterr().out
    assert main.run(["diff", "--fail-on", "never", *options, "2024-08-27", "2024-08-27"]) == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            '[[accepted]]\nkind = "nul-added"\nreason = "r"',
            "entry 1: unknown kind 'nul-added'; did you mean null-added?",
        ),
        (ALL_NULLS.replace("kind", "code"), "entry 1: unknown key 'code'; known: kind, before, after"),
        ('[[accepted]]\nkind = "null-added"', "entry 1: reason is missing"),
    ],
)
def test_diff_refuses_an_entry_that_cannot_be_used(tmp_path, capsys, text, reason):
    assert main.run(["diff", *accepted(tmp_path, text), *STEP]) == 2
    assert reason in capsys.readouterr().err


# --- a server's own document ---


def publish(content: bytes, *, head: bytes = OK):
    """Serve a document to whoever asks."""
    return serving(says(head + b"Content-Length: %d\r\n\r\n%b" % (len(content), content)))


def documented(date: str) -> bytes:
    return json.dumps(Contract.load(date).document).encode()


def test_drift_compares_the_contract_with_the_document_of_the_server(monkeypatch, capsys):
    monkeypatch.setenv("VOCODE_API_KEY", TOKEN)
    with publish(documented("2024-08-27")) as server:
        assert main.run(["drift", "--url", server.url, "--contract", "2024-08-27"]) == 0
        assert main.run(["drift", "--url", f"{server.url}/openapi.json"]) == 1
        assert main.run(["diff", "2024-08-27", server.url]) == 0
    result = capsys.readouterr().out.splitlines()[0]
    assert result == f"2024-08-27 -> {server.url}/openapi.json: no changes"
    assert {request.partition(b"\r\n")[0] for request in server.heard} <= {b"GET /openapi.json HTTP/1.1"}


@pytest.mark.parametrize("is_asked", [False, True])
def test_drift_sends_the_token_only_if_it_is_asked_to(monkeypatch, is_asked):
    monkeypatch.setenv("VOCODE_API_KEY", TOKEN)
    with publish(b"{}") as server:
        assert main.run(["drift", "--url", server.url, *(["--send-token"] if is_asked else [])]) == 2
    [request] = server.heard
    assert (TOKEN.encode() in request) is is_asked


@pytest.mark.parametrize(
    ("answer", "code", "reason"),
    [
        ((b"", b"HTTP/1.1 404 Not Found\r\n"), 3, "the URL does not lead to the API; status 404 for http://127.0.0.1"),
        ((b"", b"HTTP/1.1 401 Unauthorized\r\n"), 3, "the request is not authorised; status 401"),
        ((b"", b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"), 3, "status 302"),
        ((b"x" * 17_000_000, OK), 3, "the response is too large; http://"),
        ((b"{", OK), 2, "/openapi.json: is not JSON: line 1, column 2"),
        ((b"{}", OK), 2, "/openapi.json: /openapi must name a version 3.0 or 3.1"),
        ((b'"<!doctype html>"', OK), 2, "/openapi must name a version 3.0 or 3.1"),
    ],
    ids=["404", "401", "302", "large", "cut", "empty", "page"],
)
def test_drift_says_why_a_document_cannot_be_used(capsys, answer, code, reason):
    with publish(answer[0], head=answer[1]) as server:
        assert main.run(["drift", "--url", server.url]) == code
    [line] = capsys.readouterr().err.splitlines()
    assert reason in line


def test_drift_from_a_server_that_is_not_there_is_inconclusive(capsys):
    with serving(lambda _connection: None) as server:
        pass
    assert main.run(["diff", server.url, "2023-11-30"]) == 3
    assert "inconclusive: no connection" in capsys.readouterr().err


# --- documents that are hard to read ---


def schemas(schema: Any) -> str:
    return json.dumps({"openapi": "3.1.0", "components": {"schemas": {"A": schema}}})


NESTED: Any = {}
for _ in range(200):
    NESTED = {"items": NESTED}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (schemas(NESTED), "nests deeper than 64 levels"),
        ("[" * 100_000, "is not JSON"),
        ('{"openapi": "3.1.0", "paths": []}', "/paths must be an object"),
        (schemas({"$ref": "b.json"}), "never fetched"),
        (schemas({"$ref": "#/components/schemas/A"}), "itself"),
    ],
    ids=["deep", "brackets", "paths", "external", "circular"],
)
def test_diff_refuses_a_document_with_its_place(tmp_path, capsys, text, reason):
    (tmp_path / "own.json").write_text(text, "utf-8")
    assert main.run(["diff", "2023-11-30", str(tmp_path / "own.json")]) == 2
    assert reason in capsys.readouterr().err
