"""The directory of a checkpoint: nothing secret in it, damage is noticed, and finished shards are used again."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.audit.archives import call, write_lines
from vocode_contract.audit import run, sources
from vocode_contract.audit.examine import examine
from vocode_contract.audit.run import audit
from vocode_contract.contract.model import Contract
from vocode_contract.errors import InvalidOption
from vocode_contract.http.lock import lock_file
from vocode_contract.report.audit import AuditReport
from vocode_contract.report.audit_formats import AUDIT_FORMATS

DAMAGE = {
    "empty": lambda _: b"",
    "cut": lambda data: data[:-9],
    "other": lambda _: b'{"version": 1}',
    "list": lambda _: b"[]",
    "random": lambda data: bytes(255 - byte for byte in data),
    "nested": lambda _: b"[" * 100_000,
}


@pytest.fixture
def archive(tmp_path):
    """Calls in two files; one comes again."""
    (tmp_path / "archive").mkdir()
    write_lines(tmp_path / "archive" / "a.jsonl", [call(1), call(2, agent=None)])
    write_lines(tmp_path / "archive" / "b.jsonl", [call(1, status="in_progress", end_time=None)])
    return tmp_path


def audit_again(archive: Path) -> bytes:
    return audit([str(archive / "archive")], checkpoint=str(archive / "state")).summary.to_bytes()


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("suffix", ["summary", "ids", "calls"])
def test_damaged_result_of_a_shard_is_found_again(archive, monkeypatch, suffix, damage):
    whole = audit_again(archive)
    path = archive / "state" / f"shard-000001.{suffix}"
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    examined = []

    def examine_and_count(task, shard, tick):
        examined.append(shard.number)
        return examine(task, shard, tick)

    monkeypatch.setattr(run, "examine", examine_and_count)
    assert audit_again(archive) == whole
    assert examined == ([] if suffix == "calls" else [1])


@pytest.mark.parametrize("damage", [name for name in DAMAGE if name != "empty"])
def test_damaged_plan_is_an_error_that_names_it(archive, damage):
    audit_again(archive)
    path = archive / "state" / "audit.plan"
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    with pytest.raises(InvalidOption, match=r"^--checkpoint: .*audit\.plan is damaged .*; remove the directory"):
        audit_again(archive)


def test_changed_plan_is_damaged(archive):
    audit_again(archive)
    path = archive / "state" / "audit.plan"
    plan = json.loads(path.read_bytes())
    plan["sources"][0]["size"] -= 1
    path.write_text(json.dumps(plan))
    with pytest.raises(InvalidOption, match="is damaged"):
        audit_again(archive)


def test_empty_plan_that_a_crash_left_is_written_again(archive):
    whole = audit_again(archive)
    (archive / "state" / "audit.plan").write_bytes(b"")
    assert audit_again(archive) == whole


def test_file_that_could_not_be_read_is_read_when_it_is_there_again(archive, monkeypatch):
    path, away = archive / "archive" / "a.jsonl", archive / "away"

    def remove_and_cut(found):
        path.rename(away)
        return sources.cut_sources(found)

    with monkeypatch.context() as patch:
        patch.setattr(run, "cut_sources", remove_and_cut)
        assert b"no such file" in audit_again(archive)
    away.rename(path)
    assert audit_again(archive) == audit([str(archive / "archive")]).summary.to_bytes()


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_results_in_a_directory_that_others_may_read_are_for_their_owner_alone(archive):
    (archive / "state").mkdir(mode=0o755)
    audit_again(archive)
    assert {path.stat().st_mode & 0o777 for path in (archive / "state").iterdir()} == {0o600}


def test_results_of_another_audit_are_not_used(archive):
    whole = audit_again(archive)
    write_lines(archive / "c.jsonl", [call(9)])
    audit([str(archive / "c.jsonl")], checkpoint=str(archive / "other"))
    for name in ("summary", "ids"):
        (archive / "other" / f"shard-000000.{name}").replace(archive / "state" / f"shard-000000.{name}")
    assert audit_again(archive) == whole


def test_checkpoint_of_another_version_names_the_version(archive, monkeypatch):
    monkeypatch.setattr("vocode_contract.audit.checkpoint.__version__", "0.0.9")
    audit_again(archive)
    monkeypatch.undo()
    with pytest.raises(InvalidOption, match=r"version 0\.0\.9 of this package; use that version"):
        audit_again(archive)


@pytest.mark.parametrize("name", ["audit.plan", "shard-000000.summary"])
def test_checkpoint_with_a_directory_in_place_of_a_file_is_an_error_that_names_it(archive, name):
    (archive / "state" / name).mkdir(parents=True)
    with pytest.raises(InvalidOption, match=rf"cannot be read: is a directory \(.*{name}\)"):
        audit_again(archive)


def test_checkpoint_that_is_a_file_is_an_error_that_names_it(archive):
    (archive / "state").write_text("")
    with pytest.raises(InvalidOption, match=r"cannot be written: file exists \(.*state\)"):
        audit_again(archive)


def test_checkpoint_that_is_a_url_is_refused(archive, monkeypatch):
    monkeypatch.chdir(archive)
    with pytest.raises(InvalidOption, match="--checkpoint: must be a directory of this machine, not a URL"):
        audit(["archive"], checkpoint="s3://bucket/state")
    assert not Path("s3:").exists()


@pytest.mark.skipif(os.name != "posix", reason="locks of POSIX")
def test_checkpoint_that_another_audit_uses_is_an_error_that_names_its_process(archive):
    whole = audit_again(archive)
    descriptor = lock_file(archive / "state" / "lock")
    assert descriptor is not None
    with pytest.raises(InvalidOption, match=f"state is in use by another audit .process {os.getpid()}.; wait"):
        audit_again(archive)
    os.close(descriptor)
    assert audit_again(archive) == whole


@pytest.mark.skipif(os.name != "posix", reason="locks of POSIX")
def test_checkpoint_of_an_audit_that_was_killed_loses_its_temporary_files(archive):
    (archive / "state" / "vocode-contract-audit-killed").mkdir(parents=True)
    audit_again(archive)
    assert not [*(archive / "state").glob("vocode-contract-audit-*")]


def test_checkpoint_in_the_audited_directory_is_not_read(archive):
    paths, state = [str(archive / "archive")], str(archive / "archive" / "state")
    assert audit(paths, checkpoint=state).sources == audit(paths, checkpoint=state).sources


def test_checkpoint_holds_no_credentials_of_a_url(tmp_path):
    import fsspec  # type: ignore[import-untyped]  # it has no types

    url = "memory://user:hush@host/x.jsonl#hush"
    with fsspec.open(url, "wb") as file:
        file.write(json.dumps(call(1)).encode())
    for _ in range(2):
        assert audit([url], checkpoint=str(tmp_path / "state")).summary.payloads == 1
    assert all(b"hush" not in each.read_bytes() for each in (tmp_path / "state").iterdir())


@pytest.mark.parametrize("format_", AUDIT_FORMATS)
def test_file_name_that_is_not_utf8_is_escaped_in_every_report_and_the_checkpoint(tmp_path, format_):
    name = os.fsencode(tmp_path) + b"/caf\xe9.jsonl"
    try:
        Path(os.fsdecode(name)).write_text(json.dumps(call(1, agent=None)))
    except OSError:
        pytest.skip("the file system takes only UTF-8")
    paths = [str(tmp_path), os.fsdecode(name) + ".missing"]
    for _ in range(2):
        audited = audit(paths, checkpoint=str(tmp_path / "state"))
        report = AuditReport(audited=audited, contract=Contract.load(profile="tolerant"))
        text = AUDIT_FORMATS[format_][0](report).encode().decode()
        shown = {"json": r"caf\\udce9.jsonl", "markdown": "caf&#92;udce9.jsonl"}.get(format_, r"caf\udce9.jsonl")
        assert f"{shown}.missing" in text
        assert text.count(shown) > 1


def test_audit_without_a_usable_temporary_directory_is_one_clear_error(archive):
    done = subprocess.run(
        [sys.executable, "-B", "-m", "vocode_contract", "audit", str(archive)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
    )
    assert done.returncode == 2
    message = "vocode-contract: TMPDIR: intermediate results cannot be written: no usable temporary directory"
    assert done.stderr.startswith(message)
