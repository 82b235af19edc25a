"""Audits of whole archives: files in, one summary out, whatever happens on the way."""

import gzip
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from zipfile import ZipFile

import pytest
from backports import zstd

from tests.audit.archives import call, write_lines
from vocode_contract.audit import ids, run, sources
from vocode_contract.audit.calls import check_calls
from vocode_contract.audit.examine import Task, examine
from vocode_contract.audit.executors import Lost, ProcessExecutor
from vocode_contract.audit.run import audit
from vocode_contract.audit.summary import PayloadPlace
from vocode_contract.contract.model import Contract
from vocode_contract.errors import InvalidOption

EVENT = {"type": "event_recording", "call_id": "00000000-0000-4000-8000-000000000001", "payload": {"url": "x"}}


def codes(audited: run.AuditResult) -> dict[str, int]:
    return {key.code: finding.count for key, finding in audited.summary.findings.items()}


def places(audited: run.AuditResult, code: str) -> tuple[PayloadPlace, PayloadPlace]:
    [finding] = [finding for key, finding in audited.summary.findings.items() if key.code == code]
    return finding.first, finding.last


def verdicts(audited: run.AuditResult) -> dict[str, int]:
    return {f"{schema} {verdict}".strip(): count for (schema, verdict), count in audited.summary.verdicts.items()}


@pytest.fixture
def archive(tmp_path):
    """Calls in two files, one of which violates the contract, one is newer, one is damaged, and two come again."""
    first = [call(number) for number in range(5)]
    second = [
        call(5, status="ringing"),
        call(6, telephony_provider=7),
        call(1, status="in_progress", end_time=None),
        EVENT,
        EVENT,
    ]
    write_lines(tmp_path / "a.jsonl", first)
    path = Path(write_lines(tmp_path / "b.jsonl", second))
    path.write_bytes(path.read_bytes() + b'\n{"id": \n')
    return tmp_path


def test_audit_counts_locates_and_follows(archive):
    audited = audit([str(archive)])
    assert verdicts(audited) == {
        "Call conforms": 6,
        "Call drift": 1,
        "Call violates": 1,
        "WebhookEvent conforms": 2,
        "unreadable": 1,
    }
    assert codes(audited) == {
        "enum": 1, "type": 1, "json-syntax": 1, "status-went-back": 1, "end-time-moved": 1, "event-repeated": 1
    }  # fmt: skip
    assert places(audited, "json-syntax") == ((1, 0, 6), (1, 0, 6))  # after a blank line
    summary = audited.summary
    assert (summary.observations, summary.calls, summary.repeated, summary.broken) == (10, 7, 1, 1)


def test_audit_has_the_same_bytes_however_it_is_cut_and_run(archive, monkeypatch):
    whole = audit([str(archive)]).summary
    monkeypatch.setattr(run, "MOST_OBSERVED", 1_000)  # groups of calls, and their ids, go through files
    monkeypatch.setattr(ids, "MOST_IDS", 10)
    assert audit([str(archive)], workers=2).summary.to_bytes() == whole.to_bytes()
    monkeypatch.setattr(sources.cut_sources, "__defaults__", (1_000,))
    cut = audit([str(archive)]).summary
    assert len(cut.lines) > len(whole.lines)
    same = ("verdicts", "days", "parts", "fits", "observations", "calls", "repeated", "broken", "size")
    assert {name: getattr(cut, name) for name in same} == {name: getattr(whole, name) for name in same}
    assert [finding.count for finding in cut.findings.values()] == [each.count for each in whole.findings.values()]


@pytest.mark.parametrize("size", [1, 2, 7, 1_000, 1_024])
def test_shards_of_any_size_read_each_line_once(tmp_path, monkeypatch, size):
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"\n".join(b"%d" % number for number in range(300)))
    monkeypatch.setattr(sources.cut_sources, "__defaults__", (size,))
    audited = audit([str(path)])
    assert verdicts(audited) == {"unknown": 300}
    assert audited.summary.lines.total() == 300


def test_last_shards_are_small_so_that_all_workers_finish_together():
    found = [sources.Source(path=f"{size}", form="lines", coding="", size=size, name="") for size in (0, 5_000, 600)]
    shards = sources.cut_sources(found, 160)
    sizes = [shard.end - shard.start for shard in shards]
    assert sizes[:3] == [0, 160, 160]
    assert max(sizes[-8:]) == 160 // 8
    assert [sum(shard.end - shard.start for shard in shards if shard.source == at) for at in range(3)] == [
        0,
        5_000,
        600,
    ]


FORMS: dict[str, Callable[[list[Any]], bytes]] = {
    "x.jsonl": lambda calls: b"".join(json.dumps(each).encode() + b"\n" for each in calls),
    "x.ndjson.gz": lambda calls: gzip.compress(FORMS["x.jsonl"](calls)),
    "x.jsonl.zst": lambda calls: zstd.compress(FORMS["x.jsonl"](calls)),
    "lines.json": lambda calls: b"\n".join(json.dumps(each).encode() for each in calls),
    "array.json": lambda calls: json.dumps(calls).encode(),
    "array.json.gz": lambda calls: gzip.compress(json.dumps(calls, indent=1).encode()),
    "x.har": lambda calls: json.dumps(
        {"log": {"version": "1.2", "entries": [_entry(each) for each in calls]}}
    ).encode(),
    "x.yaml": lambda calls: json.dumps({"interactions": [_interaction(each) for each in calls]}).encode(),
}


def _entry(value: object) -> dict[str, object]:
    return {
        "startedDateTime": "2024-04-19T10:02:00Z",
        "request": {"method": "GET", "url": "https://api.example/v1/calls", "postData": {"text": "not JSON"}},
        "response": {"status": 200, "content": {"text": json.dumps(value), "mimeType": "application/json"}},
    }


def _interaction(value: object) -> dict[str, object]:
    return {"request": {"body": None}, "response": {"body": {"string": json.dumps(value)}, "headers": {}}}


@pytest.mark.parametrize("name", FORMS)
def test_audit_reads_each_form(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(FORMS[name]([call(1), call(2, status="ringing"), call(1)]))
    audited = audit([str(path)])
    assert verdicts(audited) == {"Call conforms": 2, "Call drift": 1}
    assert audited.summary.repeated == 1
    assert not audited.summary.damaged


def test_audit_takes_times_from_where_they_are_recorded(tmp_path):
    (tmp_path / "x.har").write_bytes(FORMS["x.har"]([call(1)]))
    write_lines(tmp_path / "x.jsonl", [call(2, end_time="2024-05-01T23:30:00-01:00"), EVENT])
    body = json.dumps({"string": json.dumps(call(3))})
    (tmp_path / "x.yaml").write_text(
        f"interactions:\n- recorded_at: 2024-04-20T10:02:00Z\n  response: {{body: {body}}}\n"
    )
    assert audit([str(tmp_path)]).summary.days == {
        ("2024-04-19", "conforms"): 1,
        ("2024-04-20", "conforms"): 1,
        ("2024-05-02", "conforms"): 1,
    }


def test_audit_opens_what_fsspec_opens():
    import fsspec  # type: ignore[import-untyped]  # it has no types

    with fsspec.open("memory://archive/x.jsonl", "wb") as file:
        file.write(FORMS["x.jsonl"]([call(1)]))
    for path in ("memory://archive", "memory://archive/*.jsonl"):
        assert verdicts(audit([path])) == {"Call conforms": 1}
    assert audit(["memory://me:secret@archive/none.jsonl?key=secret", "nowhere://x"]).unread.keys() == {
        "memory://***@archive/none.jsonl?***", "nowhere://x"
    }  # fmt: skip


def test_audit_reads_a_file_once_that_several_paths_name(tmp_path):
    write_lines(tmp_path / "a.jsonl", [EVENT])
    (tmp_path / "b.jsonl").symlink_to("a.jsonl")
    audited = audit([str(tmp_path), f"{tmp_path}/./a.jsonl"])
    assert verdicts(audited) == {"WebhookEvent conforms": 1}
    assert not codes(audited)


@pytest.mark.parametrize(
    "url", ["zip://d/x.jsonl::{}", "zip://d/*.jsonl::{}", "zip://d::file://{}", "simplecache::zip://*/x.jsonl::{}"]
)
def test_audit_opens_what_a_zip_archive_holds(tmp_path, url):
    with ZipFile(tmp_path / "x.zip", "w") as file:
        file.writestr("d/x.jsonl", FORMS["x.jsonl"]([call(1), call(1)]))
    audited = audit([url.format(tmp_path / "x.zip")])
    assert verdicts(audited) == {"Call conforms": 2}
    assert audited.summary.repeated == 1


class _Server(BaseHTTPRequestHandler):
    """Answers a path such as ``/401/x.jsonl`` with that status; ``cut`` breaks off, ``chunked`` names no length."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        kind = self.path.split("/")[1]
        self.send_response(int(kind) if kind.isdigit() else 200)
        if kind != "chunked":
            self.send_header("Content-Length", "100" if kind == "cut" else "8")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(b'{"a": 1}')

    def log_message(self, *_: object) -> None:
        pass


def test_audit_reports_what_servers_refuse_and_goes_on(tmp_path):
    pytest.importorskip("aiohttp")
    with ThreadingHTTPServer(("127.0.0.1", 0), _Server) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://user:hush@127.0.0.1:{server.server_port}"
        paths = [f"{base}/{kind}/x.jsonl?hush" for kind in ("401", "500", "cut", "chunked")]
        audited = audit([*paths, "http://[::1/x.jsonl", write_lines(tmp_path / "x.jsonl", [call(1)])])
        server.shutdown()
    assert verdicts(audited) == {"Call conforms": 1}
    shown = [f"{name.rpartition('/x')[0].rpartition('/')[2]}: {reason}" for name, reason in audited.unread.items()]
    assert shown == [
        "401: it cannot be read (ClientResponseError, HTTP status 401)",
        "500: it cannot be read (ClientResponseError, HTTP status 500)",
        "cut: it cannot be read (ClientPayloadError)",
        "chunked: its size is unknown; pass its content on standard input, as -",
        "[::1: it cannot be read (TypeError)",
    ]
    assert "hush" not in str(audited.unread)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("x.jsonl.gz", FORMS["x.ndjson.gz"]([call(1)])[:-20], "gzip data is damaged"),
        ("x.jsonl.zst", FORMS["x.jsonl.zst"]([call(1)])[:-20] + b"\0" * 9, "Zstandard data is damaged"),
        ("x.json", FORMS["array.json"]([call(1), call(2)])[:-20], "JSON is damaged"),
        ("x.har", FORMS["x.har"]([call(1)])[:-20], "JSON is damaged"),
        ("x.yaml", b"interactions: [", "YAML is invalid"),
    ],
)
def test_audit_locates_damage_and_goes_on(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    write_lines(tmp_path / "z.jsonl", [call(3)])
    audited = audit([str(tmp_path)])
    [(source, text)] = [(audited.sources[key[0]].path, text) for key, text in audited.summary.damaged.items()]
    assert source.endswith(name)
    assert reason in text
    assert audited.summary.count("conforms") >= 1


def test_audit_of_a_line_of_50_megabytes_holds_little_of_it(tmp_path):
    path = tmp_path / "x.jsonl"
    with path.open("wb") as file:
        file.write(b'"' + b"x" * 50_000_000 + b'"\n')
        file.write(json.dumps(call(1)).encode())
    audited = audit([str(path)], most=1_000_000)
    assert verdicts(audited) == {"unreadable": 1, "Call conforms": 1}
    assert places(audited, "json-too-large")[0].number == 0


def test_audit_leaves_out_what_a_file_grows_by(tmp_path, monkeypatch):
    path = Path(write_lines(tmp_path / "x.jsonl", [call(1)]))

    def cut(found):
        with path.open("ab") as file:
            file.write(json.dumps(call(2)).encode() + b"\n")
        return sources.cut_sources(found)

    monkeypatch.setattr(run, "cut_sources", cut)
    assert verdicts(audit([str(path)])) == {"Call conforms": 1}


def test_line_that_nests_too_deep_is_a_violation_and_not_fatal(tmp_path):
    (tmp_path / "x.jsonl").write_text("[" * 255 + "]" * 255 + "\n" + json.dumps(call(1)))
    assert codes(audit([str(tmp_path)])) == {"json-too-deep": 1}


def test_plain_audit_takes_the_last_of_duplicate_keys(tmp_path):
    text = json.dumps(call(1))
    (tmp_path / "x.jsonl").write_text(f'{{"status": "ringing", {text[1:]}\n')
    assert codes(audit([str(tmp_path)])) == {"json-duplicate-key": 1}
    assert codes(audit([str(tmp_path)], strict=False)) == {}


def test_audit_says_when_a_file_became_shorter(tmp_path, monkeypatch):
    path = Path(write_lines(tmp_path / "x.jsonl", [call(1), call(2)]))

    def cut(found):
        os.truncate(path, 10)
        return sources.cut_sources(found)

    monkeypatch.setattr(run, "cut_sources", cut)
    assert [*audit([str(path)]).summary.damaged.values()] == ["it became shorter while it was being read"]


def test_interrupted_audit_goes_on_where_it_stopped(archive, tmp_path_factory, monkeypatch):
    directory = str(tmp_path_factory.mktemp("checkpoint"))
    paths = [str(archive / "a.jsonl"), str(archive / "b.jsonl")]
    whole = audit(paths).summary

    def stop(_label, done, total):
        if 0 < done < total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        audit(paths, checkpoint=directory, progress=stop)
    examined = []

    def count_and_examine(task, shard, tick):
        examined.append(shard.source)
        return examine(task, shard, tick)

    monkeypatch.setattr(run, "examine", count_and_examine)
    with (archive / "b.jsonl").open("ab") as file:
        file.write(b"what came later\n")
    assert audit(paths, checkpoint=directory).summary.to_bytes() == whole.to_bytes()
    assert len(examined) < 2 or examined == [0, 1]  # what was interrupted before its result was stored is done again
    examined.clear()
    assert audit(paths, checkpoint=directory).summary.to_bytes() == whole.to_bytes()
    assert examined == []


def test_checkpoint_of_another_audit_is_refused(archive, tmp_path_factory):
    directory = str(tmp_path_factory.mktemp("checkpoint"))
    audit([str(archive)], checkpoint=directory)
    for changed in ({"profile": "wire"}, {"schema": "Call"}, {"every": 3}):
        with pytest.raises(InvalidOption, match="other files"):
            audit([str(archive)], checkpoint=directory, **changed)
    with pytest.raises(InvalidOption, match="other files"):
        audit([str(archive / "a.jsonl")], checkpoint=directory)


def test_full_disk_is_one_clear_error(archive, tmp_path_factory):
    program = "import sys; from vocode_contract.audit import audit; audit(sys.argv[1:2], checkpoint=sys.argv[2])"
    done = subprocess.run(
        # Without -B, the limit would also cut off the bytecode that Python writes.
        [sys.executable, "-B", "-c", program, str(archive), str(tmp_path_factory.mktemp("checkpoint"))],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
    )
    assert "InvalidOption: --checkpoint: intermediate results cannot be written: file too large" in done.stderr


class _Deadly:
    """An argument that ends the process that receives it, unless a file exists, which it makes."""

    def __init__(self, marker: str) -> None:
        self.marker = marker

    def __reduce__(self):
        touch = f"open({self.marker!r}, 'x').close()" if self.marker else "None"
        known = f"__import__('os').path.exists({self.marker!r})"
        return eval, (f"[] if {known} else ({touch}, __import__('os')._exit(9))",)  # noqa: S307 - its own text


@pytest.mark.parametrize(("marker", "is_lost"), [("marker", False), ("", True)], ids=["once", "always"])
def test_processes_that_die_lose_nothing_but_what_kills_them(tmp_path, marker, is_lost):
    task = Task(sources=(), contract=Contract.load())
    deadly = _Deadly(str(tmp_path / marker) if marker else "")
    with ProcessExecutor(task, 2) as executor:
        results = list(executor.run(check_calls, [[], deadly, []], lambda _count: None))
    assert len(results) == 3
    assert [isinstance(result, Lost) for argument, result in results if argument is deadly] == [is_lost]
    assert sum(isinstance(result, Lost) for _, result in results) <= (3 if is_lost else 0)
