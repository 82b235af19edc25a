"""Codes of one call over time.

Identity, and what was settled, may not change, so those codes are errors.
"""

from collections.abc import Mapping

from vocode_contract.validation.codes.code import Code

LIVES: Mapping[str, Code] = {
    "call-changed": Code(
        title="A call keeps its id",
        meaning="An observation of this call has another id: responses or events are mixed up.",
        example="Get Call returns another id than before.",
        basis="inference",
    ),
    "status-went-back": Code(
        title="The status never goes back",
        meaning="A call goes from not_started to in_progress to ended or error, and was further before.",
        example="ended, then in_progress",
        basis="inference",
    ),
    "outcome-changed": Code(
        title="A call that is over keeps its outcome",
        meaning="The call had ended and is now in error, or the reverse. Advice, since no document says "
        "that the outcome is final at once.",
        example="ended, then error",
        level="advice",
        basis="inference",
    ),
    "stage-went-back": Code(
        title="The stage never goes back",
        meaning="A call's stage goes from created to picked_up to transfer_started to transfer_successful "
        "(contracts of 2024). Advice, since only the names suggest this order.",
        example="picked_up, then created",
        level="advice",
        basis="inference",
    ),
    "start-time-moved": Code(
        title="The start time does not change",
        meaning="The call had started, and its start time is now different or missing.",
        example="05:31:56, then 05:32:10",
        basis="inference",
    ),
    "end-time-moved": Code(
        title="The end time does not change",
        meaning="The call was over and had an end time, which is now different or missing.",
        example="05:31:56, then 05:45:00",
        basis="inference",
    ),
    "number-changed": Code(
        title="The phone numbers do not change",
        meaning="A phone number of the call differs from before.",
        example='"to_number" differs between two responses.',
        basis="inference",
    ),
    "agent-changed": Code(
        title="The agent does not change",
        meaning="The call has another agent than before.",
        example='"agent" has another "id".',
        basis="inference",
    ),
    "owner-changed": Code(
        title="The owner does not change",
        meaning="The call belongs to another account than before; see foreign-owner.",
        example='"user_id" differs between two responses.',
        basis="inference",
    ),
    "provider-changed": Code(
        title="The telephony provider does not change",
        meaning="The call has another telephony provider than before.",
        example='"telephony_provider": "twilio", then "vonage"',
        basis="inference",
    ),
    "transcript-lost-text": Code(
        title="A transcript only grows",
        meaning="The transcript no longer starts with its earlier text. During the call, its last line may change.",
        example='"BOT: Hello\\nHUMAN: Hi", then "BOT: Hello"',
        basis="inference",
    ),
    "recording-vanished": Code(
        title="A recording stays available",
        meaning="The recording was available and no longer is. Advice, since no document says how long it is kept.",
        example='"recording_available": true, then false',
        level="advice",
        basis="inference",
    ),
    "detection-changed": Code(
        title="The result of human detection does not change",
        meaning="Human detection had another result before.",
        example='"human_detection_result": "human", then "no_human"',
        level="advice",
        basis="inference",
    ),
    "event-disagrees": Code(
        title="Events and call agree",
        meaning="Human detection has one result in an event and another in the call or in a second event.",
        example='event_human_detection with "no_human" for a call with "human".',
        basis="inference",
    ),
}
