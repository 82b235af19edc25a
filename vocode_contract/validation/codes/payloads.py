"""One value against its schema, and bytes or values that hold no JSON to be checked."""

from collections.abc import Mapping

from vocode_contract.validation.codes.code import Code

PAYLOADS: Mapping[str, Code] = {
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
        basis="policy extra-keys",
    ),
    "more-violations": Code(
        title="All violations are listed",
        meaning="There are more violations than the limit allows to list. Under the profile tolerant this is "
        "drift if what is left out is drift.",
        example="A page of 500 Calls that all lack an agent.",
        tolerant="drift",
        basis="limit",
    ),
    "json-empty": Code(
        title="There is a document",
        meaning="The payload is empty or blank.",
        example="0 bytes",
        basis="RFC 8259 section 2",
    ),
    "json-encoding": Code(
        title="JSON is UTF-8",
        meaning="The bytes are not UTF-8, which RFC 8259 section 8.1 requires; the offset is that of the "
        "first byte that is wrong.",
        example="A payload in Latin-1 or UTF-16.",
        basis="RFC 8259 section 8.1",
    ),
    "json-bom": Code(
        title="JSON starts without a byte order mark",
        meaning="RFC 8259 section 8.1 forbids it; parsers differ in what they do.",
        example="EF BB BF before the first brace",
        basis="RFC 8259 section 8.1",
    ),
    "json-syntax": Code(
        title="The document is JSON",
        meaning="The bytes are not JSON; the offset is where a parser gives up. The end of the document "
        "there means that it was cut.",
        example='{"id": "3c90',
        basis="RFC 8259",
    ),
    "json-html": Code(
        title="The document is no web page",
        meaning="An HTML page came instead of JSON: mostly a proxy's error page.",
        example="<html><title>502 Bad Gateway</title>",
        basis="RFC 8259",
    ),
    "json-constant": Code(
        title="Numbers are finite",
        meaning="NaN and Infinity are not JSON (RFC 8259 section 6), though Python writes them.",
        example='"conversation_speed": NaN',
        basis="RFC 8259 section 6",
    ),
    "json-number": Code(
        title="Numbers fit 64 bits",
        meaning="The number is beyond 64 bits: parsers round it, differently (RFC 7493 section 2.2).",
        example='"pitch": 100000000000000000000',
        basis="RFC 7493 section 2.2",
    ),
    "json-surrogate": Code(
        title="Surrogate escapes come in pairs",
        meaning="A lone surrogate is no character and cannot be written as UTF-8 (RFC 8259 section 8.2).",
        example=r'"transcript": "\ud83d"',
        basis="RFC 8259 section 8.2",
    ),
    "json-duplicate-key": Code(
        title="Each key stands once",
        meaning="A key stands twice in one object. Parsers take the first or the last: what one service "
        "checks is not what the next one uses.",
        example='{"status": "ended", "status": "error"}',
        basis="RFC 7493 section 2.3",
    ),
    "json-trailing": Code(
        title="Nothing follows the document",
        meaning="More bytes follow after the JSON value.",
        example='{"id": ...} OK',
        basis="RFC 8259 section 2",
    ),
    "json-lines": Code(
        title="There is one document",
        meaning="The payload is JSON Lines: several values, one a line. Judge each line by itself.",
        example='{"id": ...}\n{"id": ...}',
        basis="RFC 8259 section 2",
    ),
    "json-too-large": Code(
        title="The payload is within the size limit",
        meaning="The payload has more bytes than the limit; it was not read.",
        example="A transcript of 50 MB",
        basis="limit",
    ),
    "json-too-deep": Code(
        title="The nesting is within the depth limit",
        meaning="Arrays and objects are nested deeper than the limit; a Call has 9 levels.",
        example="100,000 opening brackets",
        basis="limit",
    ),
    "json-too-many-values": Code(
        title="The payload is within the limit of values",
        meaning="The payload holds more values than the limit.",
        example="A list of a million zeros",
        basis="limit",
    ),
    "not-json": Code(
        title="A parsed payload holds JSON values only",
        meaning="The Python value is of a type that JSON does not have, or an object has keys that are not strings.",
        example='{"start_time": datetime(2023, 11, 7)}',
        basis="RFC 8259",
    ),
}
