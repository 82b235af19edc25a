"""Values of generated payloads: plausible ones by property name, and difficult ones.

Every phone number is fictional (555-0100 to 555-0199 are reserved for that), every credential
is marked as an example, and every host is under ``example.com``.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

_AREAS = ("202", "212", "303", "415", "617")
_MULTIPLIER = 0x9E3779B97F4A7C15F39CC0605CEDC835  # odd, so no two numbers meet

#: The earliest of the generated times; all lie within 46 days from it.
EPOCH = datetime(2023, 11, 7, 5, 31, 56, tzinfo=UTC)


def uuid(number: int) -> str:
    """Write a number as a UUID: numbers up to 255 as they are, larger ones so that it looks random."""
    if number > 0xFF:
        number = number * _MULTIPLIER & (1 << 128) - 1
        number = number & ~(0xF << 76) & ~(0x3 << 62) | 0x4 << 76 | 0x2 << 62
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def phone_number(number: int) -> str:
    """Write a fictional phone number: digits with country code, as servers usually send it."""
    return f"1{_AREAS[number // 100 % 5]}555{100 + number % 100:04}"


def date_time(number: int) -> str:
    """Write a time in UTC: the three lowest bits choose the format, the others count minutes."""
    at = EPOCH + timedelta(minutes=number >> 3, microseconds=250_000 * (number & 3))
    text = at.isoformat()
    return text.replace("+00:00", "Z") if number & 4 else text


def epoch_seconds(number: int) -> int | float:
    """Write a time as seconds since 1970: an integer, or a number with a fraction; see `date_time`."""
    seconds = int(EPOCH.timestamp()) + 60 * (number >> 3)
    return seconds + 0.25 * (number & 3) if number & 3 else seconds


def _one_of(*words: str) -> Callable[[int], str]:
    return lambda number: words[number % len(words)]


def _pattern(pattern: str) -> Callable[[int], str]:
    return pattern.format


def _sid(prefix: str) -> Callable[[int], str]:
    return lambda number: f"{prefix}{uuid(number).replace('-', '')}"


def example(number: int) -> str:
    """Write a text for a property without entry in `TEXTS`."""
    return f"example {number}"


#: A masked credential, as services return it.
MASK = "********"

#: Property name to the function that makes its text from a number below 65,536.
TEXTS: Mapping[str, Callable[[int], str]] = {
    "agent_message": _one_of("Your parcel is on its way.", "Done.", "I could not find that."),
    "agent_phone_number": phone_number,
    "api_environment": _one_of("us-east-example", "eu-west-example"),
    "api_key": _pattern("sk-example-{:04x}"),
    "api_user_id": _pattern("user-example-{:04x}"),
    "call_sid": _sid("CA"),
    "call_status": _one_of("completed", "in-progress", "busy", "no-answer"),
    "conference_sid": _sid("CF"),
    "content": _one_of(
        "Remind the customer of tomorrow's delivery.",
        "Ask {customer_name} whether the order {order_number} has arrived.",
        "You are a friendly receptionist.\nKeep it short.",
    ),
    "context_endpoint": _pattern("https://context.example.com/calls/{}"),
    "description": _one_of("Where to send the confirmation.", "Look up an order by its number."),
    "error_message": _one_of("The number could not be reached.", "The provider refused the call."),
    "from_number": phone_number,
    "index": _one_of("faq", "orders", "menu"),
    "initial_message": _one_of("Hello?", "Hello, this is the delivery service.", "¿Hola? ¿Con quién hablo?"),
    "label": _one_of("E-mail address", "Delivery reminder", "Order"),
    "loc": _one_of("query", "id", "body"),
    "model_name": _one_of("gpt-4o-mini", "gpt-4"),
    "msg": _one_of("field required", "value is not a valid uuid"),
    "name": _one_of("email", "Delivery reminder", "lookup_order"),
    "openai_api_key": _pattern("sk-example-{:04x}"),
    "openai_model_name_override": _one_of("gpt-4", "gpt-3.5-turbo"),
    "phone_number": phone_number,
    "phrase": _one_of("a real person", "goodbye", "repeat that"),
    "required_context_keys": _one_of("customer_name", "order_number"),
    "signature_secret": _pattern("c2VjcmV0LWV4YW1wbGUt{:04x}"),
    "speaker": _one_of("young_adult_female_1", "cove"),
    "steering_pool": phone_number,
    "telephony_id": _sid("CA"),
    "to_number": phone_number,
    "transfer_call_sid": _sid("CA"),
    "transfer_call_status": _one_of("completed", "ringing", "failed"),
    "twilio_account_sid": _pattern("AC-example-{:04x}"),
    "twilio_auth_token": _pattern("token-example-{:04x}"),
    "type": _one_of("value_error.missing", "type_error.uuid"),
    "url": _pattern("https://hooks.example.com/vocode/{}"),
    "voice_id": _pattern("voice-example-{}"),
    "voice_name": _one_of("en-US-SteffanNeural", "de-DE-KatjaNeural"),
}

#: Property name to the lowest and highest plausible number; others have 0 to 255.
RANGES: Mapping[str, tuple[int, int]] = {
    "conversation_speed": (1, 2),
    "idle_time_seconds": (5, 60),
    "initial_message_delay": (0, 5),
    "llm_temperature": (0, 1),
    "page": (1, 9),
    "pitch": (0, 10),
    "rate": (0, 30),
    "size": (10, 100),
    "speed": (1, 2),
}

#: Property name to the keys of its free-form map.
KEYS: Mapping[str, Sequence[str]] = {
    "context": ("customer_name", "order_number", "city"),
    "deepgram_keywords": ("delivery", "parcel", "order"),
    "telephony_params": ("MachineDetectionTimeout", "Region", "x-note"),
}
OTHER_KEYS = ("a", "b", "c")


def free_object(number: int) -> dict[str, Any]:
    """Return a small object for a place that allows any; 0 gives an empty one."""
    return {
        **({"order_number": number} if number & 1 else {}),
        **({"note": "by the door", "urgent": True} if number & 2 else {}),
        **({"items": [{"sku": "A-1", "count": number}, None]} if number & 4 else {}),
    }


_LINES = (
    ("BOT", "Hello, this is the delivery service."),
    ("HUMAN", " Who is there?"),  # what people say keeps a leading space
    ("BOT", "I am calling about your par-"),  # cut off by the caller
    ("HUMAN", " Wait."),
    ("BOT", "Your parcel comes tomorrow."),
    ("HUMAN", " Fine.\nSee you"),
    ("ACTION", "Transferring the call"),
    ("HUMAN", " Goodbye."),
)
LINES = len(_LINES)


def transcript(lines: Sequence[int], *, timed: bool) -> str:
    """Write a transcript of lines by number; `timed` starts each line with its time and ends it with a line break."""
    spoken = [_LINES[line % LINES] for line in lines]
    if not timed:
        return "\n".join(f"{sender}: {text}" for sender, text in spoken)
    clock = [52 + 361 * index for index in range(len(spoken))]
    return "".join(
        f"[{at // 6000 % 60:02}:{at // 100 % 60:02}.{at % 100:02}] {sender}: {text}\n"
        for at, (sender, text) in zip(clock, spoken, strict=True)
    )


#: Text that programs handle badly, the harmless first.
NASTY_TEXTS: Sequence[str] = (
    "",
    " ",
    "\x00",
    "\x1b[2J\x1b]0;title\x07",
    "\r\n\t\x0b\x7f\x85\u2028\u2029",
    "\ufeffbyte order mark",
    "\u202etxt.exe\u2066\u200f",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "\U0001d54f\U0001f600\U0001f469\u200d\U0001f467\U0010ffff",
    "e\u0301\u0323" + "\u0300" * 64,
    "\u0130\u0131\u017f\u212a\u00df",
    "\ufffd\ufdd0\uffff",
    "null",
    "true",
    "0",
    "-1e999",
    "NaN",
    "{}",
    '"}],"status":"ended","x":[{"',
    "\\u0000\\ud800",
    "' OR '1'='1",
    "<script>alert(1)</script>]]>",
    "${jndi:ldap://example.com/a}{{7*7}}%s%n",
    "=cmd|' /C calc'!A0",
    "::add-mask::x\n##vso[task.complete]",
    "../../etc/passwd",
    "a" * 4096,
    "\U0001f600" * 1024,
    "\n" * 512,
)

NASTY_UUIDS: Sequence[str] = (
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
    "3C90c3cc-0D44-4b50-8888-8dd25736052A",
    "00000000-0000-0000-0000-000000000001",
)

NASTY_TIMES: Sequence[str] = (
    "2000-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
    "2016-12-31T23:59:60Z",
    "2024-02-29t23:59:59z",
    "1969-12-31T23:59:59-00:00",
    "2023-11-07T05:31:56.000000000000000000001+23:59",
    "2038-01-19T03:14:08-23:59",
)

NASTY_INTEGERS: Sequence[int] = (0, -1, 2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, -(2**63), 2**64 - 1)

NASTY_NUMBERS: Sequence[float] = (
    *(0, -0.0, 0.1, -1, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, -1.7976931348623157e308),
    *(1e16, 2.0**53 + 2, 2**63 - 1, -(2**63), 2**64 - 1),
)
