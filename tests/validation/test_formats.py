"""The two formats: this project's own checks, and both engines that must agree with them."""

import jsonschema_rs
import pytest

from vocode_contract.contract.model import Contract
from vocode_contract.contract.profile import DIALECT, schemas_under_profile
from vocode_contract.validation.engine import CompiledEngine, ReferenceEngine, is_date_time, is_uuid

UUID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
TIMES = ["2023-11-07T05:31:56Z", "2023-11-30t14:30:00.123456+05:30", "2024-02-29T23:59:59z", "2016-12-31T23:59:60Z"]
# Every character of ASCII, and what is taken for a digit, a letter, a hyphen or nothing elsewhere.
CHARACTERS = [*map(chr, range(128)), *"٣৩３Ａａｚ‐−–ſK\u00a0\u200b\ufeff\u2028\x85é😀"]  # noqa: RUF001 - that is the point

UUIDS = {
    UUID: True,
    UUID.upper(): True,
    "00000000-0000-0000-0000-000000000000": True,
    "ffffffff-ffff-ffff-ffff-ffffffffffff": True,
    UUID.replace("-", ""): False,
    f"urn:uuid:{UUID}": False,
    f"{{{UUID}}}": False,
    "": False,
    "3c90c3cc0-d44-4b50-8888-8dd25736052a": False,
}
DATE_TIMES = {
    "2023-11-07T05:31:56+00:00": True,
    "2023-11-07T05:31:56-00:00": True,
    "2023-11-07T05:31:56+23:59": True,
    "2023-11-07T05:31:56.1234567890123Z": True,
    "9999-12-31T23:59:59Z": True,
    "2000-02-29T00:00:00Z": True,
    "2023-11-07T05:31:56": False,
    "2023-11-07 05:31:56Z": False,
    "2023-11-07T05:31Z": False,
    "2023-11-07T05:31:56.Z": False,
    "2023-11-07T05:31:56,5Z": False,
    "2023-11-07T05:31:56+0530": False,
    "2023-11-07T05:31:56+05": False,
    "2023-11-07T24:00:00Z": False,
    "2023-11-07T05:60:00Z": False,
    "2023-11-07T05:31:56+24:00": False,
    "2023-11-07T05:31:56+05:60": False,
    "2023-13-07T05:31:56Z": False,
    "2023-00-07T05:31:56Z": False,
    "2023-11-31T05:31:56Z": False,
    "2023-11-00T05:31:56Z": False,
    "2023-02-29T05:31:56Z": False,
    "1900-02-29T05:31:56Z": False,
    "+2023-11-07T05:31:56Z": False,
    "12023-11-07T05:31:56Z": False,
    "2023-11-07": False,
    "05:31:56Z": False,
    "1699335116": False,
    "": False,
}
# Where the engines' own checks differ from each other or from the RFCs, and what was decided.
DECIDED = {
    "leap second at the end of a UTC day": ("2016-12-31T23:59:60Z", True),
    "leap second at that time elsewhere": ("2017-01-01T05:29:60+05:30", True),
    "leap second west of Greenwich": ("2016-12-31T15:59:60-08:00", True),
    "leap second at another minute": ("2016-12-31T23:58:60Z", False),
    "leap second by local time alone": ("2016-12-31T23:59:60+01:00", False),
    "second 61": ("2016-12-31T23:59:61Z", False),
    "year 0": ("0000-01-01T00:00:00Z", True),
    "leap day of the year 0": ("0000-02-29T00:00:00Z", True),
    "digits of another script": ("2023-11-0৭T05:31:56Z", False),  # noqa: RUF001 - that is the point
    "fullwidth digits": ("２023-11-07T05:31:56Z", False),  # noqa: RUF001 - that is the point
    "trailing newline": ("2023-11-07T05:31:56Z\n", False),
    "leading space": (" 2023-11-07T05:31:56Z", False),
    "punctuation for digits of a date": ("20*3-1+-0,T05:31:56Z", False),
    "punctuation for digits of a time": ("2023-11-07T-5:3.:5/Z", False),
    "punctuation for digits of a fraction": ("2023-11-07T05:31:56.1+2Z", False),
    "punctuation for digits of an offset": ("2023-11-07T05:31:56+0-:0.", False),
}


def judges(format_):
    """Return the verdicts of both engines, each on a schema as the contract has it for that format."""
    place = {"uuid": "id", "date-time": "start_time"}[format_]
    schema = schemas_under_profile(Contract.load(profile="documented"))["Call"]["properties"][place]
    engines = [make({"$schema": DIALECT, **schema}) for make in (CompiledEngine, ReferenceEngine)]
    return [engine.is_valid for engine in engines]


def mutated(text):
    """Yield a text with each character replaced, one put in before it, or it left out."""
    for at in range(len(text) + 1):
        yield text[:at] + text[at + 1 :]
        for character in CHARACTERS:
            yield text[:at] + character + text[at:]
            yield text[:at] + character + text[at + 1 :]


def disagreements(texts, is_right, format_):
    compiled, reference = judges(format_)
    return [text for text in texts if not compiled(text) == reference(text) == is_right(text)]


@pytest.mark.parametrize(("text", "verdict"), UUIDS.items(), ids=repr)
def test_uuid_is_that_of_rfc_9562(text, verdict):
    assert is_uuid(text) is verdict
    assert disagreements([text], is_uuid, "uuid") == []


@pytest.mark.parametrize(("text", "verdict"), DATE_TIMES.items(), ids=repr)
def test_date_time_is_that_of_rfc_3339(text, verdict):
    assert is_date_time(text) is verdict
    assert disagreements([text], is_date_time, "date-time") == []


@pytest.mark.parametrize(("text", "verdict"), DECIDED.values(), ids=DECIDED)
def test_difference_between_engines_is_decided(text, verdict):
    assert is_date_time(text) is verdict
    assert disagreements([text], is_date_time, "date-time") == []


def test_engines_agree_on_every_uuid_with_one_character_changed():
    assert disagreements(mutated(UUID), is_uuid, "uuid") == []


@pytest.mark.parametrize("time", TIMES)
def test_engines_agree_on_every_date_time_with_one_character_changed(time):
    assert disagreements(mutated(time), is_date_time, "date-time") == []


def test_engines_agree_on_every_day_and_second():
    days = [
        f"{year}-{month:02}-{day:02}T00:00:00Z"
        for year in (1900, 2000, 2023, 2024)
        for month in range(14)
        for day in range(33)
    ]
    times = [
        f"2016-12-31T{hour:02}:{minute:02}:{second}Z"
        for hour in range(25)
        for minute in range(61)
        for second in (59, 60, 61)
    ]
    assert disagreements(days + times, is_date_time, "date-time") == []


@pytest.mark.parametrize("value", [None, 5, [], {}, True], ids=repr)
def test_formats_speak_of_strings_only(value):
    assert is_uuid(value)
    assert is_date_time(value)


def test_pattern_beside_the_format_is_still_needed():
    bare = jsonschema_rs.Draft202012Validator({"format": "date-time"}, validate_formats=True)
    assert bare.is_valid("20*3-11-07T05:31:56Z"), "jsonschema-rs reads digits now: the pattern may go"
