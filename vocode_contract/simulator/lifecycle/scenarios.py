"""Scenarios: the histories that a simulated call can have.

Steps have times in seconds: of ringing, since the call was placed; of the talk, since it was
picked up. Each call stretches both a little, by its id.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from vocode_contract.errors import InvalidOption


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Something that happens to a call.

    Attributes:
        changes: Properties that get another value by it.
        event: The event that tells of it; none if empty.
        payload: What the event says, as far as documented.
        twilio: What Twilio calls the state from then on; as before if empty.
        begins: Whether the call starts by it.
        ends: Whether the call is over by it.
        sender: Who speaks, where somebody does.
        private: Whether it is left out of calls that are HIPAA compliant.
    """

    changes: Mapping[str, Any] = field(default_factory=dict)
    event: str = ""
    payload: Mapping[str, Any] | None = None
    twilio: str = ""
    begins: bool = False
    ends: bool = False
    sender: str = ""
    private: bool = False


class TimedTurn(NamedTuple):
    """A turn at its time.

    Attributes:
        at: Seconds since the call was placed, or since it was picked up.
        turn: What happens.
        text: What is said, where somebody speaks; empty for the agent's own first message.
    """

    at: float
    turn: Turn
    text: str = ""


_UNCONNECTED = frozenset(("busy", "canceled", "failed", "no-answer"))


def _over(outcome: str, twilio: str = "completed", **changes: Any) -> Turn:
    event = "event_phone_call_did_not_connect" if twilio in _UNCONNECTED else "event_phone_call_ended"
    changes = {"status": "ended", "stage_outcome": outcome, **changes}
    return Turn(changes=changes, event=event, twilio=twilio, ends=True)


RINGS = Turn(twilio="ringing")

ANSWERED = Turn(
    changes={"status": "in_progress", "stage": "picked_up"},
    event="event_phone_call_connected",
    twilio="in-progress",
    begins=True,
)

PERSON, MACHINE = (
    Turn(changes={"human_detection_result": result}, event="event_human_detection", payload={"result": result})
    for result in ("human", "no_human")
)

BOT, HUMAN = (Turn(event="event_message", sender=sender) for sender in ("BOT", "HUMAN"))
ASKED_NOT_TO_BE_CALLED = Turn(changes={"do_not_call_result": True})
TRANSFERRING = Turn(changes={"stage": "transfer_started"}, event="event_action")
TRANSFERRED = Turn(changes={"stage": "transfer_successful"})
HUMAN_LEFT = _over("human_disconnected")
BOT_LEFT = _over("bot_disconnected")
NO_HUMAN = _over("human_unanswered")
NO_ANSWER = _over("human_unanswered", "no-answer")
NOT_CONNECTED = _over("call_did_not_connect", "canceled")
BUSY = _over("call_did_not_connect", "busy")
TRANSFER_LEFT = _over("transfer_disconnected")
TRANSFER_UNANSWERED = _over("transfer_unanswered")
REFUSED = _over("call_did_not_connect", "failed", status="error", error_message="The provider refused the call.")
FAILED = _over("bot_disconnected", status="error", error_message="The connection to the provider was lost.")
TRANSCRIBED = Turn(event="event_transcript", private=True)
RECORDED = Turn(changes={"recording_available": True}, event="event_recording", private=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A life.

    Attributes:
        number: Last four digits of the fictional numbers that choose it.
        summary: What happens, in one line.
        talk: What happens once the call is picked up; empty if it never is.
        rings: Seconds until it is picked up, or is over.
        unanswered: How it is over where nobody picks up.
        hung_up: What happens instead of `talk` to calls that hang up where no person answers.
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
    TimedTurn(0.0, ANSWERED),
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
    TimedTurn(0.0, ANSWERED),
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

SCENARIOS: Mapping[str, Scenario] = {
    "human": Scenario(number="0101", summary="a person answers, talks for a minute and hangs up", talk=_CONVERSATION),
    "voicemail": Scenario(
        number="0102",
        summary="a mailbox answers; the agent speaks its message or hangs up, as asked for",
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
            TimedTurn(8.4, ASKED_NOT_TO_BE_CALLED),
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
        summary="End Call is answered while the call goes on for another second",
        talk=_CONVERSATION,
        lingers=1.0,
    ),
    "late-recording": Scenario(
        number="0110",
        summary="the recording is there only 45 seconds after the end",
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
}

#: The numbers that choose a scenario end in this and the scenario's number; all are fictional.
EXCHANGE = "555"
DEFAULT = "human"
_BY_NUMBER: Mapping[str, str] = {EXCHANGE + scenario.number: name for name, scenario in SCENARIOS.items()}


def known(name: str) -> str:
    """Return the name of a scenario.

    Raises:
        InvalidOption: There is none of that name.
    """
    if name not in SCENARIOS:
        raise InvalidOption("scenario", f"there is none of that name; known: {', '.join(SCENARIOS)}")
    return name


def of_number(number: str, otherwise: str) -> str:
    """Return the name of the scenario that a called number chooses.

    Args:
        number: As the client sent it; only its digits count.
        otherwise: The name where it chooses none.
    """
    digits = "".join(filter(str.isdigit, number[-20:]))
    return _BY_NUMBER.get(digits[-7:], otherwise)


class Utterance(NamedTuple):
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


def transcript(lines: Iterable[Utterance], date: str) -> str:
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
