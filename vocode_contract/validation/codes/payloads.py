"""A value against its schema, and bytes or values that are not JSON."""

from collections.abc import Mapping

from vocode_contract.validation.codes.code import Code

PAYLOADS: Mapping[str, Code] = {
    "required": Code(
        title="Every required property is present",
        meaning="The contract requires this property. The pointer names the place where it is missing.",
        example='A Call without "agent".',
    ),
    "type": Code(
        title="Each value has the declared JSON type",
        meaning="The value has another JSON type than the contract declares. The usual causes are numbers in quotes, "
        "booleans as strings and an id in place of the object.",
        example='"recording_available": "true"',
    ),
    "null": Code(
        title="Null occurs only where it is allowed",
        meaning="The value is null where the contract, read under this profile, does not allow it. Under the profile "
        "wire, optional properties without a default may be null.",
        example='"agent": null',
    ),
    "enum": Code(
        title="Each enumerated value is a declared one",
        meaning="The value is not one of those that the contract lists; a note says if a later contract lists it. "
        "Under the profile tolerant this is drift, since lists grow.",
        example='"status": "ringing"',
        tolerant="drift",
    ),
    "union-type": Code(
        title="Each tagged object has a declared type",
        meaning="The tag that selects the branch of a union is not a declared one, so the rest of the object cannot "
        "be checked.",
        example='"voice": {"type": "voice_unheard_of", ...}',
        tolerant="drift",
    ),
    "format": Code(
        title="Each string has its declared format",
        meaning="The string is not the UUID (RFC 9562) or the date-time with offset (RFC 3339) that the contract "
        "declares.",
        example='"start_time": "2023-11-07 05:31"',
    ),
    "closed": Code(
        title="A closed object has no other properties",
        meaning="The contract allows no additional properties in this object, and it has some.",
        example='"model_id": {"name": "mist"}',
    ),
    "unknown-key": Code(
        title="Each property is a declared one",
        meaning="The contract does not declare this property. No document forbids additional properties, so this is "
        "reported only under the profile tolerant, as drift.",
        example='"sentiment": "calm" in a Call',
        level="off",
        tolerant="drift",
        basis="policy extra-keys",
    ),
    "more-violations": Code(
        title="All violations are listed",
        meaning="There are more violations than the limit allows to list. Under the profile tolerant this is drift if "
        "only drift is left out.",
        example="A page of 500 Calls that all lack an agent.",
        tolerant="drift",
        basis="limit",
    ),
    "json-empty": Code(
        title="The document is not empty",
        meaning="The payload is empty or blank.",
        example="0 bytes",
        basis="RFC 8259 section 2",
    ),
    "json-encoding": Code(
        title="JSON is encoded in UTF-8",
        meaning="The bytes are not UTF-8, which RFC 8259 section 8.1 requires; the offset is that of the first "
        "invalid byte.",
        example="A payload in Latin-1 or UTF-16.",
        basis="RFC 8259 section 8.1",
    ),
    "json-bom": Code(
        title="JSON does not start with a byte order mark",
        meaning="RFC 8259 section 8.1 forbids it; parsers treat it differently.",
        example="EF BB BF before the first brace",
        basis="RFC 8259 section 8.1",
    ),
    "json-syntax": Code(
        title="The document is JSON",
        meaning="The bytes are not JSON; the offset is where the parser stops. If that is the end, the document was "
        "cut off.",
        example='{"id": "3c90',
        basis="RFC 8259",
    ),
    "json-html": Code(
        title="The document is not a web page",
        meaning="The document is HTML instead of JSON, usually the error page of a proxy.",
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
        title="Numbers fit into 64 bits",
        meaning="The number does not fit into 64 bits: parsers round it, each in its own way (RFC 7493 section 2.2).",
        example='"pitch": 100000000000000000000',
        basis="RFC 7493 section 2.2",
    ),
    "json-surrogate": Code(
        title="Surrogate escapes come in pairs",
        meaning="A lone surrogate is not a character and cannot be encoded in UTF-8 (RFC 8259 section 8.2).",
        example='"transcript": "\\ud83d"',
        basis="RFC 8259 section 8.2",
    ),
    "json-duplicate-key": Code(
        title="Each key occurs once",
        meaning="A key occurs twice in one object. Some parsers take the first value, others the last, so one service "
        "may check a value that the next one does not use.",
        example='{"status": "ended", "status": "error"}',
        basis="RFC 7493 section 2.3",
    ),
    "json-trailing": Code(
        title="Nothing follows the document",
        meaning="There are more bytes after the JSON value.",
        example='{"id": ...} OK',
        basis="RFC 8259 section 2",
    ),
    "json-lines": Code(
        title="There is one document",
        meaning="The payload is JSON Lines: several values, one per line. Validate each line separately (--lines).",
        example='{"id": ...}\n{"id": ...}',
        basis="RFC 8259 section 2",
    ),
    "json-too-large": Code(
        title="The payload is within the size limit",
        meaning="The payload has more bytes than the limit; it was not parsed.",
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
        title="The number of values is within the limit",
        meaning="The payload holds more values than the limit.",
        example="A list of a million zeros",
        basis="limit",
    ),
    "not-json": Code(
        title="A parsed payload holds only JSON values",
        meaning="A Python value has a type that JSON does not have, or an object has keys that are not strings.",
        example='{"start_time": datetime(2023, 11, 7)}',
        basis="RFC 8259",
    ),
}
