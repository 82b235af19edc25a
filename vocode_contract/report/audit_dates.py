"""Which contract dates fit an archive, and when that changed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_

from vocode_contract.audit.summary import DateFit, Summary
from vocode_contract.report.payload_results import format_share, format_time, join_words


@dataclass(frozen=True, slots=True, kw_only=True)
class DateUse:
    """How a contract date fits the sample.

    Attributes:
        date: The date.
        accepted: The payloads that it accepts, and all of whose keys it declares.
        refused: The payloads that it does not accept although another date does; ``None`` if there is none.
    """

    date: str
    accepted: DateFit
    refused: DateFit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A period in which the same dates accept every payload of the sample that any date accepts.

    Attributes:
        since: When it begins, in seconds since 1970-01-01 UTC.
        is_after: Whether it begins only after that time, not at it.
        dates: The dates; empty if payloads for different dates overlap.
    """

    since: float
    is_after: bool = False
    dates: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ArchiveDates:
    """How the contract dates fit the sample of an archive.

    Attributes:
        summary: What was found.
        is_shipped: Whether the contract is a shipped one; for a contract of the user's own, no dates are tried.
    """

    summary: Summary
    is_shipped: bool

    @cached_property
    def uses(self) -> tuple[DateUse, ...]:
        """How each contract date fits the sample, the best first; empty if the contract is the user's own."""
        fits = self.summary.fits
        known = {date for dates in fits for date in dates}
        found = (
            DateUse(
                date=date,
                accepted=_combine(fit for dates, fit in fits.items() if date in dates),
                refused=_refused(fits, date),
            )
            for date in known
        )
        return tuple(sorted(found, key=lambda use: (-use.accepted.count, use.date)))

    @property
    def accepted_by_none(self) -> DateFit | None:
        """The payloads of the sample that no contract date accepts; ``None`` if none, or no date was tried."""
        return self.summary.fits.get(()) if self.is_shipped else None

    @cached_property
    def periods(self) -> tuple[Period, ...]:
        """Which dates fit in which period, from the payloads of the sample that have a time."""
        timed = {dates: fit for dates, fit in self.summary.fits.items() if dates and fit.since is not None}
        if not timed:
            return ()
        whole = _combine(timed.values())
        refused = {use.date: _refused(timed, use.date) for use in self.uses}
        starts, ends = _edges(whole)
        edges = {edge for fit in refused.values() if fit for edge in _edges(fit)} | {starts}
        periods: list[Period] = []
        for edge in sorted(edge for edge in edges if starts <= edge < ends):
            fitting = sorted(
                date for date, fit in refused.items() if not (fit and _edges(fit)[0] <= edge < _edges(fit)[1])
            )
            if not periods or periods[-1].dates != tuple(fitting):
                periods.append(Period(since=edge[0], is_after=edge[1], dates=tuple(fitting)))
        return tuple(periods)

    def describe(self) -> Iterator[str]:
        """Yield lines that say which contract date fits best, and when that changed."""
        sampled = self.summary.sampled
        if not self.uses:
            if self.accepted_by_none:
                yield "no date accepts any payload of the sample"
            return
        for use in self.uses:
            line, refused = f"{use.date} accepts {format_share(use.accepted.count, sampled)}", use.refused
            yield line + (
                f", but not {refused.count:,} that other dates accept{_describe_times(refused)}" if refused else ""
            )
        if fit := self.accepted_by_none:
            yield f"no date accepts {format_share(fit.count, sampled)}{_describe_times(fit)}"
        yield from self._describe_periods()

    def _describe_periods(self) -> Iterator[str]:
        if not any(use.refused for use in self.uses):
            if len(self.uses) > 1:
                yield f"{join_words([use.date for use in self.uses], 'and')} fit the sample equally"
            return
        if len(self.periods) < 2:
            best = [use.date for use in self.uses if use.accepted.count == self.uses[0].accepted.count]
            yield _describe_best(Period(since=0.0, dates=tuple(best)))
        else:
            first, second, *_ = self.periods
            yield f"{'until' if second.is_after else 'before'} {format_time(second.since)}: {_describe_best(first)}"
            for period in self.periods[1:]:
                begin = "after" if period.is_after else "since"
                yield f"{begin} {format_time(period.since)}: {_describe_best(period)}"


_OVERLAP = "no single date fits, since payloads of different dates overlap"
_Edge = tuple[float, bool]


def _describe_best(period: Period) -> str:
    dates = period.dates
    return f"{join_words(dates, 'and')} {'fits' if len(dates) == 1 else 'fit'} best" if dates else _OVERLAP


def _edges(fit: DateFit) -> tuple[_Edge, _Edge]:
    """Return the start of a period, and its end, which is just after its last payload."""
    return (fit.since or 0.0, False), (fit.until or 0.0, True)


def _refused(fits: Mapping[tuple[str, ...], DateFit], date: str) -> DateFit | None:
    """Return the payloads that a date does not accept although another does."""
    found = [fit for dates, fit in fits.items() if dates and date not in dates]
    return _combine(found) if found else None


def _combine(fits: Iterable[DateFit]) -> DateFit:
    return reduce(or_, fits)


def _describe_times(fit: DateFit) -> str:
    if fit.since is None or fit.until is None:
        return ""
    since, until = format_time(fit.since), format_time(fit.until)
    return f", at {since}" if since == until else f", from {since} to {until}"
