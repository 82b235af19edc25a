"""What a person reads at the end of a run."""

from collections.abc import Iterator

from vocode_contract.conformance.tally import Row, Tally

_WORDS = {
    "conforms": "conforms",
    "violates": "VIOLATES",
    "inconclusive": "INCONCLUSIVE",
    "broken": "BROKEN",
    "not-permitted": "not sent",
    "no-call": "no call",
}
_WIDTH = max(map(len, _WORDS.values()))


def lines(tally: Tally) -> Iterator[str]:
    """Yield the table of operations and claims, each violation once, and the verdict."""
    widest = max((len(row.operation) for row in tally.rows), default=0)
    for row in sorted(tally.rows, key=lambda row: (row.operation, row.nodeid)):
        yield f"{_WORDS[row.verdict]:{_WIDTH}}  {row.operation:{widest}}  {row.claim}".rstrip()
    yield from _listed("violations", _found(tally))
    reasons = dict.fromkeys(row.reason for row in tally.rows if row.reason)
    yield from _listed("without verdict", list(reasons))
    yield from _listed("remarks", list(dict.fromkeys(tally.remarks)))
    yield ""
    yield ", ".join(f"{tally.count(verdict)} {word}" for verdict, word in _WORDS.items() if tally.count(verdict))
    yield _VERDICTS[tally.exit_code]


_VERDICTS = {
    0: "the API keeps the contract, as far as it was asked",
    1: "the API breaks the contract",
    3: "whether the API keeps the contract could not be judged",
    70: "the suite itself failed: please report it",
}


def _found(tally: Tally) -> list[str]:
    """Write each violation once, whichever answers of whichever operations it was in."""
    found: dict[str, list[Row]] = {}
    for row in tally.rows:
        for text in dict.fromkeys(map(str, row.violations)):
            found.setdefault(text, []).append(row)
    return [f"{text} - {_tests(rows)}" for text, rows in found.items()]


def _tests(rows: list[Row]) -> str:
    operations = ", ".join(dict.fromkeys(row.operation for row in rows if row.operation))
    count = f"{len(rows)} test{'s' if len(rows) != 1 else ''}"
    return f"{count} of {operations}" if operations else count


def _listed(title: str, entries: list[str]) -> Iterator[str]:
    if entries:
        yield ""
        yield f"{title}:"
        yield from (f"  {entry}" for entry in entries)
