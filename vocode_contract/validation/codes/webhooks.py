"""Codes of webhook events, of external actions, and of stress tests of their receivers."""

from collections.abc import Mapping

from vocode_contract.validation.codes.code import Code

DELIVERIES: Mapping[str, Code] = {
    "delivery-content-type": Code(
        title="A delivery is declared as JSON",
        meaning="The Content-Type is not application/json. The body is read as JSON in UTF-8 in any case.",
        example="Content-Type: text/plain",
        level="advice",
        basis="practice",
    ),
    "delivery-content-coding": Code(
        title="A delivery has no content coding",
        meaning="The delivery has a Content-Encoding, which the provider is not known to use. If the body is readable "
        "JSON, something in front of the receiver has decoded it and kept the header.",
        example="Content-Encoding: gzip",
        level="advice",
        basis="practice",
    ),
    "signature-missing": Code(
        title="An external action is signed",
        meaning="The header x-vocode-signature is missing, so the body was not read. The action may have no "
        "signature_secret, or a proxy drops the header.",
        example="A POST by anyone",
    ),
    "signature-wrong": Code(
        title="The signature is made with a known secret",
        meaning="x-vocode-signature is not base64(HMAC-SHA256(base64-decoded secret, raw body)) for any of the "
        "secrets, so the body was not read. webhooks.diagnose finds the reason.",
        example="A body that a framework parsed and serialised again",
    ),
    "event-signed": Code(
        title="An event is unsigned",
        meaning="An event has the header x-vocode-signature, which no document mentions. It was not verified.",
        example="x-vocode-signature with event_message",
        level="drift",
        basis="practice",
    ),
    "event-repeated": Code(
        title="Each event comes once",
        meaning="An event has the type, call and payload of an earlier one: it was sent twice, or the same thing "
        "happened twice. No document excludes either. Messages, actions and transcripts without a payload are "
        "not compared.",
        example="event_recording twice",
        level="advice",
        basis="practice",
    ),
    "event-again": Code(
        title="A call connects, is detected and ends once",
        meaning="A second event of a type that a call has only once differs from the first.",
        example="event_human_detection with human, then with no_human",
        level="advice",
        basis="inference",
    ),
    "event-order": Code(
        title="Events come in the order in which they happen",
        meaning="An event came after one that it precedes in every call. No document promises an order, so a "
        "receiver has to cope with this.",
        example="event_phone_call_connected after event_message",
        level="advice",
        basis="inference",
    ),
    "event-after-end": Code(
        title="The conversation is over when the call has ended",
        meaning="An event of the conversation came late, after the end of the call. Only the transcript and the "
        "recording may follow the end.",
        example="event_message after event_phone_call_ended",
        level="advice",
        basis="inference",
    ),
    "event-contradicts": Code(
        title="A call connects or does not",
        meaning="Two events of one call contradict each other by their types.",
        example="event_phone_call_did_not_connect and event_phone_call_connected",
        basis="inference",
    ),
    "event-missing": Code(
        title="Every event that others presuppose has come",
        meaning="An event that the webhook subscribes to did not come, though a later one shows that it happened. The "
        "open-source sender tries only once.",
        example="event_recording without event_phone_call_ended",
        level="advice",
        basis="inference",
    ),
    "event-unsubscribed": Code(
        title="Only subscribed events come",
        meaning="The event's type is not among the webhook's subscriptions.",
        example="event_message to a webhook for event_recording",
        level="advice",
        basis="inference",
    ),
}

RECEIVERS: Mapping[str, Code] = {
    "receiver-error": Code(
        title="A receiver never responds with 5xx",
        meaning="The receiver failed. If the provider tries once, the event is lost; if it tries again, it sends the "
        "same to the same fault. The note is the shortest sequence that causes the failure; the pointer is the "
        "index of the delivery in it.",
        example="event_recording before event_phone_call_connected gets a 500",
        basis="practice",
    ),
    "receiver-refused": Code(
        title="A receiver accepts valid deliveries",
        meaning="A valid event or action got a response other than 2xx. An event that comes late or a second time is "
        "valid.",
        example="409 for an event that came before",
        basis="practice",
    ),
    "receiver-accepted": Code(
        title="A receiver refuses malformed deliveries",
        meaning="A malformed delivery got a 2xx response. If the receiver accepts everything and ignores what is "
        "malformed, use the option lenient to check only its state.",
        example="200 for half a JSON document",
        basis="practice",
    ),
    "receiver-forged": Code(
        title="A receiver refuses forged deliveries",
        meaning="An external action was accepted though its signature is invalid: anyone can send one.",
        example="200 for an action without x-vocode-signature",
        basis="practice",
    ),
    "receiver-unlimited": Code(
        title="A receiver limits the size of a body",
        meaning="A delivery of 9 MiB was accepted. No real one is that large, and anyone who knows the URL can send "
        "many at once.",
        example="200 for 9 MiB",
        level="advice",
        basis="practice",
    ),
    "receiver-slow": Code(
        title="A receiver responds in time",
        meaning="No complete response came in time. The provider waits ten seconds for that to an external action.",
        example="A receiver that does the work before it responds",
        basis="practice",
    ),
    "receiver-answer": Code(
        title="The response to an external action has a result",
        meaning="The response to a valid action is not a 200 with an object that has a result, as declared.",
        example='{"agent_message": "Done."}',
    ),
    "receiver-order": Code(
        title="The order of events does not change the state",
        meaning="Events that came in another order than they happened led to another state. No document promises an "
        "order. In the stress test, events of one type keep theirs.",
        example="event_phone_call_ended > event_phone_call_connected leaves the call connected",
        basis="practice",
    ),
    "receiver-repeat": Code(
        title="A repeated event does not change the state",
        meaning="An event that came twice led to another state than once: it is counted twice, or undoes what came "
        "in between.",
        example="event_phone_call_ended > event_recording > event_phone_call_ended counts two calls",
        basis="practice",
    ),
    "receiver-mixed": Code(
        title="The events of one call do not change another",
        meaning="Events of another call in between led to another state of the call.",
        example="A receiver that has only one current call",
        basis="practice",
    ),
    "receiver-spoiled": Code(
        title="A refused delivery does not change the state",
        meaning="A malformed or forged delivery led to another state, whatever the response was.",
        example="A receiver that stores a delivery before it validates it",
        basis="practice",
    ),
}
