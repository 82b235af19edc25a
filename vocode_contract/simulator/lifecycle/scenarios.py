"""Scenarios: the histories that a simulated call can have.

Times are in seconds: since the call was placed while it rings, then since it was picked up. Each call stretches both a
little, by its id.
"""

from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import NamedTuple

from vocode_contract.errors import InvalidOption
from vocode_contract.validation.lifecycle.call_life import (
    ANSWER,
    COMPLETE_TRANSFER,
    CONNECTED,
    DETECT_HUMAN,
    DETECT_MACHINE,
    FINAL,
    RECORD,
    SPEAK,
    START_TRANSFER,
    TRANSCRIBE,
    CallStep,
    end,
)


@dataclass(frozen=True, slots=True)
class Turn:
    """Something that happens to a call.

    Attributes:
        step: What it changes, and its event.
        twilio: Twilio's word for the state from then on; as before if empty.
        sender: Who speaks, if anybody does.
        private: Whether it is left out of calls that are HIPAA compliant.
    """

    step: CallStep
    _: KW_ONLY
    twilio: str = ""
    sender: str = ""
    private: bool = False

    @property
    def begins(self) -> bool:
        """Whether the call starts with it."""
        return self.step.type == CONNECTED

    @property
    def ends(self) -> bool:
        """Whether the call is over after it."""
        return self.step.changes.get("status") in FINAL


class TimedTurn(NamedTuple):
    """A turn at its time, and the text if somebody speaks; empty for the agent's own first message."""

    at: float
    turn: Turn
    text: str = ""


_UNCONNECTED = frozenset(("busy", "canceled", "failed", "no-answer"))


def _end(outcome: str, twilio: str = "completed", *, error: str = "") -> Turn:
    return Turn(end(outcome, connected=twilio not in _UNCONNECTED, error=error), twilio=twilio)


RING = Turn(CallStep(), twilio="ringing")
PICK_UP = Turn(ANSWER, twilio="in-progress")
PERSON, MACHINE = Turn(DETECT_HUMAN), Turn(DETECT_MACHINE)
BOT, HUMAN = (Turn(SPEAK, sender=sender) for sender in ("BOT", "HUMAN"))
DO_NOT_CALL = Turn(CallStep(changes={"do_not_call_result": True}))
TRANSFERRING, TRANSFERRED = Turn(START_TRANSFER), Turn(COMPLETE_TRANSFER)
HUMAN_LEFT = _end("human_disconnected")
BOT_LEFT = _end("bot_disconnected")
NO_HUMAN = _end("human_unanswered")
NO_ANSWER = _end("human_unanswered", "no-answer")
NOT_CONNECTED = _end("call_did_not_connect", "canceled")
BUSY = _end("call_did_not_connect", "busy")
TRANSFER_LEFT = _end("transfer_disconnected")
TRANSFER_UNANSWERED = _end("transfer_unanswered")
REFUSED = _end("call_did_not_connect", "failed", error="The provider refused the call.")
FAILED = _end("bot_disconnected", error="The connection to the provider was lost.")
TRANSCRIPT_READY, RECORDING_READY = Turn(TRANSCRIBE, private=True), Turn(RECORD, private=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """The history of a simulated call.

    Attributes:
        number: Last four digits of the fictional numbers that select it.
        summary: What happens, in one line.
        talk: Turns after the call is picked up; empty if it never is.
        rings: Seconds until it is picked up, or is over.
        unanswered: How it ends if nobody picks up.
        hung_up: Turns instead of `talk` in calls that hang up if no person answers.
        lingers: Seconds between a request to end the call and its end.
        records: Seconds between the end and the recording.
    """

    number: str
    summary: str
    talk: tuple[TimedTurn, ...] = ()
    rings: float = 1.5
    unanswered: Turn = NO_ANSWER
    hung_up: tuple[TimedTurn, ...] = ()
    lingers: float = 0.0
    records: float = 1.0


_HELLO = (
    TimedTurn(0.0, PICK_UP),
    TimedTurn(0.52, BOT),
    TimedTurn(2.4, PERSON),
    TimedTurn(3.81, HUMAN, " Who is there?"),
)

_PLEASANTRIES = (
    *_HELLO,
    TimedTurn(5.07, BOT, "It is an automated call. Is this a good mom-"),
    TimedTurn(7.34, HUMAN, " Yes, go on."),
    TimedTurn(9.6, BOT, "Thank you. I would like to confirm tomorrow's appointment."),
    TimedTurn(16.2, HUMAN, " At what time was that?"),
    TimedTurn(18.9, BOT, "At half past two in the afternoon."),
)

_CONVERSATION = (
    *_PLEASANTRIES,
    TimedTurn(27.5, HUMAN, " That is fine.\nI will bring the papers."),
    TimedTurn(31.0, BOT, "Very good. Is there anything else?"),
    TimedTurn(44.3, HUMAN, " No, that is all. Goodbye."),
    TimedTurn(47.1, BOT, "Goodbye, and have a good day."),
    TimedTurn(60.0, HUMAN_LEFT),
)

_MAILBOX = (
    TimedTurn(0.0, PICK_UP),
    TimedTurn(0.52, BOT),
    TimedTurn(1.2, HUMAN, " You have reached the mailbox of"),
    TimedTurn(3.1, MACHINE),
)

_TRANSFER = (
    *_PLEASANTRIES,
    TimedTurn(24.0, HUMAN, " I would rather talk to a person."),
    TimedTurn(26.5, BOT, "I will put you through."),
    TimedTurn(28.0, TRANSFERRING),
)

#: Name -> scenario: what can happen to a call.
SCENARIOS: Mapping[str, Scenario] = {
    "human": Scenario(number="0101", summary="a person answers, talks for a minute and hangs up", talk=_CONVERSATION),
    "voicemail": Scenario(
        number="0102",
        summary="a mailbox answers; the agent leaves a message or hangs up, as requested",
        talk=(*_MAILBOX, TimedTurn(8.0, BOT, "Please call us back at your convenience."), TimedTurn(25.0, BOT_LEFT)),
        hung_up=(*_MAILBOX, TimedTurn(3.6, NO_HUMAN)),
    ),
    "nobody": Scenario(number="0103", summary="it rings for half a minute and nobody answers", rings=30.0),
    "busy": Scenario(number="0104", summary="the line is busy", rings=2.0, unanswered=BUSY),
    "hang-up": Scenario(
        number="0105",
        summary="the person hangs up while the agent speaks",
        talk=(*_HELLO, TimedTurn(5.07, BOT, "It is an automated call to conf-"), TimedTurn(6.5, HUMAN_LEFT)),
    ),
    "do-not-call": Scenario(
        number="0106",
        summary="the person asks not to be called again",
        talk=(
            *_HELLO,
            TimedTurn(5.07, BOT, "It is an automated call. Is this a good mom-"),
            TimedTurn(7.2, HUMAN, " Take me off your list and do not call again."),
            TimedTurn(8.4, DO_NOT_CALL),
            TimedTurn(9.0, BOT, "I am sorry. You will not be called again."),
            TimedTurn(13.0, BOT_LEFT),
        ),
    ),
    "refused": Scenario(
        number="0107", summary="the provider refuses the call, which fails", rings=1.0, unanswered=REFUSED
    ),
    "endless": Scenario(number="0108", summary="the person never hangs up", talk=_CONVERSATION[:-1]),
    "late-end": Scenario(
        number="0109",
        summary="after End Call has responded, the call continues for another second",
        talk=_CONVERSATION,
        lingers=1.0,
    ),
    "late-recording": Scenario(
        number="0110",
        summary="the recording becomes available 45 seconds after the end",
        talk=_CONVERSATION,
        records=45.0,
    ),
    "transfer": Scenario(
        number="0111",
        summary="the person is put through to a colleague, who talks and hangs up",
        talk=(*_TRANSFER, TimedTurn(36.0, TRANSFERRED), TimedTurn(60.0, TRANSFER_LEFT)),
    ),
    "transfer-unanswered": Scenario(
        number="0112",
        summary="the person is put through to a colleague, who does not answer",
        talk=(*_TRANSFER, TimedTurn(58.0, TRANSFER_UNANSWERED)),
    ),
    "quick": Scenario(
        number="0113",
        summary="a person answers at once, greets and never hangs up",
        rings=0.1,
        talk=(
            TimedTurn(0.0, PICK_UP),
            TimedTurn(0.02, BOT),
            TimedTurn(0.04, HUMAN, " Hello."),
            TimedTurn(0.05, PERSON),
        ),
    ),
}

#: The numbers that select a scenario end in this and the scenario's number; all are fictional.
EXCHANGE = "555"
DEFAULT = "human"
_BY_NUMBER: Mapping[str, str] = {EXCHANGE + scenario.number: name for name, scenario in SCENARIOS.items()}


def check_scenario(name: str) -> str:
    """Return the name of a scenario if there is one.

    Raises:
        InvalidOption: There is no such scenario.
    """
    if name not in SCENARIOS:
        raise InvalidOption("scenario", f"there is none of that name; known: {', '.join(SCENARIOS)}")
    return name


def select_scenario(number: str, default: str) -> str:
    """Return the name of the scenario that a called number selects; only the digits of the number count."""
    digits = "".join(filter(str.isdigit, number[-20:]))
    return _BY_NUMBER.get(digits[-7:], default)


class Utterance(NamedTuple):
    """What somebody said, at a time in seconds since the call began.

    A person's text starts with a space; a bot's text that the person interrupted ends in a hyphen.
    """

    at: float
    sender: str
    text: str


def transcript(lines: Iterable[Utterance], *, timed: bool) -> str:
    """Write a transcript; if timed, each line has its time, with minutes that wrap at 60, and ends in a newline."""
    if not timed:
        return "\n".join(f"{line.sender}: {line.text}" for line in lines)
    return "".join(f"[{_clock(line.at)}] {line.sender}: {line.text}\n" for line in lines)


def _clock(at: float) -> str:
    hundredths = int(at * 100)
    return f"{hundredths // 6000 % 60:02d}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"
