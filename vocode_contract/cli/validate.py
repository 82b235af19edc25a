"""``validate``: check payload files against a schema of the contract."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import click

from vocode_contract.audit.files import Unusable
from vocode_contract.cli.options import (
    contract_of,
    contract_option,
    each_option,
    examples,
    lines_option,
    max_size_option,
    options_of_runs,
    profile_option,
    schema_of,
    schema_option,
    strict_option,
)
from vocode_contract.cli.output import CONFORMS, INCONCLUSIVE, VIOLATES, Output
from vocode_contract.cli.payloads import (
    STDIN,
    Payload,
    find_payloads,
    is_json_lines,
    is_typed,
    read_payloads,
    shown_name,
)

if TYPE_CHECKING:
    from vocode_contract.report.payload_results import Result, ResultCounts
    from vocode_contract.validation.codes import Selection
    from vocode_contract.validation.validator import Validator
    from vocode_contract.validation.violation import Violation

#: Violations that are listed per payload.
MOST_VIOLATIONS = 1_000

FORMATS = ("text", "concise", "json", "json-lines", "github")


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidateOptions:
    """The options of the command."""

    files: tuple[str, ...]
    name: str
    date: str | None
    profile: str
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    error: tuple[str, ...]
    output_format: str
    advice: bool
    lines: bool
    each: bool
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
        "vocode-contract validate --output-format json-lines calls.jsonl.gz",
        "vocode-contract validate --each export.json recorded/ 'more/**/*.json'",
        "curl -s ... | vocode-contract validate -",
    ),
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(allow_dash=True))
@schema_option
@contract_option
@profile_option
@options_of_runs("select", "ignore", "error")
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
    help="Also report advice: credentials in clear text, unusual numbers, missing times (default: no advice).",
)
@lines_option
@each_option
@click.option("--all", "full", is_flag=True, help="List every violation (default: text output ends at 64 KiB).")
@max_size_option
@strict_option
@click.pass_context
def validate(ctx: click.Context, /, **values: object) -> None:
    """Validate payload files; - is standard input.

    Files may be compressed with gzip. A directory is searched for files that end in .json, .jsonl or
    .ndjson, optionally with .gz; a quoted pattern such as 'calls/**/*.json' is expanded.

    Each payload is checked against its schema and for consistency, such as an end before the start.
    Prints one line per violation, and a summary on standard error. Payload values are never shown;
    'vocode-contract explain CODE' describes a code. Exit codes: 0 if all payloads conform, 1 if one
    does not, 3 if one could not be read.
    """
    options = ValidateOptions(**values)  # type: ignore[arg-type]  # click gives each option its type
    if options.files.count(STDIN) > 1:
        ctx.fail("- is standard input, which can be read only once")
    output = ctx.ensure_object(Output)
    if any(map(is_typed, options.files)):
        output.say("reading a payload from the terminal; press Ctrl-D at the end")
    ctx.exit(_run_validation(options, output))


def _run_validation(options: ValidateOptions, output: Output) -> int:
    from vocode_contract.report import REPORTS
    from vocode_contract.report.payload_results import Heading, ResultCounts

    validator = _make_validator(options)
    contract = validator.contract
    heading = Heading(contract=contract.date, profile=contract.profile, schema=validator.name, full=options.full)
    render, tally = REPORTS[options.output_format], ResultCounts()
    results = _count_results(_iter_results(options, validator), tally, output)
    try:
        for text in render(results, heading):
            output.write(text)
            if not output.is_read and tally.violating:  # the exit code cannot change any more
                break
            if options.lines:
                output.flush()
    finally:  # an interrupted run reports what it has validated so far
        output.flush()
        output.say(f"{tally} [{heading.schema}, {heading.contract}, {heading.profile}]")
    if tally.violating:
        return VIOLATES
    return INCONCLUSIVE if tally.inconclusive else CONFORMS


def _make_validator(options: ValidateOptions) -> "Validator":
    from vocode_contract.validation.json_value import Limits
    from vocode_contract.validation.validator import Validator

    contract = contract_of(options.date, options.profile)
    return Validator(
        contract,
        schema_of(contract, options.name),
        limits=Limits(size=options.max_size, violations=MOST_VIOLATIONS),
        strict=options.strict,
        selection=_parse_selection(options),
    )


@cache
def _parse_selection(options: ValidateOptions) -> "Selection":
    from vocode_contract.validation.codes import Selection, parse_patterns, raise_to_errors

    return Selection(
        select=parse_patterns(options.select, "--select"),
        ignore=parse_patterns(options.ignore, "--ignore"),
        severities=raise_to_errors(parse_patterns(options.error, "--error")),
    )


def _iter_results(options: ValidateOptions, validator: "Validator") -> Iterator["Result"]:
    from vocode_contract.report.payload_results import Result

    for source in options.files:
        try:
            files = find_payloads(source)
        except Unusable as error:
            yield Result(source=source, inconclusive=str(error))
            continue
        for file in files:
            yield from _validate_file(file, validator, options)


def _validate_file(file: str, validator: "Validator", options: ValidateOptions) -> Iterator["Result"]:
    from vocode_contract.report.payload_results import Result

    name, is_empty = shown_name(file), True
    try:
        for payload in read_payloads(file, options.max_size, lines=options.lines or is_json_lines(file)):
            for result in _validate_payload(name, payload, validator, options):
                is_empty = False
                yield result
    except Unusable as error:
        yield Result(source=name, inconclusive=str(error))
    else:
        if is_empty:
            yield Result(source=name, inconclusive="it contains no payload")


def _validate_payload(
    name: str, payload: Payload, validator: "Validator", options: ValidateOptions
) -> Iterator["Result"]:
    """Yield the result of a payload or, with ``--each``, the results of its items."""
    from vocode_contract.report.payload_results import Result

    verdict = validator.validate(payload.raw)
    if options.each and isinstance(verdict.value, list):
        for index, item in enumerate(verdict.value):
            violations = [*validator.violations(item), *_check_consistency(item, validator, options)]
            moved = (replace(each, instance_pointer=f"/{index}{each.instance_pointer}") for each in violations)
            yield Result(source=name, line=payload.line, item=index, violations=tuple(moved))
    elif verdict.value is None and not verdict.violations and (code := _unreadable_code(payload.raw, options)):
        # Ignoring the code of its violation does not make it conform.
        yield Result(source=name, line=payload.line, inconclusive=f"it is not JSON that can be checked ({code})")
    elif options.each and verdict.value is not None:
        yield Result(source=name, line=payload.line, inconclusive="it is not an array, as --each requires")
    else:
        violations = [_explain(each, payload, verdict.value) for each in verdict.violations]
        violations += _check_consistency(verdict.value, validator, options)
        yield Result(source=name, line=payload.line, violations=tuple(violations))


def _explain(violation: "Violation", payload: Payload, value: object) -> "Violation":
    """Add to a violation what only this command knows: the size and line of the file, and the option that helps."""
    if violation.code == "json-too-large":
        return replace(violation, actual=f"{payload.size} bytes" if payload.size is not None else "more")
    if violation.code == "json-lines":
        return replace(violation, note="--lines validates each line")
    if violation.line is not None and payload.line is not None:
        return replace(violation, line=payload.line)
    is_about_document = violation.code == "type" and not violation.instance_pointer
    if is_about_document and isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return replace(violation, note="--each validates each item of an array")
    return violation


def _check_consistency(value: object, validator: "Validator", options: ValidateOptions) -> Iterator["Violation"]:
    from vocode_contract.validation.consistency import inconsistencies

    found = inconsistencies(value, validator.name, contract=validator.contract, selection=_parse_selection(options))
    return (each for each in found if options.advice or each.severity != "advice")


def _unreadable_code(raw: bytes, options: ValidateOptions) -> str:
    """Return the violation code of bytes that cannot be parsed; empty if they can."""
    from vocode_contract.validation.json_text import read
    from vocode_contract.validation.json_value import Limits, Unreadable

    try:
        read(raw, Limits(size=options.max_size), strict=options.strict)
    except Unreadable as error:
        return error.defect.code
    return ""


def _count_results(results: Iterable["Result"], tally: "ResultCounts", output: Output) -> Iterator["Result"]:
    for result in results:
        tally.add(result)
        if result.inconclusive:
            output.say(f"{result.place}: {result.inconclusive}")
        yield result
