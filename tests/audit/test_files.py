"""Files that are named: each is read once, and what cannot be found or opened is reported, whatever leads to it."""

import os
from pathlib import Path

import pytest

from tests.audit.archives import call, write_lines
from vocode_contract.audit.files import find_files
from vocode_contract.audit.run import audit

SUFFIXES = (".jsonl",)


@pytest.fixture
def archive(tmp_path):
    """Two files in directories, with links to both, to themselves, and in a circle."""
    archive = tmp_path / "archive"
    (archive / "deep").mkdir(parents=True)
    write_lines(archive / "a.jsonl", [call(1)])
    write_lines(archive / "deep" / "b.jsonl", [call(2)])
    (archive / "0-link.jsonl").symlink_to(archive / "a.jsonl")
    (archive / "0-latest").symlink_to("deep")
    for name in ("circle", "other"):
        (archive / "deep" / name).symlink_to(archive)
    return archive


@pytest.mark.parametrize(
    "paths",
    [
        ["archive/a.jsonl", "archive/a.jsonl", "./archive/deep/../a.jsonl", "archive/deep"],
        ["archive", "archive/deep/b.jsonl", "archive/0-link.jsonl"],
        ["archive/**/*.jsonl"],
        ["**/*.jsonl"],
        ["archive/**"],
        ["archive/**/**/[ab].jsonl", "archive"],
    ],
    ids=" ".join,
)
def test_file_counts_once_however_often_it_is_named(archive, monkeypatch, paths):
    monkeypatch.chdir(archive.parent)
    audited = audit(paths)
    assert audited.summary.payloads == 2
    assert not audited.unread
    assert len(audited.sources) == 2


def test_pattern_matches_as_glob_does(archive, monkeypatch):
    from glob import glob

    for path in archive.rglob("*"):
        if path.is_symlink():
            path.unlink()
    (archive / ".hidden").mkdir()
    for name in (".hidden/c.jsonl", "deep/[x].jsonl", "deep/.d.jsonl"):
        write_lines(archive / name, [call(1)])
    monkeypatch.chdir(archive)
    for pattern in ("**/*.jsonl", "**/b.jsonl", "*/*.jsonl", "deep**/*.jsonl", f"{archive}/**/*", "**/[[]x*", "d*/**"):
        matches = [path for path in glob(pattern, recursive=True) if os.path.isfile(path)]
        assert find_files(pattern, SUFFIXES) == sorted(matches)


@pytest.mark.parametrize("path", ["archive", "archive/**/*"])
def test_link_that_leads_nowhere_is_reported(archive, monkeypatch, path):
    monkeypatch.chdir(archive.parent)
    (archive / "gone.jsonl").symlink_to("nowhere")
    (archive / "2023").symlink_to("/nonexistent/2023")
    (archive / "self").symlink_to("self")
    unread = audit([path]).unread
    assert unread == {
        "archive/2023": "no such file or directory",
        "archive/gone.jsonl": "no such file or directory",
        "archive/self": "too many levels of symbolic links",
    }


def test_directory_too_deep_to_be_read_is_reported(tmp_path):
    write_lines(tmp_path / "a.jsonl", [call(1)])
    descriptor = os.open(tmp_path, os.O_RDONLY)
    for _ in range(17):  # a path has at most 4,096 bytes
        os.mkdir("d" * 250, dir_fd=descriptor)
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    os.close(descriptor)
    for path in (tmp_path, tmp_path / "**" / "*.jsonl"):
        audited = audit([str(path)])
        assert audited.summary.payloads == 1
        assert [*audited.unread.values()] == ["file name too long"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_directory_without_permission_is_reported(archive):
    (archive / "deep").chmod(0)
    unread = audit([str(archive)]).unread
    (archive / "deep").chmod(0o700)
    assert unread == {str(archive / "deep"): "permission denied"}


def test_file_that_vanishes_is_reported(archive, monkeypatch):
    from vocode_contract.audit import run, sources

    def cut(found):
        Path(archive / "a.jsonl").unlink()
        return sources.cut_sources(found)

    monkeypatch.setattr(run, "cut_sources", cut)
    assert [*audit([str(archive / "a.jsonl"), str(archive)]).summary.damaged.values()] == ["no such file or directory"]


@pytest.mark.parametrize("change", [Path.unlink, lambda path: path.write_bytes(b"{}\n{}\n")], ids=["gone", "changed"])
def test_calls_of_a_file_that_changes_before_it_is_read_again_are_counted_as_not_checked(tmp_path, change):
    path = tmp_path / "a.jsonl"
    write_lines(path, [call(1), call(1, status="in_progress", end_time=None)])

    def progress(phase, done, size):
        if phase == "examining" and done == size:
            change(path)

    summary = audit([str(path)], progress=progress).summary
    assert (summary.payloads, summary.repeated, summary.lost) == (2, 1, 2)
