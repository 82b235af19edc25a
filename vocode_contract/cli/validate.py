"""``validate``: payload files against a schema of the contract."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import click

from vocode_contract.cli.options import contract_of, contract_option, examples, profile_option, schema_of
from vocode_contract.cli.output import CONFORMS, UNJUDGED, VIOLATES, Output
from vocode_contract.cli.payloads import MOST_BYTES, STDIN, NoPayload, Payload, is_typed, payloads, shown_name

if TYPE_CHECKING:
    from vocode_contract.report.payload_results import Heading, Result, ResultCounts
    from vocode_contract.validation.codes import Selection
    from vocode_contract.validation.validator import Validator
    from vocode_contract.validation.violation import Violation

#: Violations listed of one payload.
MOST_VIOLATIONS = 1_000

FORMATS = ("text", "concise", "json", "json-lines", "github")


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidateOptions:
    """What the options of one run ask for."""

    files: tuple[str, ...]
    name: str
    date: str | None
    profile: str
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    output_format: str
    advice: bool
    lines: bool
    full: bool
    max_size: int
    strict: bool


@click.command(
    short_help="Validate payload files or standard input.",
    epilog=examples(
        "vocode-contract validate call.json",
        "vocode-contract validate --as CallPage --contract 2024-04-19 page.json",
        "vocode-contract validate --as webhookevent --profile tolerant events/*.json",
        "vocode-contract validate --ignore 'json-*,format' call.json",
        "vocode-contract validate --lines --output-format json-lines calls.jsonl",
        "curl -s ... | vocode-contract validate -",
    ),
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option("--as", "name", metavar="NAME", default="Call", show_default=True, help="Schema to validate against.")
@contract_option
@profile_option
@click.option(
    "--select",
    metavar="CODES",
    multiple=True,
    help="Check only these codes; wildcards such as json-* are allowed (default: all).",
)
@click.option(
    "--ignore", metavar="CODES", multiple=True, help="Skip these codes; wildcards are allowed (default: none)."
)
@click.option(
    "--output-format",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="Output format; text is for people, the others are for programs, and JSON is never truncated.",
)
@click.option(
    "--advice",
    is_flag=True,
    help="Also report advice: credentials in clear text, unusual numbers, missing times.",
)
@click.option("--lines", is_flag=True, help="Each line of a file is a payload (JSON Lines).")
@click.option("--all", "full", is_flag=True, help="List every violation (default: text output ends at 64 KiB).")
@click.option(
    "--max-size",
    metavar="BYTES",
    type=click.IntRange(min=1),
    default=MOST_BYTES,
    show_default=True,
    help="Maximum size of a payload, or of a line with --lines.",
)
@click.option(
    "--strict/--plain",
    default=True,
    help="Report duplicate keys, integers beyond 64 bits and nesting deeper than 64 levels as violations.",
    show_default=True,
)
@click.pass_context
def validate(ctx: click.Context, /, **options: object) -> None:
    """Validate payload files; - is standard input.

    Each payload is checked against its schema and for consistency, such as an end before the start.
    Prints one line per violation, and a summary on standard error. Payload values are never shown;
    'vocode-contract explain CODE' describes a code. Exit codes: 0 if all payloads conform, 1 if one
    does not, 3 if one could not be read.
    """
    asked = ValidateOptions(**options)  # type: ignore[arg-type]  # click gives each option its type
    if asked.files.count(STDIN) > 1:
        ctx.fail("- is standard input, which can be read once")
    output = ctx.ensure_object(Output)
    if any(map(is_typed, asked.files)):
        output.say("reading a payload from the terminal; Ctrl-D ends it")
    ctx.exit(_judged(asked, output))


def _judged(asked: ValidateOptions, output: Output) -> int:
    from vocode_contract.report import REPORTS
    from vocode_contract.report.payload_results import Heading, ResultCounts

    judge = _validator(asked)
    heading = Heading(contract=judge.contract.date, profile=judge.contract.profile, schema=judge.name, full=asked.full)
    report, tally = REPORTS[asked.output_format], ResultCounts()
    results = _tallied(_results(asked, judge), tally, output)
    try:
        for text in report.written(results, heading):
            output.write(text)
            if not output.is_read and tally.violating:  # nothing can change the verdict
                break
            if asked.lines:
                output.flush()
    finally:  # an interrupted run tells how far it came
        output.flush()
        output.say(_summary(tally, heading))
    return _exit_code(tally)


def _validator(asked: ValidateOptions) -> "Validator":
    from vocode_contract.validation.json_value import Limits
    from vocode_contract.validation.validator import Validator

    contract = contract_of(asked.date, asked.profile)
    return Validator(
        contract,
        schema_of(contract, asked.name),
        limits=Limits(size=asked.max_size, violations=MOST_VIOLATIONS),
        strict=asked.strict,
        selection=_selection(asked),
    )


@cache
def _selection(asked: ValidateOptions) -> "Selection":
    from vocode_contract.validation.codes import Selection

    return Selection(select=_codes(asked.select, "--select"), ignore=_codes(asked.ignore, "--ignore"))


def _codes(options: tuple[str, ...], option: str) -> tuple[str, ...]:
    """Split the values of an option into patterns of codes, each of which fits one at least."""
    from fnmatch import fnmatchcase

    from vocode_contract.cli.options import did_you_mean
    from vocode_contract.validation.codes import CODES

    patterns = tuple(part for option in options for part in option.replace(",", " ").split())
    for pattern in patterns:
        if not any(fnmatchcase(code, pattern) for code in CODES):
            hint = did_you_mean(pattern, CODES) or ";"
            message = f"{option}: no code is named {pattern!r}{hint} 'vocode-contract explain' lists them"
            raise click.UsageError(message, click.get_current_context())
    return patterns


def _results(asked: ValidateOptions, judge: "Validator") -> Iterator["Result"]:
    from vocode_contract.report.payload_results import Result

    for source in asked.files:
        name, is_empty = shown_name(source), True
        try:
            for payload in payloads(source, asked.max_size, lines=asked.lines):
                is_empty = False
                yield _result(name, payload, judge, asked)
        except NoPayload as error:
            yield Result(source=name, unjudged=str(error))
        else:
            if is_empty:
                yield Result(source=name, unjudged="it has no line with a payload")


def _result(name: str, payload: Payload, judge: "Validator", asked: ValidateOptions) -> "Result":
    from vocode_contract.report.payload_results import Result

    verdict = judge.validate(payload.raw)
    if verdict.value is None and not verdict.violations and (code := _unread(payload.raw, asked)):
        # Its violation is deselected; that does not make it conform.
        return Result(source=name, line=payload.line, unjudged=f"it holds no JSON that can be judged ({code})")
    size = f"{payload.size} bytes" if payload.size is not None else "more"
    violations = [
        replace(found, actual=size) if found.code == "json-too-large" else found for found in verdict.violations
    ]
    violations += _inconsistencies(verdict.value, judge, asked)
    return Result(source=name, line=payload.line, violations=tuple(violations))


def _inconsistencies(value: object, judge: "Validator", asked: ValidateOptions) -> Iterator["Violation"]:
    from vocode_contract.validation.consistency import inconsistencies

    contract, selection = judge.contract, _selection(asked)
    found = inconsistencies(value, judge.name, contract=contract.date, profile=contract.profile, selection=selection)
    return (each for each in found if asked.advice or each.severity != "advice")


def _unread(raw: bytes, asked: ValidateOptions) -> str:
    """Return the code of the reason why bytes cannot be read; empty if they can."""
    from vocode_contract.validation.json_text import read
    from vocode_contract.validation.json_value import Limits, Unreadable

    try:
        read(raw, Limits(size=asked.max_size), strict=asked.strict)
    except Unreadable as error:
        return error.defect.code
    return ""


def _tallied(results: Iterable["Result"], tally: "ResultCounts", output: Output) -> Iterator["Result"]:
    for result in results:
        tally.add(result)
        if result.unjudged:
            output.say(f"{result.place}: {result.unjudged}")
        yield result


def _summary(tally: "ResultCounts", heading: "Heading") -> str:
    return f"{tally} [{heading.schema}, {heading.contract}, {heading.profile}]"


def _exit_code(tally: "ResultCounts") -> int:
    if tally.violating:
        return VIOLATES
    return UNJUDGED if tally.unjudged else CONFORMS
