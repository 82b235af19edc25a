"""Find files of payloads, and open only regular ones, since others may block."""

import os
from collections.abc import Iterator
from typing import BinaryIO

from vocode_contract.contract.files import NotRegularFile, open_regular

#: Default maximum of bytes of a payload or a line.
MOST_BYTES = 8 * 1024 * 1024


class Unusable(Exception):
    """A source, or the rest of it, cannot be read; the text is the reason, without any of its content."""


def find_files(path: str, suffixes: tuple[str, ...], *, listed: str = "") -> list[str]:
    """Return the files in a directory or matching a glob pattern, sorted and without hidden ones, or the path itself.

    Args:
        path: A file, a directory, or a pattern.
        suffixes: Endings, in lower case, of the files that are read in a directory.
        listed: How an error names them; by default, it lists all of them.

    Raises:
        Unusable: The directory contains no such file, or nothing matches the pattern.
    """
    from glob import glob, has_magic

    if os.path.isdir(path):
        found = list(_walk(path, suffixes))
        reason = f"the directory contains no file that ends in {listed or ', '.join(suffixes)}"
    elif has_magic(path) and not os.path.lexists(path):
        found = [match for match in glob(path, recursive=True) if not os.path.isdir(match)]
        reason = "no file matches the pattern"
    else:
        return [path]
    if not found:
        raise Unusable(reason)
    return sorted(found)


def _walk(directory: str, suffixes: tuple[str, ...]) -> Iterator[str]:
    for parent, directories, names in os.walk(directory):
        directories[:] = [name for name in directories if not name.startswith(".")]
        shown = (name for name in names if not name.startswith(".") and name.lower().endswith(suffixes))
        yield from (os.path.join(parent, name) for name in shown)


def open_file(path: str) -> tuple[BinaryIO, os.stat_result]:
    """Open a regular file.

    Raises:
        OSError: It cannot be opened.
        Unusable: It is not a regular file.
    """
    if os.path.isdir(path):
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
