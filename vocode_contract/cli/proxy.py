"""``proxy``: pass an application's traffic to a server, and check it against the contract."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vocode_contract.cli.check import write_outcome
from vocode_contract.cli.options import (
    NumberRange,
    contract_option,
    examples,
    given_options,
    host_option,
    names_of_contract,
    options_of_runs,
    port_option,
    profile_option,
    report_option,
)
from vocode_contract.cli.output import INCONCLUSIVE, Output
from vocode_contract.conformance.run.options import Given
from vocode_contract.errors import CHECK_PREFIX, MissingExtra, set_option_prefix

if TYPE_CHECKING:
    from vocode_contract.conformance.run.settings import Settings
    from vocode_contract.http.client.endpoint import Endpoint
    from vocode_contract.http.guard.guard import Consents
    from vocode_contract.report.files import ReportRequest
    from vocode_contract.report.outcome import RunDescription
    from vocode_contract.report.results import ResultCollector
    from vocode_contract.report.row import Row
    from vocode_contract.simulator.proxy.inspector import Inspector
    from vocode_contract.simulator.proxy.relay import Relay

#: The options of a run that concern what is sent to the server, and how it is checked.
_NAMES = (
    *("select", "ignore", "error", "policy", "ca", "cert", "key", "allow-http", "timeout", "max-body"),
    *("call-id", "allow", "allow-number", "budget", "production", "approve-sends"),
)
#: Requests that are named in a remark.
_NAMED = 5


@click.command(
    short_help="Check an application's traffic on its way to a server.",
    epilog=examples(
        "vocode-contract proxy --upstream http://127.0.0.1:8080",
        "vocode-contract proxy --upstream https://staging.example.com --port 8081 --read-only",
        "vocode-contract proxy --upstream https://staging.example.com --enforce --report junit=traffic.xml",
        "vocode-contract proxy --upstream http://127.0.0.1:8080 --record traffic.har --duration 60",
    ),
)
@click.option(
    "--upstream", metavar="URL", required=True, help="URL of the API's server, to which the traffic is passed on."
)
@port_option
@host_option
@contract_option
@profile_option
@click.option(
    "--enforce", is_flag=True, help="Replace a response that violates the contract by an error 502 (default: no)."
)
@click.option(
    "--record",
    metavar="FILE.har|DIRECTORY",
    help="Record the traffic, masked: a HAR file, or a directory with one JSON Lines file of payloads per schema, for "
    "'validate' and 'coverage' (default: none).",
)
@click.option(
    "--duration",
    metavar="SECONDS",
    type=NumberRange(0, 31_536_000),
    help="Stop after this time (default: when interrupted).",
)
@click.option(
    "--read-only", is_flag=True, help="Pass on only requests that change nothing, on this machine too (default: no)."
)
@options_of_runs(*_NAMES)
@report_option
@click.pass_context
def proxy(
    ctx: click.Context,
    /,
    *,
    upstream: str,
    port: int,
    host: str,
    date: str | None,
    profile: str,
    enforce: bool,
    record: str | None,
    duration: float | None,
    read_only: bool,
    reports: tuple[str, ...],
    **options: Any,
) -> None:
    """Pass an application's traffic on to a server, and check each exchange against the contract.

    Give the application the URL that is printed as that of the API. Requests and responses are passed on byte for byte;
    responses get one header more, Vocode-Contract, which says 'conforms' or 'violates' with the codes. Each exchange is
    written as one line, masked, and shown on the page /_proxy/. Requests that are no operation of the contract are
    passed on unchecked.

    To a server on another machine, only requests that read are passed on, unless --allow, your own configuration and
    the call or number permit more, as for 'vocode-contract check'. No request is sent twice, and no redirect is
    followed.

    Ctrl-C stops it and writes a summary. Exit codes: 0 if all exchanges conform, 1 if one violates the contract, 3 if
    the server could not be reached or nothing was checked.
    """
    ctx.call_on_close(partial(set_option_prefix, set_option_prefix(CHECK_PREFIX)))
    if not all(map(find_spec, ("harfile", "httpx", "uvicorn"))):
        raise MissingExtra("simulator", "the proxy")
    from vocode_contract.conformance.run.run import Run
    from vocode_contract.conformance.run.settings import Settings
    from vocode_contract.report.files import parse_reports
    from vocode_contract.report.outcome import Outcome
    from vocode_contract.simulator.proxy.server import serve_proxy

    output = ctx.ensure_object(Output)
    options["contract"], options["profile"] = names_of_contract(date, profile)
    settings = Settings.from_given({**given_options(options), "url": Given(value=upstream, source="--upstream")})
    files = parse_reports(reports, "--report")
    relay = _make_relay(settings, read_only=read_only, enforces=enforce)
    run = Run(settings=settings, consents=relay.inspector.guard.consents)
    accepting = _show_exchanges(relay.inspector, output, files, notice=run.loopback_notice)
    started, clock = datetime.now(UTC), time.monotonic()
    with _record_exchanges(relay.inspector, record):
        serve_proxy(relay, host, port, accepting=accepting, duration=duration)
    description = _describe_run(settings, started, time.monotonic() - clock)
    outcome = Outcome(run=description, tally=_collect(relay.inspector))
    written = write_outcome(outcome, files, output, full=False, verbosity=1)
    if reason := relay.inspector.unrecorded:
        output.say(f"--record: the recording is incomplete: {reason}")
        written = False
    ctx.exit(outcome.exit_code if written else outcome.exit_code or INCONCLUSIVE)


def _show_exchanges(
    inspector: "Inspector", output: Output, files: "tuple[ReportRequest, ...]", *, notice: str
) -> Callable[[str], None]:
    """Write each exchange to standard output, or to standard error if a report goes to the former.

    Returns:
        A function that writes the URL of the proxy.
    """
    from vocode_contract.report.files import STDOUT
    from vocode_contract.validation.masking import printable

    is_taken = any(report.path == STDOUT for report in files)

    def write(line: str) -> None:
        (output.write_error if is_taken else output.write)(f"{printable(line)}\n")
        output.flush()

    def accepting(url: str) -> None:
        write(f"{url}  passes requests on to {inspector.endpoint}")
        if notice:
            output.say(notice)
        output.say(f"open {url}/_proxy/ in a browser to watch them; Ctrl-C stops the proxy")

    inspector.show = lambda seen: write(str(seen))
    return accepting


@contextmanager
def _record_exchanges(inspector: "Inspector", path: str | None) -> Iterator[None]:
    """Record what is seen while the block runs, if there is a path for it."""
    if path is None:
        yield
        return
    from vocode_contract.simulator.proxy.recording import open_recorder

    origin = f"{inspector.endpoint.scheme}://{inspector.endpoint.authority}"
    recorder = inspector.recorder = open_recorder(path, origin, inspector.contract, "--record")
    try:
        yield
    finally:
        try:
            recorder.close()
        except OSError as error:
            inspector.unrecorded = inspector.unrecorded or error.strerror or type(error).__name__


def _describe_run(settings: "Settings", started: datetime, seconds: float) -> "RunDescription":
    from vocode_contract.conformance.run.command_line import words_of
    from vocode_contract.report.outcome import RunDescription

    return RunDescription(
        contract=settings.contract.date,
        profile=settings.contract.profile,
        where=str(settings.endpoint),
        command=" ".join(["vocode-contract", "check", *words_of(settings), "--only"]),
        uncut="--report json",
        started=started,
        seconds=seconds,
        policies=settings.policies,
    )


def _make_relay(settings: "Settings", *, read_only: bool, enforces: bool) -> "Relay":
    """Return what passes on to the endpoint what the user permits."""
    from vocode_contract.http.client.tls import tls_context
    from vocode_contract.http.guard.guard import Guard
    from vocode_contract.http.traffic import Traffic
    from vocode_contract.simulator.proxy.inspector import Inspector
    from vocode_contract.simulator.proxy.relay import Relay

    endpoint = settings.endpoint
    if endpoint is None:
        raise ValueError("--upstream is required")
    inspector = Inspector(
        endpoint=endpoint,
        guard=Guard(_find_consents(settings, endpoint, read_only=read_only)),
        traffic=Traffic(settings.contract, selection=settings.selection, policies=settings.policies),
        max_body=settings.max_body,
    )
    tls = tls_context(settings.ca_file, settings.certificate) if endpoint.scheme == "https" else None
    return Relay(inspector=inspector, timing=settings.timing, tls=tls, enforces=enforces)


def _find_consents(settings: "Settings", endpoint: "Endpoint", *, read_only: bool) -> "Consents":
    """Return what the user permits; a production host is typed at the terminal, where there is one."""
    from vocode_contract.http.guard.config_file import read_live, user_file
    from vocode_contract.http.guard.guard import PRODUCTION_HOSTS, Consents, is_read_only

    live = read_live(user_file(), Path.cwd())
    consents = settings.consents(live, read_only=read_only or is_read_only())
    if endpoint.is_loopback:
        return Consents(read_only=consents.read_only)
    if endpoint.host in PRODUCTION_HOSTS and consents.production and sys.stdin.isatty():
        prompt = f"this is production: type {endpoint.host} to let requests have these effects"
        return replace(consents, approved=click.prompt(prompt, default="", show_default=False, err=True).lower())
    return replace(consents, planned=consents.approved if isinstance(consents.approved, int) else None)


def _collect(inspector: "Inspector") -> "ResultCollector":
    """Return the results: one for each operation and verdict, and what was not checked as remarks."""
    from vocode_contract.report.observed import make_observed_row
    from vocode_contract.report.payload_results import format_count
    from vocode_contract.report.results import ResultCollector

    counts, traffic, endpoint = inspector.counts, inspector.traffic, str(inspector.endpoint)
    results = ResultCollector()
    for operation in sorted({name for name, verdict in counts if verdict in ("conforms", "violates")}):
        violating = counts[operation, "violates"]
        results.rows.append(
            make_observed_row(
                traffic,
                operation,
                endpoint=endpoint,
                count=counts[operation, "conforms"] + violating,
                violating=violating,
                seconds=inspector.seconds[operation],
            )
        )
    for (operation, verdict), reason in sorted(inspector.reasons.items()):
        results.rows.append(_make_row(inspector, operation, verdict, reason))
    if unknown := counts["", "unknown-operation"]:
        named = [*traffic.record.others][:_NAMED]
        requests = format_count(unknown, "request", "requests")
        results.remarks.append(f"{requests} not checked, since the contract has no such operation: {', '.join(named)}")
    return results


def _make_row(inspector: "Inspector", operation: str, verdict: str, reason: str) -> "Row":
    """Return the result of the exchanges of an operation that have no verdict."""
    from vocode_contract.report.payload_results import format_count
    from vocode_contract.report.row import Row

    count = inspector.counts[operation, verdict]
    what = "not passed on" if verdict == "not-permitted" else "without a verdict"
    return Row(
        nodeid=f"{operation} {verdict}",
        operation=operation,
        claim=f"{format_count(count, 'request', 'requests')} {what}",
        verdict=verdict,
        endpoint=str(inspector.endpoint),
        reason=reason,
        is_left_out=verdict == "not-permitted",
    )
