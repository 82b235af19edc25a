"""``generate``: valid payloads, near misses, or a small set that covers a schema."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vocode_contract.cli.completion import complete_schemas
from vocode_contract.cli.options import contract_of, contract_option, examples, profile_option, schema_of
from vocode_contract.cli.output import CONFORMS, INCONCLUSIVE, Output, hypothesis_directory
from vocode_contract.cli.payload_formats import FORMATS, Generated, PayloadsHeader

if TYPE_CHECKING:
    from vocode_contract.contract.model import Contract

#: Payloads that are remembered to find repetitions; bounds the memory of a long run.
_REMEMBERED = 100_000
#: Repetitions in a row, after which there are no other payloads.
_MOST_REPETITIONS = 1_000
#: Schemas with a strategy of their own, whose payloads are coherent.
_NAMED = {"Call": "calls", "CallPage": "call_pages", "Agent": "agents"}


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateOptions:
    """The options of one run."""

    name: str
    count: int | None
    seed: int
    date: str | None
    profile: str
    near_miss: bool
    cover: bool
    adversarial: bool
    repeats: bool
    output_format: str
    target: str | None
    force: bool


@click.command(
    short_help="Generate valid payloads or near misses.",
    epilog=examples(
        "vocode-contract generate --count 1000 > calls.jsonl",
        "vocode-contract generate webhookevent --seed 7",
        "vocode-contract generate --near-miss --format pytest --output test_handler.py",
        "vocode-contract generate --cover --contract 2024-08-27 --output payloads/",
    ),
)
@click.argument("name", metavar="[NAME]", default="Call", shell_complete=complete_schemas)
@click.option("--count", metavar="N", type=click.IntRange(1, 1_000_000_000), help="Number of payloads (default 10).")
@click.option(
    "--seed",
    metavar="S",
    type=int,
    default=0,
    show_default=True,
    help="Random seed; the same seed gives the same bytes.",
)
@contract_option
@profile_option
@click.option(
    "--near-miss",
    is_flag=True,
    help="Generate payloads that one mutation makes invalid, and describe each mutation (default: valid payloads).",
)
@click.option(
    "--cover",
    is_flag=True,
    help="Generate a small set that covers every part of the schema (default: random payloads).",
)
@click.option(
    "--adversarial",
    is_flag=True,
    help="Use difficult values (empty, huge, control characters) where the schema allows it (default: typical ones).",
)
@click.option("--repeats", is_flag=True, help="Allow duplicate payloads (default: each payload once).")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(tuple(FORMATS)),
    default="jsonl",
    show_default=True,
    help="Output format; pytest writes a test file that passes each payload to your handler.",
)
@click.option(
    "--output",
    "target",
    metavar="DIR|FILE",
    help="File to write (default standard output); a name without suffix is a directory with one file per payload.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Replace an existing test file of --format pytest, including your edits (default: refuse).",
)
@click.pass_context
def generate(ctx: click.Context, /, **options: object) -> None:
    """Generate payloads of the schema NAME (default Call).

    All are valid, except with --near-miss. Nothing in them is real: phone numbers are fictional, credentials are
    examples.
    """
    chosen = GenerateOptions(**options)  # type: ignore[arg-type]  # click gives each option its type
    _check(chosen, ctx)
    contract = contract_of(chosen.date, chosen.profile)
    name = schema_of(contract, chosen.name)
    heading = PayloadsHeader(schema=name, contract=contract.date, profile=contract.profile, near_miss=chosen.near_miss)
    ctx.exit(_run(chosen, _entries(chosen, contract, name), heading, ctx.ensure_object(Output)))


def _check(chosen: GenerateOptions, ctx: click.Context) -> None:
    for given, option in (
        (chosen.cover and chosen.near_miss, "--cover and --near-miss"),
        (chosen.cover and chosen.adversarial, "--cover and --adversarial"),
        (chosen.cover and chosen.count is not None, "--cover, which decides the number, and --count"),
        (chosen.near_miss and chosen.adversarial, "--near-miss and --adversarial"),
        (_is_directory(chosen.target) and chosen.output_format != "jsonl", "--format and a directory as --output"),
    ):
        if given:
            ctx.fail(f"{option} cannot be combined")
    is_edited = chosen.output_format == "pytest" and os.path.exists(chosen.target or "")
    if is_edited and not chosen.force:
        ctx.fail(f"{chosen.target} exists, and you may have edited it; --force replaces it")


def _is_directory(target: str | None) -> bool:
    return target is not None and (os.path.isdir(target) or not Path(target).suffix)


def _entries(chosen: GenerateOptions, contract: "Contract", name: str) -> Iterator[Generated]:
    if chosen.cover:
        from vocode_contract.contract.covering_set import covering_set

        return map(Generated.from_payload, covering_set(contract, name))
    from vocode_contract import strategies
    from vocode_contract.strategies.seeding import sample

    options: dict[str, Any] = {"contract": contract}
    if chosen.near_miss:
        generated = map(Generated.from_near_miss, sample(strategies.near_misses(name, **options), chosen.seed))
    else:
        options["adversarial"] = chosen.adversarial
        named = _NAMED.get(name)
        strategy = getattr(strategies, named)(**options) if named else strategies.from_schema(name, **options)
        generated = map(Generated.from_payload, sample(strategy, chosen.seed))
    return islice(generated if chosen.repeats else _unique(generated), chosen.count or 10)


def _unique(generated: Iterable[Generated]) -> Iterator[Generated]:
    """Leave out repetitions; end if there is nothing else."""
    seen: dict[bytes, None] = {}
    repeated = 0
    for each in generated:
        key = blake2b(each.line.encode("ascii"), digest_size=12).digest()
        if key in seen:
            repeated += 1
            if repeated == _MOST_REPETITIONS:
                return
            continue
        repeated, seen[key] = 0, None
        if len(seen) > _REMEMBERED:
            del seen[next(iter(seen))]
        yield each


def _run(chosen: GenerateOptions, entries: Iterable[Generated], heading: PayloadsHeader, output: Output) -> int:
    from vocode_contract.cli.output import show_bar

    total = 0 if chosen.cover else chosen.count or 10
    is_alone = chosen.target is not None or not output.is_terminal
    counted = _Counted(show_bar(entries, total, shown=is_alone and not chosen.cover))
    try:
        with hypothesis_directory(is_used=not chosen.cover):
            _write(chosen, counted, heading, output)
    except OSError as error:
        output.say(f"{chosen.target}: {(error.strerror or 'cannot be written').lower()}")
        return INCONCLUSIVE
    if counted.count < total and output.is_read:
        output.say(f"there are only {counted.count} different payloads")
    return CONFORMS


@dataclass(slots=True)
class _Counted:
    """Counts entries while they are consumed."""

    entries: Iterable[Generated]
    count: int = 0

    def __iter__(self) -> Iterator[Generated]:
        for each in self.entries:
            self.count += 1
            yield each


def _write(chosen: GenerateOptions, entries: Iterable[Generated], heading: PayloadsHeader, output: Output) -> None:
    """Write entries one by one, until they end or the reader of standard output is gone.

    Raises:
        OSError: A file cannot be written.
    """
    if chosen.target is None:
        for text in FORMATS[chosen.output_format](entries, heading):
            output.write(text)
            output.flush()
            if not output.is_read:
                return
    elif _is_directory(chosen.target):
        directory = Path(chosen.target)
        directory.mkdir(parents=True, exist_ok=True)
        for number, each in enumerate(entries, 1):
            (directory / f"{heading.name_of(number)}.json").write_text(f"{each.line}\n", "ascii", newline="\n")
    else:
        with open(chosen.target, "w", encoding="ascii", newline="\n") as file:
            file.writelines(FORMATS[chosen.output_format](entries, heading))
