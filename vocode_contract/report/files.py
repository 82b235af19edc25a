"""Files that reports are written to: their names come from the user's options, and from nothing else."""

import contextlib
import errno
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from vocode_contract.errors import InvalidOption
from vocode_contract.report.html import as_html
from vocode_contract.report.junit import as_junit
from vocode_contract.report.markdown import as_markdown
from vocode_contract.report.outcome import Outcome
from vocode_contract.report.run_json import as_run
from vocode_contract.report.sarif import as_sarif


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One way to write the outcome of a run to a file.

    Attributes:
        title: What it is for, as a phrase.
        written: The outcome as text.
        file: Name of the file, in the current directory, where the user gave none.
    """

    title: str
    written: Callable[[Outcome], str]
    file: str


FORMATS: Mapping[str, Format] = {
    "json": Format(title="one JSON document, complete", written=as_run, file="vocode-contract.json"),
    "junit": Format(title="JUnit XML, for a CI server", written=as_junit, file="vocode-contract.xml"),
    "html": Format(title="one page, for people", written=as_html, file="vocode-contract.html"),
    "sarif": Format(title="SARIF 2.1.0, for code scanning", written=as_sarif, file="vocode-contract.sarif"),
    "markdown": Format(title="for a comment on a pull request", written=as_markdown, file="vocode-contract.md"),
}

_COMMA = re.compile(rf",(?=(?:{'|'.join(FORMATS)})(?:[=,]|$))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One report that was asked for.

    Attributes:
        name: Key of `FORMATS`.
        path: Where to write it.
    """

    name: str
    path: str


def wanted(values: Iterable[str], option: str) -> tuple[Wanted, ...]:
    """Parse what was given for an option: ``FORMAT`` or ``FORMAT=PATH``, several with commas between them.

    Raises:
        InvalidOption: A format is unknown, a path is empty, or two reports have the same one.
    """
    found = tuple(_wanted(part, option) for value in values for part in _COMMA.split(value))
    paths = [os.path.abspath(each.path) for each in found]
    if len(set(paths)) < len(paths):
        raise InvalidOption(option, "names the same file for two reports")
    return found


def _wanted(text: str, option: str) -> Wanted:
    name, equals, path = text.partition("=")
    if name not in FORMATS:
        raise InvalidOption(option, f"knows no format of that name; known: {', '.join(FORMATS)}")
    if (equals and not path) or "\0" in path:
        raise InvalidOption(option, f"needs a path after {name}=")
    return Wanted(name=name, path=path or FORMATS[name].file)


def write_all(outcome: Outcome, reports: tuple[Wanted, ...]) -> Iterator[str]:
    """Write reports to their files; yield one line for each that could not be written."""
    for report in reports:
        text = FORMATS[report.name].written(outcome)
        try:
            _write(report.path, text.encode("utf-8", "backslashreplace"))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            yield f"the {report.name} report could not be written: {report.path}: {reason}"


def _write(path: str, content: bytes) -> None:
    """Write a file that its owner alone may read: all of it or nothing, and never through a symbolic link.

    Raises:
        OSError: It cannot be written, or something else than a file has that name.
    """
    with contextlib.suppress(FileNotFoundError):
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            raise OSError(errno.ELOOP, "is a symbolic link, and none is followed")
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "is not a file")
    handle, temporary = tempfile.mkstemp(prefix=".vocode-contract-", dir=os.path.dirname(path) or ".")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
