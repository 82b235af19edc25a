"""What a receiver answers and comes to know under attack."""

from collections.abc import Mapping

from vocode_contract.codes.code import Code

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
