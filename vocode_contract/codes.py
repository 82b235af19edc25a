"""Every code a violation can carry: its title, what it means, how severe it is under each profile."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

from vocode_contract.errors import InvalidOption
from vocode_contract.violation import SEVERITIES

Level = Literal["error", "drift", "advice", "off"]

LEVELS: tuple[Level, ...] = (*SEVERITIES, "off")


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One rule's name and what there is to say of it.

    Attributes:
        title: The rule as a claim.
        meaning: What its violation tells, and what usually lies behind it.
        example: Something that breaks the rule.
        level: Severity under every profile that `tolerant` does not override.
        tolerant: Severity under the profile ``tolerant``; that of `level` without.
    """

    title: str
    meaning: str
    example: str
    level: Level = "error"
    tolerant: Level | None = None


CODES: Mapping[str, Code] = {
    # One value against its schema.
    "required": Code(
        title="Every required key is there",
        meaning="The contract requires this key. The pointer names the place where it is missing.",
        example='A Call without "agent".',
    ),
    "type": Code(
        title="Each value has the declared JSON type",
        meaning="The value is of another JSON type than the contract declares. Numbers in quotes, "
        "booleans as strings and an id in place of the object are the usual causes.",
        example='"recording_available": "true"',
    ),
    "null": Code(
        title="Null stands only where it may",
        meaning="The value is null where the contract, read under this profile, allows none. Under the "
        "profile wire, optional properties without a default may be null.",
        example='"agent": null',
    ),
    "enum": Code(
        title="Each enumerated value is a declared one",
        meaning="The value is none of those that the contract lists. A note says so when a later "
        "contract knows it. Under the profile tolerant this is drift: lists grow.",
        example='"status": "ringing"',
        tolerant="drift",
    ),
    "union-type": Code(
        title="Each tagged object is of a declared type",
        meaning="The tag that chooses the branch of a union names none of the declared ones, so the rest "
        "of the object cannot be judged.",
        example='"voice": {"type": "voice_unheard_of", ...}',
        tolerant="drift",
    ),
    "format": Code(
        title="Each formatted string keeps its format",
        meaning="The string is not the UUID (RFC 9562) or the date-time with offset (RFC 3339) that the "
        "contract declares.",
        example='"start_time": "2023-11-07 05:31"',
    ),
    "closed": Code(
        title="A closed object holds no other keys",
        meaning="The contract allows no keys in this object, and some came.",
        example='"model_id": {"name": "mist"}',
    ),
    "unknown-key": Code(
        title="Each key is a declared one",
        meaning="The contract does not declare this key. No document forbids additional keys, so this is "
        "reported under the profile tolerant alone, as drift.",
        example='"sentiment": "calm" in a Call',
        level="off",
        tolerant="drift",
    ),
    "more-violations": Code(
        title="All violations are listed",
        meaning="There are more violations than the limit allows to list. Under the profile tolerant this is "
        "drift if what is left out is drift.",
        example="A page of 500 Calls that all lack an agent.",
        tolerant="drift",
    ),
    # Bytes and values that hold no JSON to be judged.
    "json-empty": Code(title="There is a document", meaning="The payload is empty or blank.", example="0 bytes"),
    "json-encoding": Code(
        title="JSON is UTF-8",
        meaning="The bytes are not UTF-8, which RFC 8259 section 8.1 requires; the offset is that of the "
        "first byte that is wrong.",
        example="A payload in Latin-1 or UTF-16.",
    ),
    "json-bom": Code(
        title="JSON starts without a byte order mark",
        meaning="RFC 8259 section 8.1 forbids it; parsers differ in what they do.",
        example="EF BB BF before the first brace",
    ),
    "json-syntax": Code(
        title="The document is JSON",
        meaning="The bytes are not JSON; the offset is where a parser gives up. The end of the document "
        "there means that it was cut.",
        example='{"id": "3c90',
    ),
    "json-html": Code(
        title="The document is no web page",
        meaning="An HTML page came instead of JSON: mostly a proxy's error page.",
        example="<html><title>502 Bad Gateway</title>",
    ),
    "json-constant": Code(
        title="Numbers are finite",
        meaning="NaN and Infinity are not JSON (RFC 8259 section 6), though Python writes them.",
        example='"conversation_speed": NaN',
    ),
    "json-number": Code(
        title="Numbers fit 64 bits",
        meaning="The number is beyond 64 bits: parsers round it, differently (RFC 7493 section 2.2).",
        example='"pitch": 100000000000000000000',
    ),
    "json-surrogate": Code(
        title="Surrogate escapes come in pairs",
        meaning="A lone surrogate is no character and cannot be written as UTF-8 (RFC 8259 section 8.2).",
        example=r'"transcript": "\ud83d"',
    ),
    "json-duplicate-key": Code(
        title="Each key stands once",
        meaning="A key stands twice in one object. Parsers take the first or the last: what one service "
        "checks is not what the next one uses.",
        example='{"status": "ended", "status": "error"}',
    ),
    "json-trailing": Code(
        title="Nothing follows the document",
        meaning="More bytes follow after the JSON value.",
        example='{"id": ...} OK',
    ),
    "json-lines": Code(
        title="There is one document",
        meaning="The payload is JSON Lines: several values, one a line. Judge each line by itself.",
        example='{"id": ...}\n{"id": ...}',
    ),
    "json-too-large": Code(
        title="The payload is within the size limit",
        meaning="The payload has more bytes than the limit; it was not read.",
        example="A transcript of 50 MB",
    ),
    "json-too-deep": Code(
        title="The nesting is within the depth limit",
        meaning="Arrays and objects are nested deeper than the limit; a Call has 9 levels.",
        example="100,000 opening brackets",
    ),
    "json-too-many-values": Code(
        title="The payload is within the limit of values",
        meaning="The payload holds more values than the limit.",
        example="A list of a million zeros",
    ),
    "not-json": Code(
        title="A parsed payload holds JSON values only",
        meaning="The Python value is of a type that JSON does not have, or an object has keys that are not strings.",
        example='{"start_time": datetime(2023, 11, 7)}',
    ),
    # What webhooks and external actions are sent.
    "delivery-content-type": Code(
        title="A delivery says that it is JSON",
        meaning="The Content-Type is not application/json. The body is read as JSON in UTF-8 whatever it says.",
        example="Content-Type: text/plain",
        level="advice",
    ),
    "delivery-content-coding": Code(
        title="A delivery has no content coding",
        meaning="A Content-Encoding came that the provider is not known to use. Where the body reads as JSON, "
        "something before the receiver has undone it and left the header.",
        example="Content-Encoding: gzip",
        level="advice",
    ),
    "signature-missing": Code(
        title="An external action is signed",
        meaning="The header x-vocode-signature did not come, so the body was not read. The action may have no "
        "signature_secret, or a proxy drops the header.",
        example="A POST by anyone",
    ),
    "signature-wrong": Code(
        title="The signature is made with a known secret",
        meaning="x-vocode-signature is not base64(HMAC-SHA256(base64-decoded secret, raw body)) for any of the "
        "secrets, so the body was not read. The doctor, webhooks.diagnose, says why.",
        example="A body that a framework parsed and wrote again",
    ),
    "event-signed": Code(
        title="An event is unsigned",
        meaning="The header x-vocode-signature came with an event, which no document knows. It was not verified.",
        example="x-vocode-signature beside event_message",
        level="drift",
    ),
    "event-repeated": Code(
        title="Each event comes once",
        meaning="An event came with the kind, call and payload of an earlier one: sent twice, or the same thing "
        "happened twice. No document promises either.",
        example="event_recording twice",
        level="advice",
    ),
    "event-again": Code(
        title="A call connects, is detected and ends once",
        meaning="A second event of a kind that a call has once says something else than the first.",
        example="event_human_detection with human, then with no_human",
        level="advice",
    ),
    "event-order": Code(
        title="Events come in the order in which things happen",
        meaning="An event came after one that it precedes in every call. No document promises an order: a "
        "receiver has to bear this.",
        example="event_phone_call_connected after event_message",
        level="advice",
    ),
    "event-after-end": Code(
        title="The conversation is over when the call has ended",
        meaning="An event of the conversation came after the call's end: it was late. Only the transcript and the "
        "recording belong there.",
        example="event_message after event_phone_call_ended",
        level="advice",
    ),
    "event-contradicts": Code(
        title="A call connects or it does not",
        meaning="The names of two events of one call deny each other.",
        example="event_phone_call_did_not_connect and event_phone_call_connected",
    ),
    "event-missing": Code(
        title="What other events presuppose has come",
        meaning="An event that was subscribed to did not come, though a later one shows that it happened. The "
        "open-source sender tries once.",
        example="event_recording without event_phone_call_ended",
        level="advice",
    ),
    "event-unsubscribed": Code(
        title="Only what is subscribed to comes",
        meaning="The event's kind is not among the webhook's subscriptions.",
        example="event_message to a webhook for event_recording",
        level="advice",
    ),
    # One exchange against its operation.
    "status-undeclared": Code(
        title="Each status code is a declared one",
        meaning="The contract does not list this status code for the operation, and no policy of ours takes "
        "it in this case. A 404 for a call that exists and every 500 are of this kind.",
        example="500 from End Call",
    ),
    "redirect": Code(
        title="No answer sends the client elsewhere",
        meaning="The server redirects where the contract declares an answer. A redirect is never followed: a "
        "POST sent again would end or ring twice, and the token would go to another address.",
        example="307 from End Call",
    ),
    "encoding-unasked": Code(
        title="A body is compressed only on request",
        meaning="The request asked for no content coding and the answer has one (RFC 9110 section 12.5.3). The "
        "body was not unpacked, so it was not judged.",
        example="Content-Encoding: gzip",
    ),
    "framing": Code(
        title="The length of a body is told in one way",
        meaning="The answer has both Content-Length and Transfer-Encoding (RFC 9112 section 6.3). Proxies differ "
        "in which they believe, and requests are smuggled between the two.",
        example="Content-Length: 10 beside Transfer-Encoding: chunked",
        level="advice",
    ),
    "content-type": Code(
        title="Each media type is a declared one",
        meaning="The contract lists other media types for this status code.",
        example="text/html with status 200",
    ),
    "body-missing": Code(
        title="A declared body is there",
        meaning="The contract declares a body for this status code, and it is empty or blank.",
        example="200 with Content-Length: 0",
    ),
    "body-not-json": Code(
        title="A declared JSON body is JSON",
        meaning="The body is not JSON in the strict sense, or beyond a limit; the note names the json-* code "
        "that says more. A body cut off before its end often comes from a wrong Content-Length.",
        example="An HTML page with status 200",
    ),
    "other-call": Code(
        title="The answer holds the call that was asked for",
        meaning="The id in the answer is not the id in the request: calls are mixed up, or a cache answered.",
        example="Get Call for one id answers with the call of another",
    ),
    "token-echoed": Code(
        title="No answer holds the token",
        meaning="The token of the request came back, and from there goes into logs and caches.",
        example='{"detail": "invalid token <the token>"}',
    ),
    "redirect-elsewhere": Code(
        title="No answer sends the client to another host",
        meaning="The server redirects to another host, or to something that is no HTTP address. A client that "
        "follows gives the request away, and some clients the token with it. It was not followed.",
        example="307 with a Location at another host",
    ),
    "detail-string": Code(
        title="The detail of a 422 is a list",
        meaning="The contract declares a list of entries with loc, msg and type, and a string came. The official "
        "clients parse the list, and fail with an error of their own.",
        example='{"detail": "field required"} with status 422',
    ),
    "secret-leaked": Code(
        title="No refusal holds a secret",
        meaning="An answer that refuses holds a credential which the request did not send, so it belongs to "
        "someone, and whoever was refused has it now.",
        example='"twilio_auth_token" with a value, in a 401',
    ),
    "default-missing": Code(
        title="A key with a default is there",
        meaning="The contract gives a default for this key, and the key was left out. No document forbids that: "
        "it is judged only under the policy missing-keys=forbid.",
        example='A Call without "hipaa_compliant".',
    ),
    "slow": Code(
        title="An answer comes within its budget of time",
        meaning="The answer took more than 0.75 seconds. No document promises any time.",
        example="An answer after 2 seconds",
        level="advice",
    ),
    "clock-skew": Code(
        title="The server's clock is right",
        meaning="The Date of the answer is more than 5 seconds off this machine's clock; one of the two is wrong. "
        "Times in calls were compared with the server's.",
        example="Date: a minute ago",
        level="advice",
    ),
    # Several exchanges about one call.
    "status-unexpected": Code(
        title="A request is answered as this case demands",
        meaning="The status code is declared, but it is not the answer to this request: a sound request was "
        "refused, or one that cannot be understood was accepted.",
        example="422 for the id of a call that exists",
    ),
    "not-refused": Code(
        title="A request without valid authentication is refused",
        meaning="The contract demands a bearer token. The request had none, or not a valid one, and was served.",
        example="200 from End Call without Authorization",
    ),
    "refusal-leaks": Code(
        title="A refusal tells nothing of a call",
        meaning="The request was refused, and yet the answer holds a call.",
        example="401 with a Call in its body",
    ),
    "refusal-ignored": Code(
        title="What was refused is not done",
        meaning="The request was refused, and yet the call ended right after it.",
        example="401 from End Call, and the call is ended",
    ),
    "call-not-ended": Code(
        title="A call ends once its end is accepted",
        meaning="End Call was answered with 200, but the call had no final status within the time given.",
        example='"status": "in_progress" long after End Call',
    ),
    # One payload against itself. Most of this no document states, so it is advice; what cannot be
    "method-taken": Code(
        title="Another method does not do what the operation does",
        meaning="The operation was done by a method that the contract does not give it. Browsers, link previews and "
        "caches send GET by themselves.",
        example="GET /v1/calls/end ends the call",
    ),
    "other-ended": Code(
        title="A request ends no other call than the one it names",
        meaning="A call that nobody asked to end is over, right after another one was ended.",
        example="End Call for one id, and a second call has ended as well",
    ),
    "created-lost": Code(
        title="A created call is there",
        meaning="Create Call answered with a call that Get Call does not find.",
        example="404 from Get Call for the id that Create Call gave",
    ),
    "created-twice": Code(
        title="A request creates one call, which is a new one",
        meaning="One request placed two calls, or was answered with a call that was there before.",
        example="Two calls with the context of one request",
    ),
    "not-as-asked": Code(
        title="The created call is the one that was asked for",
        meaning="A number, the agent or the context of the created call is not what the request said.",
        example='Another "to_number" than asked for',
    ),
    "page-not-obeyed": Code(
        title="The page is the one that was asked for",
        meaning="The page bears another number, or holds the calls of another page.",
        example='"page": 3 where the second was asked for',
    ),
    "size-not-obeyed": Code(
        title="A page holds at most as many calls as asked for",
        meaning="The page holds more calls than asked for, or names another size.",
        example="Ten calls where two were asked for",
    ),
    "item-twice": Code(
        title="No call is on two pages, or twice on one",
        meaning="The same call came twice while a list was read page by page.",
        example="The last call of one page is the first of the next",
    ),
    "item-missing": Code(
        title="Every call is on some page",
        meaning="A call that exists is not in the list, or a page has room though another one follows.",
        example="A created call that List Calls does not show",
    ),
    "has-more-wrong": Code(
        title="A page says rightly whether another follows",
        meaning='"has_more" is true behind the last page, or false before it.',
        example='"has_more": true on a page without calls',
    ),
    "sort-not-obeyed": Code(
        title="Calls come in the order that was asked for",
        meaning="The list was asked for in the order of a column and came in another.",
        example="sort_column=to_number, and the numbers go up and down",
    ),
    "total-wrong": Code(
        title="A page says rightly how many calls there are",
        meaning='"total" is no estimate and is not the number of calls on all pages.',
        example='"total": 13 with 14 calls',
    ),
    "recording-missing": Code(
        title="A recording is there when the call says so",
        meaning="The call says that its recording is available, and Get Recording has none.",
        example='404 though "recording_available" is true',
    ),
    "recording-unexpected": Code(
        title="A recording is there only when the call says so",
        meaning="The call says that no recording is available, and Get Recording answers with one: perhaps that of "
        "another call.",
        example='200 though "recording_available" is false',
    ),
    "recording-not-audio": Code(
        title="A recording is sound",
        meaning="The body calls itself audio/mpeg and begins neither with an ID3 tag nor with an MPEG frame.",
        example="An HTML page of type audio/mpeg",
    ),
    # true (an end before the start) or shows one customer's data to another is an error.
    "end-before-start": Code(
        title="A call ends after it starts",
        meaning="The end time lies before the start time. Whatever the clocks say, both cannot be true.",
        example='"start_time": "2023-11-07T05:31:56Z", "end_time": "2023-11-07T05:30:00Z"',
    ),
    "time-without-offset": Code(
        title="A time names its offset",
        meaning="The time has no offset from UTC, so clients shift it to their own time zone. Where the "
        "contract declares a date-time, this is the code format; the contract of 2024-08-27 declares plain strings.",
        example='"end_time": "2024-09-01T10:00:00"',
        level="advice",
    ),
    "time-in-future": Code(
        title="Nothing has happened in the future",
        meaning="A call's start or end lies ahead of the clock by more than the tolerance. Advice, since "
        "the clock that is wrong may be that of the reader.",
        example='"end_time": "2093-11-07T05:31:56Z"',
        level="advice",
    ),
    "foreign-owner": Code(
        title="All parts of a call belong to one account",
        meaning="A nested object names another account than the object around it. It may show one "
        "customer the data, or the credentials, of another: look at once.",
        example='A Call whose "agent" has another "user_id".',
    ),
    "foreign-template": Code(
        title="The prompt's template belongs to the account",
        meaning="The prompt template names another account. Advice, since no document says that a "
        "provider shares no templates with its customers.",
        example='A "prompt_template" with another "user_id" than its prompt.',
        level="advice",
    ),
    "end-time-missing": Code(
        title="An ended call says when it ended",
        meaning="The status is ended, and there is no end time. The contract requires none.",
        example='"status": "ended", "end_time": null',
        level="advice",
    ),
    "end-time-early": Code(
        title="Only a call that is over has an end time",
        meaning="There is an end time while the status says that the call has not begun or goes on. "
        "Status or time is out of date.",
        example='"status": "in_progress", "end_time": "2023-11-07T05:31:56Z"',
        level="advice",
    ),
    "start-time-missing": Code(
        title="A call in progress says when it started",
        meaning="The status is in_progress, and there is no start time. The contract requires none.",
        example='"status": "in_progress", "start_time": null',
        level="advice",
    ),
    "error-message-missing": Code(
        title="A failed call says why",
        meaning="The status is error, and the message is absent or blank. The contract requires none.",
        example='"status": "error", "error_message": null',
        level="advice",
    ),
    "context-key-missing": Code(
        title="The context fills the template's blanks",
        meaning="The prompt template names a required context key that the call's context lacks, and no "
        "context endpoint could fill it. Advice, since no document says what happens then.",
        example='"required_context_keys": ["name"] with "context": {}',
        level="advice",
    ),
    "number-format": Code(
        title="Phone numbers are digits with country code",
        meaning="The number is not 7 to 15 digits that start with no 0, with or without a plus sign "
        "(ITU-T E.164). Advice, since no document gives a pattern. Calls in error are "
        "left out: they are known to hold bad numbers.",
        example='"to_number": "555-0145"',
        level="advice",
    ),
    "credential-in-clear": Code(
        title="No credential is returned in clear",
        meaning="A key, token or secret that was handed to the service comes back unmasked: every log and "
        "cache on the way may keep it. The contract declares the field and says nothing of a mask.",
        example='"twilio_auth_token": a string without a mask',
        level="advice",
    ),
    "hipaa-transcript": Code(
        title="A HIPAA call returns no transcript",
        meaning="The call is marked hipaa_compliant and carries a transcript, which servers leave out.",
        example='"hipaa_compliant": true, "transcript": "BOT: Hello"',
        level="advice",
    ),
    "recording-early": Code(
        title="A call that has not begun has no recording",
        meaning="A recording is said to be available while the status is not_started.",
        example='"status": "not_started", "recording_available": true',
        level="advice",
    ),
    "do-not-call-unasked": Code(
        title="Do-not-call detection reports when it ran",
        meaning="The result of do-not-call detection is true, and the call says that detection was not to run.",
        example='"run_do_not_call_detection": false, "do_not_call_result": true',
        level="advice",
    ),
    "provider-mismatch": Code(
        title="Telephony parts are of the call's provider",
        meaning="The metadata or the account connection is of another telephony provider than the call.",
        example='"telephony_provider": "vonage" with a Twilio connection',
        level="advice",
    ),
    # One call over time. Identity and what was settled may not change, which makes those errors;
    # no document speaks of the delivery of events, so what is said of it is advice.
    "call-changed": Code(
        title="A call keeps its id",
        meaning="An observation of this call bears another id: answers or events are mixed up.",
        example="Get Call answers with another id than before.",
    ),
    "status-went-back": Code(
        title="The status never goes back",
        meaning="A call goes from not_started to in_progress to ended or error, and was further on before.",
        example="ended, then in_progress",
    ),
    "outcome-changed": Code(
        title="A call that is over keeps its outcome",
        meaning="The call had ended and is now in error, or the reverse. Advice, since no document says "
        "that the outcome is settled at once.",
        example="ended, then error",
        level="advice",
    ),
    "stage-went-back": Code(
        title="The stage never goes back",
        meaning="A call's stage goes from created to picked_up to transfer_started to transfer_successful "
        "(contracts of 2024). Advice, since the order is read from the names alone.",
        example="picked_up, then created",
        level="advice",
    ),
    "start-time-moved": Code(
        title="The start time stays",
        meaning="The call had begun, and its start time is another now, or gone.",
        example="05:31:56, then 05:32:10",
    ),
    "end-time-moved": Code(
        title="The end time stays",
        meaning="The call was over with an end time, and it is another now, or gone.",
        example="05:31:56, then 05:45:00",
    ),
    "number-changed": Code(
        title="The phone numbers stay",
        meaning="A number of the call is another than before.",
        example='"to_number" differs between two answers.',
    ),
    "agent-changed": Code(
        title="The agent stays",
        meaning="The call names another agent than before.",
        example='"agent" has another "id".',
    ),
    "owner-changed": Code(
        title="The owner stays",
        meaning="The call belongs to another account than before; see foreign-owner.",
        example='"user_id" differs between two answers.',
    ),
    "provider-changed": Code(
        title="The telephony provider stays",
        meaning="The call is carried by another provider than before.",
        example='"telephony_provider": "twilio", then "vonage"',
    ),
    "transcript-lost-text": Code(
        title="A transcript only grows",
        meaning="What the transcript held is not the beginning of what it holds now. While the call goes "
        "on, the last line may still change.",
        example='"BOT: Hello\\nHUMAN: Hi", then "BOT: Hello"',
    ),
    "recording-vanished": Code(
        title="A recording stays available",
        meaning="The recording was available and is not any more. Advice, since no document says how long it is kept.",
        example='"recording_available": true, then false',
        level="advice",
    ),
    "detection-changed": Code(
        title="A detection result stays",
        meaning="Human detection gave another result before.",
        example='"human_detection_result": "human", then "no_human"',
        level="advice",
    ),
    "event-twice": Code(
        title="Each event comes once",
        meaning="An event that a call has once came again. Advice, since no document rules out repeated delivery.",
        example="event_phone_call_ended, two times",
        level="advice",
    ),
    "event-out-of-order": Code(
        title="Events come in the order of the call",
        meaning="An event came after one that it precedes in a call's life. Advice, since no document "
        "promises an order.",
        example="event_phone_call_ended before event_phone_call_connected",
        level="advice",
    ),
    "event-disagrees": Code(
        title="Events and call tell the same",
        meaning="Human detection has one result in an event and another in the call, or in a second event.",
        example='event_human_detection with "no_human" for a call with "human".',
    ),
    # What a receiver answers and comes to know under attack.
    "receiver-error": Code(
        title="A receiver answers no 5xx",
        meaning="The receiver failed. A provider that tries once has lost the event by it; one that tries again "
        "sends the same to the same fault. The note is the shortest story that leads there; the pointer, the "
        "place in it.",
        example="event_recording before event_phone_call_connected, answered 500",
    ),
    "receiver-refused": Code(
        title="A receiver takes what is good",
        meaning="An event or action as the contract has it was not answered with 2xx. An event that comes late or "
        "a second time is good.",
        example="409 for an event that came before",
    ),
    "receiver-accepted": Code(
        title="A receiver refuses what is malformed",
        meaning="Something that does not conform was answered with 2xx. A receiver that takes everything and "
        "ignores what is malformed is held to its state alone, by the option lenient.",
        example="200 for half a JSON document",
    ),
    "receiver-forged": Code(
        title="A receiver refuses what is forged",
        meaning="An external action was taken though its signature does not hold: anyone can send such.",
        example="200 for an action without x-vocode-signature",
    ),
    "receiver-unlimited": Code(
        title="A receiver limits what it reads",
        meaning="A delivery of 9 MiB was taken. No real one is that large, and whoever knows the address can send "
        "many at once.",
        example="200 for 9 MiB",
        level="advice",
    ),
    "receiver-slow": Code(
        title="A receiver answers in time",
        meaning="No complete answer came within the time. An external action waits for ten seconds.",
        example="A receiver that does the work before it answers",
    ),
    "receiver-answer": Code(
        title="An external action is answered with a result",
        meaning="The answer to a good action is not 200 with an object that has a result, as the contract has it.",
        example='{"agent_message": "Done."}',
    ),
    "receiver-order": Code(
        title="The order in which events come changes nothing",
        meaning="Events that came in another order than they happened led the receiver to another state. No "
        "document promises an order. Events of one kind keep theirs in an attack.",
        example="event_phone_call_ended > event_phone_call_connected leaves the call connected",
    ),
    "receiver-repeat": Code(
        title="An event that comes again changes nothing",
        meaning="An event that came twice led the receiver to another state than once: it is counted, or undoes "
        "what came since.",
        example="event_phone_call_ended > event_recording > event_phone_call_ended counts two calls",
    ),
    "receiver-mixed": Code(
        title="The events of one call change no other",
        meaning="Events of another call in between led the receiver to another state of the call.",
        example="A receiver that keeps one current call",
    ),
    "receiver-spoiled": Code(
        title="What is refused changes nothing",
        meaning="Something malformed or forged led the receiver to another state, whatever it answered.",
        example="A receiver that stores first and judges then",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which codes count, and how much; the empty one changes nothing.

    Attributes:
        select: Patterns of codes to judge, such as ``json-*``; all without.
        ignore: Patterns of codes to leave out.
        severities: Code to level, over the table's.

    Raises:
        InvalidOption: A pattern fits no code, or a level does not exist.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severities: Mapping[str, Level] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Refuse patterns and levels that mean nothing."""
        for pattern in (*self.select, *self.ignore, *self.severities):
            if not any(fnmatchcase(code, pattern) for code in CODES):
                raise InvalidOption(pattern, "no code is named so; 'vocode-contract explain' lists them")
        for code, level in self.severities.items():
            if code not in CODES:
                raise InvalidOption(code, "a severity is given to one code, not to a pattern")
            if level not in LEVELS:
                raise InvalidOption(f"{code}={level}", f"a severity is one of {', '.join(LEVELS)}")

    def __bool__(self) -> bool:
        """Tell whether anything is changed."""
        return bool(self.select or self.ignore or self.severities)

    def level(self, code: str, profile: str) -> Level:
        """Return the level of a code under a profile."""
        # What is not listed may be what is selected, so only `ignore` leaves the hint at it out.
        selected = code == "more-violations" or any(fnmatchcase(code, pattern) for pattern in self.select)
        if self.select and not selected:
            return "off"
        if any(fnmatchcase(code, pattern) for pattern in self.ignore):
            return "off"
        return self.severities.get(code) or default_level(code, profile)


ALL = Selection()


def default_level(code: str, profile: str) -> Level:
    """Return the level that the table gives a code under a profile."""
    row = CODES[code]
    return row.tolerant if profile == "tolerant" and row.tolerant else row.level
