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
from vocode_contract.report.html import render_html
from vocode_contract.report.junit import render_junit
from vocode_contract.report.markdown import render_markdown
from vocode_contract.report.outcome import Outcome
from vocode_contract.report.run_json import render_run
from vocode_contract.report.sarif import render_sarif

#: Format -> the function that renders it, and the extension of its default file.
FORMATS: Mapping[str, tuple[Callable[[Outcome], str], str]] = {
    "json": (render_run, "json"),
    "junit": (render_junit, "xml"),
    "html": (render_html, "html"),
    "sarif": (render_sarif, "sarif"),
    "markdown": (render_markdown, "md"),
}
_COMMA = re.compile(rf",(?=(?:{'|'.join(FORMATS)})(?:[=,]|$))")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """One report to write: its format, a key of `FORMATS`, and the path of its file."""

    name: str
    path: str


def parse_reports(values: Iterable[str], option: str) -> tuple[ReportRequest, ...]:
    """Parse the values of an option: ``FORMAT`` or ``FORMAT=PATH``, several separated by commas.

    Raises:
        InvalidOption: A format is unknown, a path is empty, or two reports have the same path.
    """
    reports = tuple(_parse_report(part, option) for value in values for part in _COMMA.split(value))
    paths = [os.path.abspath(report.path) for report in reports]
    if len(set(paths)) < len(paths):
        raise InvalidOption(option, "names the same file for two reports")
    return reports


def _parse_report(text: str, option: str) -> ReportRequest:
    name, equals, path = text.partition("=")
    if name not in FORMATS:
        raise InvalidOption(option, f"unknown format; known: {', '.join(FORMATS)}")
    if (equals and not path) or "\0" in path:
        raise InvalidOption(option, f"needs a path after {name}=")
    return ReportRequest(name=name, path=path or f"vocode-contract.{FORMATS[name][1]}")


def write_reports(outcome: Outcome, reports: tuple[ReportRequest, ...]) -> Iterator[str]:
    """Write reports to their files; yield one line for each that could not be written."""
    for report in reports:
        render, _ = FORMATS[report.name]
        text = render(outcome)
        try:
            _write_file(report.path, text.encode("utf-8", "backslashreplace"))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            yield f"the {report.name} report could not be written: {report.path}: {reason}"


def _write_file(path: str, content: bytes) -> None:
    """Write a file that only its owner may read: all of it or nothing, and never through a symbolic link.

    Raises:
        OSError: It cannot be written, or the path is no regular file.
    """
    with contextlib.suppress(FileNotFoundError):
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            raise OSError(errno.ELOOP, "is a symbolic link, which is not followed")
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
