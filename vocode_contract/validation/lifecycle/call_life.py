"""The life of a call in the words of the API: statuses, stages, event types, and the steps between them.

Whatever follows a call reads these tables: the rules here, the simulator, generated histories and the stress tests. A
test compares them with the enums of every shipped contract, so that a new word cannot be forgotten.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

CONNECTED: Final = "event_phone_call_connected"
UNCONNECTED: Final = "event_phone_call_did_not_connect"
ENDED: Final = "event_phone_call_ended"
DETECTION: Final = "event_human_detection"
MESSAGE: Final = "event_message"
ACTION: Final = "event_action"
TRANSCRIPT: Final = "event_transcript"
RECORDING: Final = "event_recording"

#: The types after which a call is over.
ENDINGS = frozenset((ENDED, UNCONNECTED))
EVENT_TYPES = frozenset((CONNECTED, DETECTION, MESSAGE, ACTION, TRANSCRIPT, RECORDING, *ENDINGS))

OVER: Final = 2
#: Status to its rank, which never falls.
STATUSES: Mapping[str, int] = {"not_started": 0, "in_progress": 1, "ended": OVER, "error": OVER}
#: Statuses after which nothing more happens to a call.
FINAL = frozenset(status for status, rank in STATUSES.items() if rank == OVER)
#: Stage to its rank, which never falls. The contract of 2023 has no stages.
STAGES: Mapping[str, int] = {"created": 0, "picked_up": 1, "transfer_started": 2, "transfer_successful": 3}
#: Results of human detection.
RESULTS = ("human", "no_human")


def is_over(call: Mapping[str, Any]) -> bool:
    """Return whether nothing more happens to a call, whose status may have any type."""
    status = call.get("status")
    return isinstance(status, str) and status in FINAL


class CallStep(NamedTuple):
    """A step in a call's life.

    Attributes:
        type: Type of the event that reports it; empty for none.
        payload: Of that event, where it is documented.
        changes: Properties of the Call and the values that they change to.
    """

    type: str = ""
    payload: Mapping[str, Any] | None = None
    changes: Mapping[str, Any] = {}


CREATE = CallStep(changes={"status": "not_started", "stage": "created"})
ANSWER = CallStep(CONNECTED, changes={"status": "in_progress", "stage": "picked_up"})
DETECT_HUMAN, DETECT_MACHINE = (
    CallStep(DETECTION, {"result": result}, {"human_detection_result": result}) for result in RESULTS
)
SPEAK = CallStep(MESSAGE)
START_TRANSFER = CallStep(ACTION, changes={"stage": "transfer_started"})
COMPLETE_TRANSFER = CallStep(changes={"stage": "transfer_successful"})
TRANSCRIBE = CallStep(TRANSCRIPT)
RECORD = CallStep(RECORDING, changes={"recording_available": True})


def end(outcome: str, *, connected: bool = True, error: str = "") -> CallStep:
    """Return the step that ends a call.

    Args:
        outcome: The ``stage_outcome``.
        connected: Whether the call had been answered.
        error: The ``error_message`` if the call failed; empty if it did not.
    """
    changes = {"status": "error", "error_message": error} if error else {"status": "ended"}
    return CallStep(ENDED if connected else UNCONNECTED, changes={**changes, "stage_outcome": outcome})
