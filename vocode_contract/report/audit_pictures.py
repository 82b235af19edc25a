"""Draw the pictures of the HTML report of an audit, as SVG; the text beside them says what they show."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from vocode_contract.report.page import Markup, element

#: Maximum bars on the timeline; squares in a row of the map, and the distance between two of them.
_MOST_BARS = 120
_COLUMNS = 16
_SQUARE = 14
#: Maximum days on a timeline: a longer one would be due to a payload with a wrong year.
_MOST_DAYS = 366 * 30


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeAxis:
    """The days that all lanes of a timeline show.

    Attributes:
        first: The first day.
        days: Number of days.
        step: Number of days of a bar.
    """

    first: date
    days: int
    step: int

    @classmethod
    def from_days(cls, days: Iterable[str]) -> "TimeAxis | None":
        """Return the axis for days in ISO 8601; ``None`` if there are none, or too many."""
        found = sorted(map(date.fromisoformat, days))
        count = (found[-1] - found[0]).days + 1 if found else 0
        if not 0 < count <= _MOST_DAYS:
            return None
        return cls(first=found[0], days=count, step=-(-count // _MOST_BARS))

    @property
    def last(self) -> date:
        """The last day."""
        return self.first + timedelta(days=self.days - 1)

    def find_bar(self, day: str) -> int:
        """Return the number of the bar that shows a day."""
        return (date.fromisoformat(day) - self.first).days // self.step

    def add_up(self, counts: Mapping[str, int]) -> dict[int, int]:
        """Return the counts of days by the number of the bar that shows them."""
        bars: dict[int, int] = {}
        for day, count in sorted(counts.items()):
            bars[self.find_bar(day)] = bars.get(self.find_bar(day), 0) + count
        return bars

    def describe_bar(self, number: int) -> str:
        """Return the days of a bar."""
        start = self.first + timedelta(days=number * self.step)
        end = min(start + timedelta(days=self.step - 1), self.last)
        return f"{start}" if start == end else f"{start} to {end}"


def draw_days(axis: TimeAxis, bars: Mapping[int, int], label: str, tone: str) -> Markup:
    """Return a bar for each day or for several days; its height is the count."""
    most = max(bars.values())
    total = -(-axis.days // axis.step)
    rects = (
        element(
            "rect",
            element("title", f"{axis.describe_bar(number)}: {count:,}"),
            x=f"{number + 0.1:.1f}",
            y=f"{40 - max(40 * count / most, 2):.2f}",
            width="0.8",
            height=f"{max(40 * count / most, 2):.2f}",
        )
        for number, count in bars.items()
    )
    return _draw(label, rects, f"0 0 {total} 40", class_=f"days {tone}")


def draw_span(axis: TimeAxis, days: tuple[str, str], label: str, tone: str) -> Markup:
    """Return a line from one day to another."""
    start, end = ((date.fromisoformat(day) - axis.first).days for day in days)
    end += 1
    start, end = max(start, 0), min(end, axis.days)
    width = max(end - start, axis.days / 150)
    x = min(start, axis.days - width)
    rect = element("rect", x=f"{x:.2f}", y="2", width=f"{width:.2f}", height="6")
    return _draw(label, [rect], f"0 0 {axis.days} 10", class_=f"span {tone}")


def draw_shares(shares: Sequence[tuple[int, str]], label: str) -> Markup:
    """Return a bar that is divided by counts, each with a class."""
    total = sum(count for count, _ in shares)
    rects, x = [], 0.0
    for count, class_ in shares:
        width = 100 * count / total if total else 0
        rects.append(element("rect", x=f"{x:.2f}", y="0", width=f"{width:.2f}", height="10", class_=class_))
        x += width
    return _draw(label, rects, "0 0 100 10", class_="shares")


def draw_squares(squares: Sequence[tuple[bool, str]], label: str) -> Markup:
    """Return a square for each part of a schema, filled if it was seen; its title describes it."""
    rects = (
        element(
            "rect",
            element("title", title),
            x=str(number % _COLUMNS * _SQUARE + 1),
            y=str(number // _COLUMNS * _SQUARE + 1),
            width=str(_SQUARE - 4),
            height=str(_SQUARE - 4),
            rx="2",
            class_="seen" if is_seen else "unseen",
        )
        for number, (is_seen, title) in enumerate(squares)
    )
    columns, rows = min(len(squares), _COLUMNS), -(-len(squares) // _COLUMNS)
    width, height = columns * _SQUARE, rows * _SQUARE
    return _draw(label, rects, f"0 0 {width} {height}", class_="squares", width=str(width), height=str(height))


def _draw(label: str, content: Iterable[Markup], box: str, **attributes: str) -> Markup:
    stretch = {} if "width" in attributes else {"preserveAspectRatio": "none"}
    return element("svg", content, viewBox=box, role="img", aria_label=label, **stretch, **attributes)
