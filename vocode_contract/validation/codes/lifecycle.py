"""One call over time.

Identity and what was settled may not change, which makes those errors.
"""

from collections.abc import Mapping

from vocode_contract.validation.codes.code import Code

LIVES: Mapping[str, Code] = {
    "call-changed": Code(
        title="A call keeps its id",
        meaning="An observation of this call bears another id: answers or events are mixed up.",
        example="Get Call answers with another id than before.",
        basis="inference",
    ),
    "status-went-back": Code(
        title="The status never goes back",
        meaning="A call goes from not_started to in_progress to ended or error, and was further on before.",
        example="ended, then in_progress",
        basis="inference",
    ),
    "outcome-changed": Code(
        title="A call that is over keeps its outcome",
        meaning="The call had ended and is now in error, or the reverse. Advice, since no document says "
        "that the outcome is settled at once.",
        example="ended, then error",
        level="advice",
        basis="inference",
    ),
    "stage-went-back": Code(
        title="The stage never goes back",
        meaning="A call's stage goes from created to picked_up to transfer_started to transfer_successful "
        "(contracts of 2024). Advice, since the order is read from the names alone.",
        example="picked_up, then created",
        level="advice",
        basis="inference",
    ),
    "start-time-moved": Code(
        title="The start time stays",
        meaning="The call had begun, and its start time is another now, or gone.",
        example="05:31:56, then 05:32:10",
        basis="inference",
    ),
    "end-time-moved": Code(
        title="The end time stays",
        meaning="The call was over with an end time, and it is another now, or gone.",
        example="05:31:56, then 05:45:00",
        basis="inference",
    ),
    "number-changed": Code(
        title="The phone numbers stay",
        meaning="A number of the call is another than before.",
        example='"to_number" differs between two answers.',
        basis="inference",
    ),
    "agent-changed": Code(
        title="The agent stays",
        meaning="The call names another agent than before.",
        example='"agent" has another "id".',
        basis="inference",
    ),
    "owner-changed": Code(
        title="The owner stays",
        meaning="The call belongs to another account than before; see foreign-owner.",
        example='"user_id" differs between two answers.',
        basis="inference",
    ),
    "provider-changed": Code(
        title="The telephony provider stays",
        meaning="The call is carried by another provider than before.",
        example='"telephony_provider": "twilio", then "vonage"',
        basis="inference",
    ),
    "transcript-lost-text": Code(
        title="A transcript only grows",
        meaning="What the transcript held is not the beginning of what it holds now. While the call goes "
        "on, the last line may still change.",
        example='"BOT: Hello\\nHUMAN: Hi", then "BOT: Hello"',
        basis="inference",
    ),
    "recording-vanished": Code(
        title="A recording stays available",
        meaning="The recording was available and is not any more. Advice, since no document says how long it is kept.",
        example='"recording_available": true, then false',
        level="advice",
        basis="inference",
    ),
    "detection-changed": Code(
        title="A detection result stays",
        meaning="Human detection gave another result before.",
        example='"human_detection_result": "human", then "no_human"',
        level="advice",
        basis="inference",
    ),
    "event-disagrees": Code(
        title="Events and call tell the same",
        meaning="Human detection has one result in an event and another in the call, or in a second event.",
        example='event_human_detection with "no_human" for a call with "human".',
        basis="inference",
    ),
}
