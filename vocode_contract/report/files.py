"""Files that reports are written to: their names come from the user's options, and from nothing else."""

import contextlib
import errno
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vocode_contract.errors import InvalidOption, describe_unknown
from vocode_contract.report.accepted import render_accepted_file
from vocode_contract.report.html import render_html
from vocode_contract.report.junit import render_junit
from vocode_contract.report.markdown import render_markdown
from vocode_contract.report.run_github import render_run_annotations
from vocode_contract.report.run_json import render_run
from vocode_contract.report.sarif import render_sarif

#: Format -> the function that renders it, and the extension of its default file; empty if it is for standard output.
Formats = Mapping[str, tuple[Callable[[Any], str], str]]
#: The formats of a run, each of which renders an ``Outcome``.
FORMATS: Formats = {
    "json": (render_run, "json"),
    "junit": (render_junit, "xml"),
    "html": (render_html, "html"),
    "sarif": (render_sarif, "sarif"),
    "markdown": (render_markdown, "md"),
    "github": (render_run_annotations, ""),
    "accepted": (render_accepted_file, "toml"),
}
#: The path that stands for standard output, and the formats that never replace a file, since users edit it.
STDOUT = "-"
_KEPT = frozenset(("accepted",))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """One report to write: its format, a key of the formats, and the path of its file, or `STDOUT`."""

    name: str
    path: str


def parse_reports(
    values: Iterable[str], option: str, *, default: str = STDOUT, formats: Formats = FORMATS
) -> tuple[ReportRequest, ...]:
    """Parse the values of an option: ``FORMAT`` or ``FORMAT=PATH``, several separated by commas.

    Args:
        values: The values.
        option: The option, for messages.
        default: Path of a report without one; ``{}`` in it stands for the extension of the format.
        formats: The formats to choose from.

    Raises:
        InvalidOption: A format is unknown, a path cannot be written, or two reports have the same path.
    """
    comma = re.compile(rf",(?=(?:{'|'.join(formats)})(?:[=,]|$))")
    parts = [part for value in values for part in comma.split(value)]
    reports = tuple(_parse_report(part, option, default, formats) for part in parts)
    paths = [report.path if report.path == STDOUT else os.path.abspath(report.path) for report in reports]
    if paths.count(STDOUT) > 1:
        raise InvalidOption(option, "only one report can be written to standard output; give the others a path")
    if len(set(paths)) < len(paths):
        raise InvalidOption(option, "names the same file for two reports")
    for report in reports:
        if report.path != STDOUT and (reason := _find_obstacle(report)):
            raise InvalidOption(option, f"the {report.name} report cannot be written: {report.path}: {reason}")
    return reports


def _parse_report(text: str, option: str, default: str, formats: Formats) -> ReportRequest:
    name, equals, path = text.partition("=")
    if name not in formats:
        raise InvalidOption(option, describe_unknown("format", name, formats))
    if (equals and not path) or "\0" in path:
        raise InvalidOption(option, f"needs a path after {name}=")
    _, extension = formats[name]
    path = path or (default.format(extension) if extension else STDOUT)
    return ReportRequest(name=name, path=STDOUT if path == "/dev/stdout" else path)


def _find_obstacle(report: ReportRequest) -> str:
    """Return why a file cannot be written, as far as can be known before the run; empty if it probably can."""
    directory = os.path.dirname(report.path) or "."
    try:
        _require_file(report.path)
        if not stat.S_ISDIR(os.stat(directory).st_mode):
            return f"{directory} is not a directory"
    except OSError as error:
        return error.strerror or type(error).__name__
    if not os.access(directory, os.W_OK | os.X_OK):
        return os.strerror(errno.EACCES)
    if report.name in _KEPT and os.path.lexists(report.path):
        return "exists, and is never replaced; name a new file"
    return ""


def write_reports(
    result: object, reports: tuple[ReportRequest, ...], write: Callable[[str], object], *, formats: Formats = FORMATS
) -> Iterator[str]:
    """Write reports of a result to their files; yield one line for each that could not be written."""
    for report in reports:
        render, _ = formats[report.name]
        text = render(result)
        if report.path == STDOUT:
            write(text)
            continue
        try:
            _write_file(report.path, text.encode("utf-8", "backslashreplace"))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            yield f"the {report.name} report could not be written: {report.path}: {reason}"


def _require_file(path: str) -> None:
    """Refuse a path that exists and is not a regular file.

    Raises:
        OSError: It is refused, or cannot be inspected.
    """
    with contextlib.suppress(FileNotFoundError):
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            raise OSError(errno.ELOOP, "is a symbolic link, which is not followed")
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "is not a file")


def _write_file(path: str, content: bytes) -> None:
    """Write a file that only its owner may read: all of it or nothing, and never through a symbolic link.

    Raises:
        OSError: It cannot be written, or the path is not a regular file.
    """
    _require_file(path)
    handle, temporary = tempfile.mkstemp(prefix=".vocode-contract-", dir=os.path.dirname(path) or ".")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
