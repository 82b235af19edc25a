"""``check``: the contract suite against a server, and its verdict."""

import os
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING

import click

from vocode_contract.cli.options import contract_of, contract_option, examples, profile_option
from vocode_contract.cli.output import UNJUDGED, Output
from vocode_contract.errors import InvalidOption, MissingExtra

if TYPE_CHECKING:
    from vocode_contract.conformance.run.settings import Settings
    from vocode_contract.report.files import Wanted
    from vocode_contract.report.outcome import Outcome, RunDescription
    from vocode_contract.simulator import Running

_STYLES: Mapping[str, str] = {
    "conforms": "green",
    "violates": "bold red",
    "broken": "bold red",
    "inconclusive": "yellow",
    "not-permitted": "dim",
    "no-call": "dim",
}


def write_result(outcome: "Outcome", output: Output, *, full: bool) -> None:
    """Write what was run, the table, the violations and the verdict."""
    from vocode_contract.report.summary import bounded, details, ending, lines

    run = outcome.run
    heading = (f"contract {run.contract}, {run.profile}: {run.where}", "")
    if output.is_terminal and outcome.rows and _drawn(outcome, "\n".join(bounded(heading, outcome, full=full))):
        told = [*bounded(details(outcome, full=full), outcome, full=full), *ending(outcome)]
    else:
        told = [*bounded(heading, outcome, full=full), *lines(outcome, full=full)]
    output.write("".join(f"{line}\n" for line in told))


def _drawn(outcome: "Outcome", heading: str) -> bool:
    from vocode_contract.report.summary import COLUMNS, cells

    try:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except ImportError:
        return False
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in COLUMNS:
        table.add_column(title, justify="right" if title == COLUMNS[-1] else "left")
    for row in outcome.rows:
        texts = [Text(cell) for cell in cells(row)]
        texts[2].stylize(_STYLES[row.verdict])
        table.add_row(*texts)
    console = Console(soft_wrap=False)
    console.print(Text(heading))
    console.print()
    console.print(table)
    return True


_TOKEN = "VOCODE_API_KEY"  # noqa: S105 - the name of the variable, not its value


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """What the options of one run ask for."""

    url: str | None
    date: str | None
    profile: str
    call_ids: tuple[str, ...]
    faults: tuple[str, ...]
    only: tuple[str, ...]
    reports: tuple[str, ...]
    full: bool
    policies: tuple[str, ...]
    effects: tuple[str, ...]
    numbers: tuple[str, ...]
    budget: int
    production: bool
    approve_sends: int | None
    plan: bool
    fuzz: int
    seed: int
    timeout: str
    max_body: str
    ca: str
    proxy: str


@click.command(
    short_help="Run the contract suite and report the verdict.",
    epilog=examples(
        "vocode-contract check",
        "vocode-contract check --fault wrong-enum",
        "vocode-contract check --report html=result.html,junit=result.xml",
        "VOCODE_API_KEY=... vocode-contract check --url https://staging.example.com",
    ),
)
@click.option(
    "--url",
    metavar="URL",
    envvar="VOCODE_URL",
    show_envvar=True,
    help="Server to check (default: the built-in simulator).",
)
@contract_option
@profile_option
@click.option(
    "--call-id",
    "call_ids",
    metavar="ID",
    multiple=True,
    help="ID of a call that the suite may end; may be given several times.",
)
@click.option(
    "--fault",
    "faults",
    metavar="NAME",
    multiple=True,
    help="Make the simulator misbehave (see simulate --list-faults).",
)
@click.option("--only", metavar="TEXT", multiple=True, help="Run only tests whose name or description contains TEXT.")
@click.option(
    "--report",
    "reports",
    metavar="FORMAT[=PATH]",
    multiple=True,
    help="Also write a report: json, junit, html, sarif or markdown; separate several with commas.",
)
@click.option(
    "--all", "full", is_flag=True, help="Do not truncate output (default: long lines are cut, text ends at 64 KiB)."
)
@click.option(
    "--policy",
    "policies",
    metavar="NAME=VALUE",
    multiple=True,
    help="Set a policy for behaviour that the documents leave open; may be given several times.",
)
@click.option(
    "--fuzz", metavar="N", type=int, default=0, help="Also send N generated requests per operation (default 0)."
)
@click.option("--seed", metavar="N", type=int, default=0, help="Random seed for generated requests (default 0).")
@click.option("--ca", metavar="FILE", default="", help="PEM file of an additional certificate authority to trust.")
@click.option("--proxy", metavar="URL", default="", help="HTTP proxy to use (default: none; HTTPS_PROXY is ignored).")
@click.option("--timeout", metavar="SECONDS", default="", help="Maximum duration of one exchange (default 30).")
@click.option("--max-body", metavar="BYTES", default="", help="Maximum response size in bytes (default 8388608).")
@click.option(
    "--plan", "--dry-run", "plan", is_flag=True, help="Print the requests that would be sent, and send nothing."
)
@click.option(
    "--allow",
    "effects",
    metavar="EFFECT",
    multiple=True,
    help="Permit an effect on a remote host: rings, hangs-up, bills or writes (default: none).",
)
@click.option(
    "--allow-number",
    "numbers",
    metavar="NUMBER",
    multiple=True,
    help="Phone number that a remote host may dial (default: none).",
)
@click.option(
    "--budget",
    metavar="N",
    type=int,
    default=1,
    help="Maximum number of state-changing requests to a remote host (default 1).",
)
@click.option("--production", is_flag=True, help="Confirm that the target is a production host.")
@click.option(
    "--approve-sends",
    metavar="N",
    type=int,
    help="Number of state-changing requests that --plan shows, as confirmation for production.",
)
@click.pass_context
def check(ctx: click.Context, /, **options: object) -> None:
    """Run the contract suite against a server, by default the built-in simulator.

    The token is read from the environment variable VOCODE_API_KEY. Exit codes: 0 if all checks passed,
    1 if the server violates the contract, 3 if the result is inconclusive.
    """
    asked = CheckOptions(**options)  # type: ignore[arg-type]  # click gives each option its type
    if asked.url and asked.faults:
        ctx.fail("--fault is for the simulator, and --url or VOCODE_URL names another server")
    for option, given in (("--plan", asked.plan), ("--proxy", asked.proxy)):
        if given and not asked.url:
            ctx.fail(f"{option} is for a server, named by --url or VOCODE_URL")
    _require_extras(asked)
    from vocode_contract.cli.run_suite import Watch, run_suite
    from vocode_contract.report.files import wanted
    from vocode_contract.report.outcome import Outcome

    output = ctx.ensure_object(Output)
    settings = _settings(asked)
    reports = wanted(asked.reports, "--report")
    if settings.endpoint and not os.environ.get(_TOKEN):
        output.say(f"{_TOKEN} is not set, so requests carry no token")
    watch = Watch(only=asked.only, shown=output.show_progress)
    started, clock = datetime.now(UTC), time.monotonic()
    with _spoilt(settings, asked.faults) as running:
        variables = {_TOKEN: running.token} if running else {}
        tally = run_suite(_options(asked, settings, running), variables, watch)
    if asked.plan:
        return
    run = _run(settings, asked, started, time.monotonic() - clock)
    written = _write(Outcome(run=run, tally=tally), reports, output, full=asked.full)
    if watch.interruption is not None:
        raise watch.interruption
    ctx.exit(tally.exit_code if written else tally.exit_code or UNJUDGED)


def _require_extras(asked: CheckOptions) -> None:
    """Refuse to start where something is not installed.

    Raises:
        MissingExtra: Something is not.
    """
    needed = ("pytest", "httpx", *(() if asked.url else ("uvicorn",)))
    if not all(map(find_spec, needed)):
        raise MissingExtra("pytest", "the contract suite")
    if asked.fuzz and not find_spec("schemathesis"):
        raise MissingExtra("fuzz", "fuzzing")


def _settings(asked: CheckOptions) -> "Settings":
    """Parse what was asked for, before pytest does, whose own message would be longer."""
    from vocode_contract.conformance.run.settings import Given, Settings, Wishes
    from vocode_contract.http.policies import Policies

    contract = contract_of(asked.date, asked.profile)
    given = {
        "url": asked.url or "",
        "contract": contract.date,
        "profile": contract.profile,
    }
    sources = {key: Given(value=value, source=f"--{key}") for key, value in given.items()}
    options = {"timeout": asked.timeout, "max-body": asked.max_body, "ca": asked.ca, "proxy": asked.proxy}
    for key, value in options.items():
        name = f"VOCODE_{key.upper().replace('-', '_')}"  # which the suite's plugin reads too
        told = Given(value=value, source=f"--{key}")
        sources[key] = told if value else Given(value=os.environ.get(name, ""), source=name)
    policies = [*os.environ.get("VOCODE_POLICY", "").split(), *asked.policies]
    try:
        return Settings.from_given(
            sources,
            asked.call_ids,
            policies=Policies.from_words(policies, option="--policy"),
            wishes=Wishes.from_words(
                asked.effects, asked.numbers, budget=asked.budget, approve_sends=asked.approve_sends
            ),
            fuzz=asked.fuzz,
        )
    except InvalidOption as error:
        raise InvalidOption(error.name.replace("--vocode-", "--"), error.reason) from None


def _spoilt(settings: "Settings", faults: tuple[str, ...]) -> AbstractContextManager["Running | None"]:
    """Serve a simulator that violates, if one was asked for; without, the suite has its own."""
    if not faults:
        return nullcontext()
    from vocode_contract.simulator import simulator

    return simulator(contract=settings.contract, faults=faults)


def _options(asked: CheckOptions, settings: "Settings", running: "Running | None") -> list[str]:
    url = running.url if running else str(settings.endpoint or "")
    return [
        f"--vocode-contract={settings.contract.date}",
        f"--vocode-profile={settings.contract.profile}",
        *([f"--vocode-url={url}"] if url else []),
        *(f"--vocode-call-id={identifier}" for identifier in settings.call_ids),
        *(f"--vocode-policy={policy}" for policy in asked.policies),
        *(f"--vocode-allow={effect}" for effect in asked.effects),
        *(f"--vocode-allow-number={number}" for number in asked.numbers),
        f"--vocode-budget={asked.budget}",
        f"--vocode-fuzz={asked.fuzz}",
        f"--vocode-seed={asked.seed}",
        *([f"--vocode-timeout={asked.timeout}"] if asked.timeout else []),
        *([f"--vocode-max-body={asked.max_body}"] if asked.max_body else []),
        *([f"--vocode-ca={asked.ca}"] if asked.ca else []),
        *([f"--vocode-proxy={asked.proxy}"] if asked.proxy else []),
        *([f"--vocode-approve-sends={asked.approve_sends}"] if asked.approve_sends is not None else []),
        *(["--vocode-production"] if asked.production else []),
        *(["--vocode-plan"] if asked.plan else []),
    ]


def _run(settings: "Settings", asked: CheckOptions, started: datetime, seconds: float) -> "RunDescription":
    from vocode_contract.conformance.run.command_line import words_of
    from vocode_contract.report.outcome import RunDescription

    contract = settings.contract
    spoilt = f" with {', '.join(asked.faults)}" if asked.faults else ""
    words = ["vocode-contract", "check", *words_of(settings)]
    words += [word for fault in asked.faults for word in ("--fault", fault)]
    return RunDescription(
        contract=contract.date,
        profile=contract.profile,
        where=str(settings.endpoint or f"the built-in simulator{spoilt}"),
        command=" ".join([*words, "--only"]),
        uncut="--all",
        started=started,
        seconds=seconds,
        policies=settings.policies,
    )


def _write(outcome: "Outcome", reports: "tuple[Wanted, ...]", output: Output, *, full: bool) -> bool:
    """Write the result for a reader, and the reports; return whether all of them could be written."""
    from vocode_contract.report.files import write_all

    write_result(outcome, output, full=full)
    failures = list(write_all(outcome, reports))
    for failure in failures:
        output.say(failure)
    return not failures
