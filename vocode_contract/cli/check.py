"""``check``: run the contract suite against a server and report the verdict."""

import json
import os
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vocode_contract.cli.completion import complete_faults
from vocode_contract.cli.options import (
    contract_option,
    examples,
    given_options,
    names_of_contract,
    options_of_runs,
    profile_option,
    report_option,
)
from vocode_contract.cli.output import CONFORMS, INCONCLUSIVE, Output, hypothesis_directory, print_table
from vocode_contract.conformance.run.options import DEFAULTS, Given
from vocode_contract.errors import CHECK_PREFIX, PYTEST_PREFIX, MissingExtra, set_option_prefix
from vocode_contract.run_options import OPTIONS

if TYPE_CHECKING:
    from vocode_contract.conformance.run.settings import Settings
    from vocode_contract.report.files import ReportRequest
    from vocode_contract.report.outcome import Outcome, RunDescription
    from vocode_contract.simulator import Running

Words = tuple[str, ...]
#: In place of a contract: the one that the server publishes.
FROM_SERVER = "from-server"
_OPTIONS = tuple(option for option in OPTIONS if option.is_for_check)
_STYLES: Mapping[str, str] = {
    "conforms": "green",
    "violates": "bold red",
    "broken": "bold red",
    "inconclusive": "yellow",
    "not-permitted": "dim",
    "no-call": "dim",
}


def write_result(
    outcome: "Outcome", output: Output, *, full: bool, verbosity: int = 0, is_stdout_taken: bool = False
) -> None:
    """Write heading, table, violations and verdict, to standard error if a report goes to standard output."""
    from vocode_contract.report.summary import limit_output, render_details, render_ending, render_summary

    run = outcome.run
    heading = [*limit_output((f"contract {run.contract}, {run.profile}: {run.where}", ""), outcome, full=full)]
    is_styled = output.is_terminal and not is_stdout_taken and not outcome.is_stopped
    if is_styled and _print_rows(outcome, heading[0], verbosity):
        details = render_details(outcome, full=full, verbosity=verbosity)
        text = [*limit_output(details, outcome, full=full), *render_ending(outcome, verbosity=verbosity)]
    else:
        is_brief = verbosity < 0 and outcome.exit_code == CONFORMS
        text = [
            *heading[: 0 if is_brief else 2 if verbosity >= 0 else 1],
            *render_summary(outcome, full=full, verbosity=verbosity),
        ]
    write = output.write_error if is_stdout_taken else output.write
    write("".join(f"{line}\n" for line in text))


def _print_rows(outcome: "Outcome", heading: str, verbosity: int) -> bool:
    from vocode_contract.report.summary import tabulate

    titles, rows = tabulate(outcome, verbosity)
    columns = [(title, {"justify": "right" if title == titles[-1] else "left"}) for title in titles]
    styled = (
        [(text, _STYLES[verdict] if column == len(titles) - 2 else "") for column, text in enumerate(cells)]
        for cells, verdict in rows
    )
    return bool(rows) and print_table(columns, styled, heading=heading)


@click.command(
    short_help="Run the contract suite and report the verdict.",
    epilog=examples(
        "vocode-contract check",
        "vocode-contract check --fault wrong-enum",
        "vocode-contract check --report html=result.html,junit=result.xml",
        "VOCODE_API_KEY=... vocode-contract check --url https://staging.example.com",
    ),
)
@options_of_runs()
@contract_option
@profile_option
@click.option(
    "--fault",
    "faults",
    metavar="NAME",
    multiple=True,
    shell_complete=complete_faults,
    help="Make the simulator misbehave (see simulate --list-faults; default: none).",
)
@click.option(
    "--only",
    metavar="TEXT",
    multiple=True,
    help="Run only tests whose name or description contains TEXT (default: all).",
)
@click.option(
    "--skip",
    metavar="TEXT",
    multiple=True,
    help="Skip tests whose name or description contains TEXT, even if --only selects them (default: none).",
)
@report_option
@click.option(
    "-v",
    "--verbose",
    "verbosity",
    flag_value=1,
    type=int,
    default=0,
    help="List every test (default: one line per operation).",
)
@click.option(
    "-q",
    "--quiet",
    "verbosity",
    flag_value=-1,
    type=int,
    default=0,
    help="Write only the verdict if all checks passed (default: a summary).",
)
@click.option(
    "--all", "full", is_flag=True, help="Do not truncate output (default: long lines are cut, text ends at 64 KiB)."
)
@click.pass_context
def check(
    ctx: click.Context,
    /,
    *,
    faults: Words,
    only: Words,
    skip: Words,
    reports: Words,
    verbosity: int,
    full: bool,
    **options: Any,
) -> None:
    """Run the contract suite against a server, by default the built-in simulator.

    The token is read from the environment variable VOCODE_API_KEY. With --contract from-server, the contract is the
    document /openapi.json of the server. Exit codes: 0 if all checks passed, 1 if the server violates the contract, 3
    if the result is inconclusive.
    """
    ctx.call_on_close(partial(set_option_prefix, set_option_prefix(CHECK_PREFIX)))
    given = _resolve_options(options, faults)
    _check_options(ctx, given, faults)
    from vocode_contract.cli.run_suite import SuiteMonitor, run_suite
    from vocode_contract.conformance.run.settings import Settings
    from vocode_contract.http.client.authentication import TOKEN_VARIABLE
    from vocode_contract.report.files import parse_reports
    from vocode_contract.report.outcome import Outcome

    output = ctx.ensure_object(Output)
    # The plugin parses them again, but its message for a wrong value would be longer.
    settings = Settings.from_given(given)
    require_known_host(settings, given["url"])
    files = parse_reports(reports, "--report")
    if options["date"] == FROM_SERVER:
        settings = _use_published(ctx, settings, given)
    if settings.endpoint and not os.environ.get(TOKEN_VARIABLE):
        output.say(f"{TOKEN_VARIABLE} is not set, so requests carry no token")
    project = {name: value for name, value in given.items() if value.is_from_file}
    monitor = SuiteMonitor(only=only, skip=skip, show=output.show_progress, project=project, is_simulated=bool(faults))
    started, clock = datetime.now(UTC), time.monotonic()
    with _faulty_simulator(settings, faults) as running, hypothesis_directory(is_used=bool(settings.fuzz)):
        if running:
            given["url"] = Given(value=running.url)
        tally = run_suite(_spell_options(given), {TOKEN_VARIABLE: running.token} if running else {}, monitor)
    if options["plan"]:
        return
    run = _describe_run(settings, faults, started, time.monotonic() - clock)
    written = write_outcome(Outcome(run=run, tally=tally), files, output, full=full, verbosity=verbosity)
    if monitor.interruption is not None:
        raise monitor.interruption
    ctx.exit(tally.exit_code if written else tally.exit_code or INCONCLUSIVE)


def _resolve_options(options: dict[str, Any], faults: Words) -> dict[str, Given]:
    """Return what was given for the options of a run, by name."""
    date = None if options["date"] == FROM_SERVER else options["date"]
    options["contract"], options["profile"] = names_of_contract(date, options["profile"])
    given = given_options(options)
    if faults and given["url"].is_from_file:  # they are the simulator's, whatever server the project has
        given["url"] = DEFAULTS["url"]
    return given


def _check_options(ctx: click.Context, given: Mapping[str, Given], faults: Words) -> None:
    """Refuse options that contradict each other, and a run that needs a package that is not installed.

    Raises:
        click.UsageError: Two options contradict each other.
        MissingExtra: A package is not installed.
    """
    if given["url"].value and faults:
        ctx.fail("--fault needs the built-in simulator, but --url or VOCODE_URL names another server")
    needed = ("pytest", "httpx", *(() if given["url"].value else ("uvicorn",)))
    if not all(map(find_spec, needed)):
        raise MissingExtra("pytest", "the contract suite")
    if given["fuzz"].value and not find_spec("schemathesis"):
        raise MissingExtra("fuzz", "fuzzing")


def require_known_host(settings: "Settings", url: Given) -> None:
    """Refuse a remote host that only a file of the project names, which must not send a token anywhere.

    Raises:
        InvalidOption: The host is not among the user's own.
    """
    if url.is_from_file:
        from vocode_contract.conformance.run.run import Run

        Run.from_settings(settings, Path.cwd()).require_known_host(url.source)


def _spell_options(given: Mapping[str, Given]) -> list[str]:
    """Return the options of the plugin; it reads variables itself, and refuses some of them if the host is remote."""
    return [
        word
        for option in _OPTIONS
        if given[option.name].source != option.variable and not given[option.name].is_from_file
        for word in option.as_words(given[option.name].value, PYTEST_PREFIX)
    ]


def _use_published(ctx: click.Context, settings: "Settings", given: dict[str, Given]) -> "Settings":
    """Take the contract that the server publishes, which a file holds while the command runs."""
    from dataclasses import replace
    from tempfile import TemporaryDirectory

    from vocode_contract.cli.published import load_published
    from vocode_contract.http.inconclusive import Inconclusive

    if settings.endpoint is None:
        ctx.fail(f"--contract {FROM_SERVER} needs a server, named by --url or VOCODE_URL")
    try:
        _, contract = load_published(settings, settings.contract.profile, sends_token=False)
    except Inconclusive as error:
        ctx.ensure_object(Output).say(str(error))
        ctx.exit(INCONCLUSIVE)
    path = os.path.join(ctx.with_resource(TemporaryDirectory()), "openapi.json")
    given["contract"] = Given(value=path)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(contract.document, file)
    return replace(settings, contract=contract, contract_path=FROM_SERVER)


def _faulty_simulator(settings: "Settings", faults: Words) -> AbstractContextManager["Running | None"]:
    """Serve a simulator with faults, if there are any; without faults, the suite starts its own."""
    if not faults:
        return nullcontext()
    from vocode_contract.simulator import simulator

    return simulator(contract=settings.contract, faults=faults)


def _describe_run(settings: "Settings", faults: Words, started: datetime, seconds: float) -> "RunDescription":
    from vocode_contract.conformance.run.command_line import words_of
    from vocode_contract.report.outcome import RunDescription

    contract = settings.contract
    with_faults = f" with {', '.join(faults)}" if faults else ""
    words = ["vocode-contract", "check", *words_of(settings)]
    words += [word for fault in faults for word in ("--fault", fault)]
    return RunDescription(
        contract=contract.date,
        profile=contract.profile,
        paths={name: operation.path for name, operation in contract.operations.items()},
        where=str(settings.endpoint or f"the built-in simulator{with_faults}"),
        command=" ".join([*words, "--only"]),
        uncut="--all",
        started=started,
        seconds=seconds,
        policies=settings.policies,
    )


def write_outcome(
    outcome: "Outcome", reports: "tuple[ReportRequest, ...]", output: Output, *, full: bool, verbosity: int
) -> bool:
    """Write the result for people, and the reports; return whether all of them could be written."""
    from vocode_contract.report.files import STDOUT, write_reports

    is_taken = any(report.path == STDOUT for report in reports)
    write_result(outcome, output, full=full, verbosity=verbosity, is_stdout_taken=is_taken)
    failures = list(write_reports(outcome, reports, output.write))
    for failure in failures:
        output.say(failure)
    return not failures
