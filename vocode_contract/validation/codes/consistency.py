"""A payload against itself.

Almost all of this is advice, since no document states it. Errors are what cannot be true, such as an end before the
start, and what shows one customer the data of another.
"""

from collections.abc import Mapping
from functools import partial

from vocode_contract.validation.codes.code import Code

#: What follows from the contract, but is stated nowhere.
_advice = partial(Code, level="advice", basis="inference")

CONSISTENCY: Mapping[str, Code] = {
    "end-before-start": Code(
        title="A call ends after it starts",
        meaning="The end time is before the start time. Whatever the clocks say, both cannot be true.",
        example='"start_time": "2023-11-07T05:31:56Z", "end_time": "2023-11-07T05:30:00Z"',
        basis="inference",
    ),
    "time-without-offset": _advice(
        title="A time has an offset from UTC",
        meaning="The time has no offset, so clients read it in their own time zone. Where the contract declares a "
        "date-time, this is the code format; the contract of 2024-08-27 declares plain strings.",
        example='"end_time": "2024-09-01T10:00:00"',
        basis="practice",
    ),
    "time-in-future": _advice(
        title="A call does not start or end in the future",
        meaning="The start or end of a call is ahead of the clock by more than the tolerance. This is advice, since "
        "the clock of the reader may be wrong.",
        example='"end_time": "2093-11-07T05:31:56Z"',
    ),
    "foreign-owner": Code(
        title="All parts of a call belong to one account",
        meaning="A nested object has another owner than the object around it. It may show one customer the data or "
        "the credentials of another: investigate at once.",
        example='A Call whose "agent" has another "user_id".',
        basis="inference",
    ),
    "foreign-template": _advice(
        title="The prompt template belongs to the call's account",
        meaning="The prompt template has another owner. This is advice, since no document says that a provider does "
        "not share templates with its customers.",
        example='A "prompt_template" with another "user_id" than its prompt.',
    ),
    "end-time-missing": _advice(
        title="An ended call has an end time",
        meaning="The status is ended, and there is no end time. The contract does not require one.",
        example='"status": "ended", "end_time": null',
    ),
    "end-time-early": _advice(
        title="Only a call that is over has an end time",
        meaning="There is an end time, but the status says that the call has not started or is in progress. One of "
        "the two is out of date.",
        example='"status": "in_progress", "end_time": "2023-11-07T05:31:56Z"',
    ),
    "start-time-missing": _advice(
        title="A call in progress has a start time",
        meaning="The status is in_progress, and there is no start time. The contract does not require one.",
        example='"status": "in_progress", "start_time": null',
    ),
    "error-message-missing": _advice(
        title="A failed call has an error message",
        meaning="The status is error, and the message is missing or blank. The contract does not require one.",
        example='"status": "error", "error_message": null',
    ),
    "context-key-missing": _advice(
        title="The context has the keys that the prompt template requires",
        meaning="The call's context lacks a key that the prompt template requires, and no context endpoint could add "
        "it. This is advice, since no document says what happens then.",
        example='"required_context_keys": ["name"] with "context": {}',
    ),
    "number-format": _advice(
        title="Phone numbers are digits with country code",
        meaning="The number is not 7 to 15 digits, the first of them not 0, with or without a plus sign (ITU-T "
        "E.164). This is advice, since no document gives a pattern. Calls in error are not checked: bad numbers are "
        "expected there.",
        example='"to_number": "555-0145"',
        basis="ITU-T E.164",
    ),
    "credential-in-clear": _advice(
        title="Credentials are not returned in clear",
        meaning="A key, token or secret that was given to the service is returned without a mask, and may be kept by "
        "any log or cache on the way. The contract declares the field and does not mention a mask.",
        example='"twilio_auth_token": a string without a mask',
        basis="practice",
    ),
    "hipaa-transcript": _advice(
        title="A HIPAA call has no transcript",
        meaning="The call is marked hipaa_compliant and has a transcript, which servers leave out.",
        example='"hipaa_compliant": true, "transcript": "BOT: Hello"',
        basis="practice",
    ),
    "recording-early": _advice(
        title="A call that has not started has no recording",
        meaning="A recording is available while the status is not_started.",
        example='"status": "not_started", "recording_available": true',
    ),
    "do-not-call-unasked": _advice(
        title="Do-not-call detection has a result only if it ran",
        meaning="The result of do-not-call detection is true, although the detection was switched off for this call.",
        example='"run_do_not_call_detection": false, "do_not_call_result": true',
    ),
    "provider-mismatch": _advice(
        title="Telephony parts belong to the call's provider",
        meaning="The metadata or the account connection belongs to another telephony provider than the call.",
        example='"telephony_provider": "vonage" with a Twilio connection',
    ),
}
