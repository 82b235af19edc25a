"""Find files of payloads, and open only regular ones, since others may block."""

import os
import re
import stat
from collections.abc import Iterator
from typing import BinaryIO

from vocode_contract.contract.files import NotRegularFile, open_regular

#: Default maximum of bytes of a payload or a line.
MOST_BYTES = 8 * 1024 * 1024
_SEPARATORS = re.escape(os.sep + (os.altsep or ""))
#: A part of a pattern that stands for any number of directories.
_ANY_DIRECTORIES = re.compile(rf"(?:^|(?<=[{_SEPARATORS}]))(?:\*\*(?:[{_SEPARATORS}]+|$))+")


class Unusable(Exception):
    """A source, or the rest of it, cannot be read; the text is the reason, without any of its content."""


def find_files(path: str, suffixes: tuple[str, ...], *, listed: str = "") -> list[str]:
    """Return the files in a directory or matching a glob pattern, sorted and without hidden ones, or the path itself.

    Directories are searched once, though links lead to them. Those that cannot be, and links that lead nowhere, are
    among the files: to open them says why.

    Args:
        path: A file, a directory, or a pattern.
        suffixes: Endings, in lower case, of the files that are read in a directory.
        listed: How an error names them; by default, it lists all of them.

    Raises:
        Unusable: The directory contains no such file, or nothing matches the pattern.
    """
    from glob import has_magic

    if os.path.isdir(path):
        found = {*_find_in(path, suffixes)}
        reason = f"the directory contains no file that ends in {listed or ', '.join(suffixes)}"
    elif has_magic(path) and not os.path.lexists(path):
        found = {*_match(path)}
        reason = "no file matches the pattern"
    else:
        return [path]
    if not found:
        raise Unusable(reason)
    return sorted(found)


def _find_in(directory: str, suffixes: tuple[str, ...]) -> Iterator[str]:
    for _, files, broken in _walk(directory):
        yield from (path for path in files if path.lower().endswith(suffixes))
        yield from broken


def _match(pattern: str) -> Iterator[str]:
    """Yield the files that match a pattern; `glob` itself would follow links in a circle."""
    from glob import escape, glob

    stars = _ANY_DIRECTORIES.search(pattern)
    if stars is None:
        yield from (path for path in glob(pattern) if not os.path.isdir(path))
        return
    before, after = pattern[: stars.start()], pattern[stars.end() :] or "*"
    for root in glob(before) if before else [""]:
        for directory, _, broken in _walk(root):
            yield from _match(os.path.join(escape(directory), after))
            yield from broken


def _walk(root: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield each directory, the files in it without hidden ones, and what is neither or cannot be looked at."""
    seen: set[object] = set()
    left, links = [root], list[str]()
    while left or links:  # links last, so that a directory has its own name
        directory = left.pop() if left else links.pop()
        files, broken = list[str](), list[str]()
        try:
            identity = _identify(directory or os.curdir)
            if identity in seen:
                continue
            seen.add(identity)
            names = os.listdir(directory or os.curdir)
        except OSError:
            yield directory, [], [directory]
            continue
        for path in (os.path.join(directory, name) for name in names if not name.startswith(".")):
            try:
                is_directory = stat.S_ISDIR(os.stat(path).st_mode)
            except OSError:
                broken.append(path)
                continue
            (files if not is_directory else links if os.path.islink(path) else left).append(path)
        yield directory, files, broken


def _identify(directory: str) -> object:
    """Return what is the same for all names of a directory."""
    status = os.stat(directory)
    return (status.st_dev, status.st_ino) if status.st_ino else os.path.realpath(directory)


def open_file(path: str) -> tuple[BinaryIO, os.stat_result]:
    """Open a regular file.

    Raises:
        OSError: It cannot be opened.
        Unusable: It is not a regular file.
    """
    if os.path.isdir(path):
        os.scandir(path).close()  # says why it cannot be searched
        raise Unusable("it is a directory; name a file in it")
    try:
        stream = open_regular(path)
    except NotRegularFile:
        raise Unusable("it is not a regular file; pass its content on standard input, as -") from None
    return stream, os.fstat(stream.fileno())


def describe_failure(error: OSError, unknown: str) -> str:
    """Return why something cannot be read, as a phrase; `unknown` if the error does not say."""
    reason = error.strerror or unknown  # only the errors of the operating system have one
    return f"{reason[:1].lower()}{reason[1:]}"
