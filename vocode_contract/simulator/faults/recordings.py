"""Faults of Get Recording: none, one too many, or something else than sound."""

from vocode_contract.http.message import Response
from vocode_contract.simulator.faults.body_text import HTML, rewritten, typed
from vocode_contract.simulator.faults.fault import Fault, FaultyTurn, Spoiling, after
from vocode_contract.simulator.responses import refused


def _of_any_call(turn: FaultyTurn) -> Response:
    """Give the recording of another call for those that have none."""
    response = turn.sound()
    if response.status != 404 or turn.identifier not in turn.state.calls:
        return response
    recorded = (known for known, call in turn.state.calls.items() if call["recording_available"])
    return turn.of("get_recording", next(recorded, turn.identifier))


def _recording(name: str, title: str, broken: tuple[str, ...] | str, spoil: Spoiling) -> Fault:
    breaks = (broken,) if isinstance(broken, str) else broken
    return Fault(name=name, title=title, breaks=breaks, operations=("get_recording",), spoil=spoil)


RECORDINGS = (
    _recording("recording-as-json", "a recording calls itself JSON", "content-type", typed("application/json")),
    _recording(
        "recording-as-bytes",
        "a recording is of no particular media type",
        "content-type",
        typed("application/octet-stream"),
    ),
    _recording(
        "recording-missing",
        "a recording is not found though the call says that it is available",
        ("recording-missing", "status-undeclared"),
        after(refused(404, "Recording not found")),
    ),
    _recording(
        "recording-of-any-call",
        "there is a recording of calls that say there is none",
        "recording-unexpected",
        _of_any_call,
    ),
    _recording("recording-empty", "a recording has no bytes", "body-missing", rewritten(lambda _: b"")),
    _recording(
        "recording-html",
        "a recording is an HTML page that calls itself sound",
        "recording-not-audio",
        rewritten(lambda _: HTML),
    ),
)
