"""What was said in a call, written down as servers do."""

from collections.abc import Iterable
from typing import NamedTuple


class Line(NamedTuple):
    """One utterance.

    Attributes:
        at: Seconds since the call began.
        sender: Who spoke, such as ``BOT``.
        text: What was said. What a person said starts with a space; a bot's line that was cut off
            by the person ends in a hyphen.
    """

    at: float
    sender: str
    text: str


def transcript(lines: Iterable[Line], date: str) -> str:
    """Write lines down in the form of a contract's time.

    Args:
        lines: In the order in which they were spoken.
        date: Of the contract. From 2024 on each line has its time, with minutes that wrap at 60, and
            ends in a newline.
    """
    if date < "2024":
        return "\n".join(f"{line.sender}: {line.text}" for line in lines)
    return "".join(f"[{_clock(line.at)}] {line.sender}: {line.text}\n" for line in lines)


def _clock(at: float) -> str:
    hundredths = int(at * 100)
    return f"{hundredths // 6000 % 60:02d}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"
