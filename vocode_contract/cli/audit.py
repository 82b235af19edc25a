"""``audit``: check an archive of recorded payloads of any size, and report what is in it."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import click

from vocode_contract.cli.completion import complete_audit_reports, complete_schemas
from vocode_contract.cli.options import (
    contract_of,
    contract_option,
    examples,
    make_profile_option,
    max_size_option,
    schema_of,
    strict_option,
)
from vocode_contract.cli.output import INCONCLUSIVE, Output
from vocode_contract.cli.payloads import STDIN, is_typed
from vocode_contract.errors import Terminated

if TYPE_CHECKING:
    from vocode_contract.audit.examine import Task
    from vocode_contract.audit.executors import Executor
    from vocode_contract.report.audit import AuditReport
    from vocode_contract.report.files import ReportRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditOptions:
    """The options of the command."""

    paths: tuple[str, ...]
    name: str
    date: str | None
    profile: str
    every: int | None
    max_size: int
    strict: bool
    workers: int
    cluster: str
    checkpoint: str | None
    reports: tuple[str, ...]
    full: bool


@click.command(
    short_help="Check an archive of recorded payloads, of any size.",
    epilog=examples(
        "vocode-contract audit calls-2024.jsonl.gz",
        "vocode-contract audit --report html=audit.html,json=audit.json archive/",
        "vocode-contract audit --checkpoint audit.state 'archive/**/*.jsonl'",
        "zcat calls-*.gz | vocode-contract audit -",
    ),
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option(
    "--as",
    "name",
    metavar="NAME",
    default="",
    shell_complete=complete_schemas,
    help="Schema of the payloads (default: recognized by the shape of each).",
)
@contract_option
@make_profile_option("tolerant")
@click.option(
    "--sample",
    "every",
    metavar="N",
    type=click.IntRange(1, 1_000_000_000),
    default=None,
    help="Measure coverage, properties and contract dates in every Nth payload; all payloads are validated (default: N "
    "is at most 256, and chosen so that the sample has about 1 MB).",
)
@max_size_option
@strict_option
@click.option(
    "--workers",
    metavar="N",
    type=click.IntRange(1, 1024),
    default=None,
    help="Number of processes (default: one per usable CPU; 1 if the files have at most 64 MiB).",
)
@click.option(
    "--cluster",
    metavar="ADDRESS",
    default="",
    help="Address of a Dask scheduler, such as tcp://host:8786; its workers must be able to read the paths (default: "
    "none).",
)
@click.option(
    "--checkpoint",
    metavar="DIR",
    default=None,
    help="Directory for intermediate results, from which the same command continues after an interruption (default: "
    "none).",
)
@click.option(
    "--report",
    "reports",
    metavar="FORMAT[=PATH]",
    multiple=True,
    shell_complete=complete_audit_reports,
    help="Write a report: text, json, markdown or html; separate several with commas. If PATH is missing or -, it goes "
    "to standard output, and the summary to standard error (default: text to standard output).",
)
@click.option(
    "--all", "full", is_flag=True, help="List everything (default: the first six of each section; text ends at 64 KiB)."
)
@click.pass_context
def audit(ctx: click.Context, /, **values: object) -> None:
    """Check an archive of recorded payloads in constant memory, and report what is in it.

    A PATH is a file, a directory, a quoted pattern, a URL that fsspec opens (s3://...), or - for standard input. Files
    hold JSON Lines, one JSON array, one payload, an HTTP Archive (HAR) or a cassette of vcrpy, and may be compressed
    with gzip or Zstandard. Cassettes, Zstandard and URLs need the extra 'audit'.

    Every payload is validated. Calls that occur more than once are also checked over time, in all files together: a
    status must not go back, nor an event be repeated. The report says which violations and drift occurred, how often,
    and where and when first; which contract date fits best, and when that changed; which properties are absent or null
    at which status of a call; and how much of the contract the archive covers. It shows no values of payloads, except
    words where the contract lists words, such as an unknown status.

    Exit codes: 0 if everything conforms, 1 if a payload or call violates the contract, 3 if nothing does, but something
    could not be checked.
    """
    values["workers"] = values["workers"] or 0
    values["checkpoint"] = values["checkpoint"] or None
    options = AuditOptions(**values)  # type: ignore[arg-type]  # click gives each option its type
    if options.paths.count(STDIN) > 1:
        ctx.fail("- is standard input, which can be read only once")
    if options.checkpoint and STDIN in options.paths:
        ctx.fail("--checkpoint needs files, since standard input cannot be read again")
    from vocode_contract.report.audit_formats import AUDIT_FORMATS
    from vocode_contract.report.files import parse_reports

    output = ctx.ensure_object(Output)
    files = parse_reports(options.reports, "--report", formats=AUDIT_FORMATS)
    if any(map(is_typed, options.paths)):
        output.say("reading payloads from the terminal; press Ctrl-D at the end")
    report = _run_audit(options, output)
    is_written = _write(report, files, output)
    ctx.exit(report.exit_code if is_written else report.exit_code or INCONCLUSIVE)


def _run_audit(options: AuditOptions, output: Output) -> "AuditReport":
    from vocode_contract.audit.run import audit as run_audit
    from vocode_contract.report.audit import AuditReport

    contract = contract_of(options.date, options.profile)
    progress = _Progress(output)
    try:
        audited = run_audit(
            options.paths,
            contract=contract,
            schema=schema_of(contract, options.name) if options.name else "",
            every=options.every,
            most=options.max_size,
            strict=options.strict,
            workers=options.workers,
            executor=_executor_of(options),
            checkpoint=options.checkpoint,
            progress=progress.show,
            stdin=sys.stdin.buffer if sys.stdin else None,
        )
    except (KeyboardInterrupt, Terminated):
        progress.clear()
        output.say(_describe_continuation(options))
        raise
    progress.clear()
    return AuditReport(audited=audited, contract=contract, seconds=progress.seconds, full=options.full)


def _executor_of(options: AuditOptions) -> "Callable[[Task], Executor] | None":
    if not options.cluster:
        return None
    from vocode_contract.audit.cluster import ClusterExecutor

    return partial(ClusterExecutor, address=options.cluster)


def _describe_continuation(options: AuditOptions) -> str:
    if options.checkpoint:
        return f"to continue, run the same command again; the results so far are in {options.checkpoint}"
    remedy = "; with --checkpoint DIR, the same command would continue where it stopped"
    return f"no results were kept{'' if STDIN in options.paths else remedy}"


def _write(report: "AuditReport", files: "tuple[ReportRequest, ...]", output: Output) -> bool:
    """Write the text and the reports; return whether all of them could be written."""
    from vocode_contract.report.audit_formats import AUDIT_FORMATS
    from vocode_contract.report.audit_text import render_audit_text
    from vocode_contract.report.files import STDOUT, write_reports

    is_taken = any(file.path == STDOUT for file in files)
    (output.write_error if is_taken else output.write)(render_audit_text(report))
    failures = list(write_reports(report, files, output.write, formats=AUDIT_FORMATS))
    for failure in failures:
        output.say(failure)
    return not failures


#: Seconds between updates of the progress on a terminal and in a log, and before a rate is shown.
_TERMINAL_SECONDS, _LOG_SECONDS, _RATE_SECONDS = 0.2, 60.0, 1.0


class _Progress:
    """Shows the progress, on one line of a terminal, or as a line of a log once a minute."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._start = self._shown = self._logged = self._begun = time.monotonic()
        self._label = ""

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._start

    def show(self, label: str, done: int, total: int) -> None:
        """Show how many bytes of a phase are done, unless the last update was a moment ago."""
        now = time.monotonic()
        if label != self._label:
            self._label, self._begun = label, now
        if now - self._shown >= _TERMINAL_SECONDS:
            self._shown = now
            self._output.show_progress(_describe_progress(label, done, total, now - self._begun))
        if now - self._logged >= _LOG_SECONDS:
            self._logged = now
            self._output.log_progress(_describe_progress(label, done, total, now - self._begun))

    def clear(self) -> None:
        """Clear the line on the terminal."""
        self._output.show_progress("")


def _describe_progress(label: str, done: int, total: int, seconds: float) -> str:
    share = f"{100 * done // total} %" if total else f"{done / 1e6:,.1f} MB"
    if seconds < _RATE_SECONDS or not done:
        return f"{label}: {share}"
    rate = done / seconds
    left = f", {_describe_seconds((total - done) / rate)} left" if total else ""
    return f"{label}: {share}, {rate / 1e6:.1f} MB/s{left}"


def _describe_seconds(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
