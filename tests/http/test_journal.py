"""The journal of created calls, and the lock of a host."""

import os
import stat
from pathlib import Path

import pytest

from tests.support.payloads import written
from vocode_contract.errors import InvalidOption
from vocode_contract.http.guard.journal import CallJournal, sole_actor

CALL = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
OTHER = "00000000-0000-4000-8000-000000000000"


def journal(directory: Path, run_id: str = "one", host: str = "staging.example") -> CallJournal:
    return CallJournal(directory, host=host, run_id=run_id)


def test_journal_lists_what_was_created_and_not_ended(tmp_path):
    first = journal(tmp_path)
    for event, call in (("creating", ""), ("created", CALL), ("creating", ""), ("created", OTHER), ("ended", CALL)):
        first.note(event, call)
    assert journal(tmp_path, "two").leftovers() == (OTHER,)
    assert journal(tmp_path, "two", host="other.example").leftovers() == ()


def test_journal_lists_a_creation_whose_answer_never_came(tmp_path):
    journal(tmp_path).note("creating")
    assert journal(tmp_path, "two").leftovers() == ("unknown",)


def test_journal_lists_each_creation_whose_answer_never_came(tmp_path):
    first = journal(tmp_path)
    for event, call in (("creating", ""), ("creating", ""), ("created", CALL), ("ended", CALL), ("creating", "")):
        first.note(event, call)
    first.note("declined")
    assert journal(tmp_path, "two").leftovers() == ("unknown",)


def test_journal_survives_a_line_that_a_crash_cut_off(tmp_path):
    journal(tmp_path).note("created", CALL)
    with (tmp_path / "journal.jsonl").open("ab") as file:
        file.write(b'{"event": "crea\n[1]\n')
    journal(tmp_path).note("created", OTHER)
    assert journal(tmp_path).leftovers() == (CALL, OTHER)


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_journal_is_for_its_owner_alone(tmp_path):
    journal(tmp_path).note("created", CALL)
    assert stat.S_IMODE((tmp_path / "journal.jsonl").stat().st_mode) == 0o600


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
def test_journal_is_not_written_through_a_link(tmp_path):
    (tmp_path / "journal.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidOption, match="cannot be written"):
        journal(tmp_path).note("creating")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_journal_that_others_could_read_is_for_its_owner_from_then_on(tmp_path):
    written(tmp_path / "journal.jsonl", "").chmod(0o666)
    journal(tmp_path).prepare()
    assert stat.S_IMODE((tmp_path / "journal.jsonl").stat().st_mode) == 0o600


def test_journal_is_on_the_disk_before_anything_is_sent(tmp_path, monkeypatch):
    synced: list[bytes] = []
    monkeypatch.setattr(os, "fsync", lambda _descriptor: synced.append((tmp_path / "journal.jsonl").read_bytes()))
    journal(tmp_path).note("creating")
    assert b'"creating"' in synced[0]


def test_journal_that_is_written_in_part_is_not_written(tmp_path, monkeypatch):
    write = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:9]))
        with pytest.raises(InvalidOption, match="cannot be written"):
            journal(tmp_path).note("creating")
    journal(tmp_path).note("created", CALL)
    assert journal(tmp_path).leftovers() == (CALL,)


def test_journal_lists_a_call_as_unknown_whose_id_was_somebody_elses(tmp_path):
    first = journal(tmp_path)
    for event, call in (("creating", ""), ("created", CALL), ("foreign", CALL)):
        first.note(event, call)
    assert journal(tmp_path, "two").leftovers() == ("unknown",)


@pytest.mark.skipif(os.name != "posix", reason="locks of POSIX")
def test_lock_is_for_its_owner_alone_and_taken_through_no_link(tmp_path):
    with sole_actor(tmp_path, "staging.example"):
        [lock] = tmp_path.glob("*.lock")
        assert stat.S_IMODE(lock.stat().st_mode) == 0o600
    lock.unlink()
    lock.symlink_to(written(tmp_path / "elsewhere", "kept"))
    with pytest.raises(InvalidOption, match="cannot be made"), sole_actor(tmp_path, "staging.example"):
        pass
    assert (tmp_path / "elsewhere").read_text(encoding="utf-8") == "kept"


@pytest.mark.skipif(os.name != "posix", reason="locks of POSIX")
def test_lock_keeps_a_second_actor_out_and_names_the_first(tmp_path):
    with (
        sole_actor(tmp_path, "staging.example"),
        pytest.raises(InvalidOption, match=f"process {os.getpid()}"),
        sole_actor(tmp_path, "staging.example"),
    ):
        pass
    with sole_actor(tmp_path, "staging.example"), sole_actor(tmp_path, "other.example"):
        pass
