"""What webhooks and external actions are sent."""

from collections.abc import Mapping

from vocode_contract.validation.codes.code import Code

DELIVERIES: Mapping[str, Code] = {
    "delivery-content-type": Code(
        title="A delivery says that it is JSON",
        meaning="The Content-Type is not application/json. The body is read as JSON in UTF-8 whatever it says.",
        example="Content-Type: text/plain",
        level="advice",
        basis="practice",
    ),
    "delivery-content-coding": Code(
        title="A delivery has no content coding",
        meaning="A Content-Encoding came that the provider is not known to use. Where the body reads as JSON, "
        "something before the receiver has undone it and left the header.",
        example="Content-Encoding: gzip",
        level="advice",
        basis="practice",
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
        basis="practice",
    ),
    "event-repeated": Code(
        title="Each event comes once",
        meaning="An event came with the kind, call and payload of an earlier one: sent twice, or the same thing "
        "happened twice. No document promises either. Messages, actions and transcripts without a payload are "
        "not compared.",
        example="event_recording twice",
        level="advice",
        basis="practice",
    ),
    "event-again": Code(
        title="A call connects, is detected and ends once",
        meaning="A second event of a kind that a call has once says something else than the first.",
        example="event_human_detection with human, then with no_human",
        level="advice",
        basis="inference",
    ),
    "event-order": Code(
        title="Events come in the order in which things happen",
        meaning="An event came after one that it precedes in every call. No document promises an order: a "
        "receiver has to bear this.",
        example="event_phone_call_connected after event_message",
        level="advice",
        basis="inference",
    ),
    "event-after-end": Code(
        title="The conversation is over when the call has ended",
        meaning="An event of the conversation came after the call's end: it was late. Only the transcript and the "
        "recording belong there.",
        example="event_message after event_phone_call_ended",
        level="advice",
        basis="inference",
    ),
    "event-contradicts": Code(
        title="A call connects or it does not",
        meaning="The names of two events of one call deny each other.",
        example="event_phone_call_did_not_connect and event_phone_call_connected",
        basis="inference",
    ),
    "event-missing": Code(
        title="What other events presuppose has come",
        meaning="An event that was subscribed to did not come, though a later one shows that it happened. The "
        "open-source sender tries once.",
        example="event_recording without event_phone_call_ended",
        level="advice",
        basis="inference",
    ),
    "event-unsubscribed": Code(
        title="Only what is subscribed to comes",
        meaning="The event's kind is not among the webhook's subscriptions.",
        example="event_message to a webhook for event_recording",
        level="advice",
        basis="inference",
    ),
}

RECEIVERS: Mapping[str, Code] = {
    "receiver-error": Code(
        title="A receiver answers no 5xx",
        meaning="The receiver failed. A provider that tries once has lost the event by it; one that tries again "
        "sends the same to the same fault. The note is the shortest story that leads there; the pointer, the "
        "place in it.",
        example="event_recording before event_phone_call_connected, answered 500",
        basis="practice",
    ),
    "receiver-refused": Code(
        title="A receiver takes what is good",
        meaning="An event or action as the contract has it was not answered with 2xx. An event that comes late or "
        "a second time is good.",
        example="409 for an event that came before",
        basis="practice",
    ),
    "receiver-accepted": Code(
        title="A receiver refuses what is malformed",
        meaning="Something that does not conform was answered with 2xx. A receiver that takes everything and "
        "ignores what is malformed is held to its state alone, by the option lenient.",
        example="200 for half a JSON document",
        basis="practice",
    ),
    "receiver-forged": Code(
        title="A receiver refuses what is forged",
        meaning="An external action was taken though its signature does not hold: anyone can send such.",
        example="200 for an action without x-vocode-signature",
        basis="practice",
    ),
    "receiver-unlimited": Code(
        title="A receiver limits what it reads",
        meaning="A delivery of 9 MiB was taken. No real one is that large, and whoever knows the address can send "
        "many at once.",
        example="200 for 9 MiB",
        level="advice",
        basis="practice",
    ),
    "receiver-slow": Code(
        title="A receiver answers in time",
        meaning="No complete answer came within the time. An external action waits for ten seconds.",
        example="A receiver that does the work before it answers",
        basis="practice",
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
        basis="practice",
    ),
    "receiver-repeat": Code(
        title="An event that comes again changes nothing",
        meaning="An event that came twice led the receiver to another state than once: it is counted, or undoes "
        "what came since.",
        example="event_phone_call_ended > event_recording > event_phone_call_ended counts two calls",
        basis="practice",
    ),
    "receiver-mixed": Code(
        title="The events of one call change no other",
        meaning="Events of another call in between led the receiver to another state of the call.",
        example="A receiver that keeps one current call",
        basis="practice",
    ),
    "receiver-spoiled": Code(
        title="What is refused changes nothing",
        meaning="Something malformed or forged led the receiver to another state, whatever it answered.",
        example="A receiver that stores first and judges then",
        basis="practice",
    ),
}
