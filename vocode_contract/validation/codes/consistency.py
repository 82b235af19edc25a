"""One payload against itself.

Most of this no document states, so it is advice; what cannot be true (an end before the start) or
shows one customer's data to another is an error.
"""

from collections.abc import Mapping

from vocode_contract.validation.codes.code import Code

CONSISTENCY: Mapping[str, Code] = {
    "end-before-start": Code(
        title="A call ends after it starts",
        meaning="The end time lies before the start time. Whatever the clocks say, both cannot be true.",
        example='"start_time": "2023-11-07T05:31:56Z", "end_time": "2023-11-07T05:30:00Z"',
        basis="inference",
    ),
    "time-without-offset": Code(
        title="A time names its offset",
        meaning="The time has no offset from UTC, so clients shift it to their own time zone. Where the "
        "contract declares a date-time, this is the code format; the contract of 2024-08-27 declares plain strings.",
        example='"end_time": "2024-09-01T10:00:00"',
        level="advice",
        basis="practice",
    ),
    "time-in-future": Code(
        title="Nothing has happened in the future",
        meaning="A call's start or end lies ahead of the clock by more than the tolerance. Advice, since "
        "the clock that is wrong may be that of the reader.",
        example='"end_time": "2093-11-07T05:31:56Z"',
        level="advice",
        basis="inference",
    ),
    "foreign-owner": Code(
        title="All parts of a call belong to one account",
        meaning="A nested object names another account than the object around it. It may show one "
        "customer the data, or the credentials, of another: look at once.",
        example='A Call whose "agent" has another "user_id".',
        basis="inference",
    ),
    "foreign-template": Code(
        title="The prompt's template belongs to the account",
        meaning="The prompt template names another account. Advice, since no document says that a "
        "provider shares no templates with its customers.",
        example='A "prompt_template" with another "user_id" than its prompt.',
        level="advice",
        basis="inference",
    ),
    "end-time-missing": Code(
        title="An ended call says when it ended",
        meaning="The status is ended, and there is no end time. The contract requires none.",
        example='"status": "ended", "end_time": null',
        level="advice",
        basis="inference",
    ),
    "end-time-early": Code(
        title="Only a call that is over has an end time",
        meaning="There is an end time while the status says that the call has not begun or goes on. "
        "Status or time is out of date.",
        example='"status": "in_progress", "end_time": "2023-11-07T05:31:56Z"',
        level="advice",
        basis="inference",
    ),
    "start-time-missing": Code(
        title="A call in progress says when it started",
        meaning="The status is in_progress, and there is no start time. The contract requires none.",
        example='"status": "in_progress", "start_time": null',
        level="advice",
        basis="inference",
    ),
    "error-message-missing": Code(
        title="A failed call says why",
        meaning="The status is error, and the message is absent or blank. The contract requires none.",
        example='"status": "error", "error_message": null',
        level="advice",
        basis="inference",
    ),
    "context-key-missing": Code(
        title="The context fills the template's blanks",
        meaning="The prompt template names a required context key that the call's context lacks, and no "
        "context endpoint could fill it. Advice, since no document says what happens then.",
        example='"required_context_keys": ["name"] with "context": {}',
        level="advice",
        basis="inference",
    ),
    "number-format": Code(
        title="Phone numbers are digits with country code",
        meaning="The number is not 7 to 15 digits that start with no 0, with or without a plus sign "
        "(ITU-T E.164). Advice, since no document gives a pattern. Calls in error are "
        "left out: they are known to hold bad numbers.",
        example='"to_number": "555-0145"',
        level="advice",
        basis="ITU-T E.164",
    ),
    "credential-in-clear": Code(
        title="No credential is returned in clear",
        meaning="A key, token or secret that was handed to the service comes back unmasked: every log and "
        "cache on the way may keep it. The contract declares the field and says nothing of a mask.",
        example='"twilio_auth_token": a string without a mask',
        level="advice",
        basis="practice",
    ),
    "hipaa-transcript": Code(
        title="A HIPAA call returns no transcript",
        meaning="The call is marked hipaa_compliant and carries a transcript, which servers leave out.",
        example='"hipaa_compliant": true, "transcript": "BOT: Hello"',
        level="advice",
        basis="practice",
    ),
    "recording-early": Code(
        title="A call that has not begun has no recording",
        meaning="A recording is said to be available while the status is not_started.",
        example='"status": "not_started", "recording_available": true',
        level="advice",
        basis="inference",
    ),
    "do-not-call-unasked": Code(
        title="Do-not-call detection reports when it ran",
        meaning="The result of do-not-call detection is true, and the call says that detection was not to run.",
        example='"run_do_not_call_detection": false, "do_not_call_result": true',
        level="advice",
        basis="inference",
    ),
    "provider-mismatch": Code(
        title="Telephony parts are of the call's provider",
        meaning="The metadata or the account connection is of another telephony provider than the call.",
        example='"telephony_provider": "vonage" with a Twilio connection',
        level="advice",
        basis="inference",
    ),
}
