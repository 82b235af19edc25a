import pytest

from vocode_contract.validation.scalars import canonical_id, describe_format_error, instant, is_naive

SAME = 1699335116.0


@pytest.mark.parametrize(
    "text",
    [
        "2023-11-07T05:31:56Z",
        "2023-11-07t05:31:56z",
        "2023-11-07 05:31:56+00:00",
        "2023-11-07T05:31:56-00:00",
        "2023-11-07T06:31:56+01:00",
        "2023-11-06T22:01:56.000000-0730",
        "2023-11-07T05:31:56+00",
        "1699335116",
        1699335116,
        1699335116.0,
    ],
)
def test_spellings_of_one_instant_are_equal(text):
    assert instant(text) == SAME


def test_fraction_and_leap_second_count():
    assert instant("2023-11-07T05:31:56.250Z") == SAME + 0.25
    assert instant("2016-12-31T23:59:60Z") == instant("2017-01-01T00:00:00Z")


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, False, [], {}, "", "soon", "2023-11-07", float("nan"), float("inf"), 10**400, -(10**400)),
        *("2023-13-07T05:31:56Z", "2023-02-29T05:31:56Z", "2023-11-07T24:00:00Z", "2023-11-07T05:31:61Z"),
        *("0000-01-01T00:00:00Z", "2023-11-07T05:31:56+24:00", "2023-11-07T05:31:56", "9" * 100_000),
        *("٢٠٢٣-11-07T05:31:56Z", "2023-11-07T05:31:56Z\n", "12345"),
    ],
)
def test_what_names_no_instant_is_none(value):
    assert instant(value) is None


@pytest.mark.parametrize(
    ("value", "naive"),
    [
        ("2023-11-07T05:31:56", True),
        ("2023-11-07 05:31:56.5", True),
        ("2023-11-07T05:31:56Z", False),
        ("2023-13-07T05:31:56", False),
        ("1699335116", False),
        (1699335116, False),
        (None, False),
        ("2" * 100, False),
    ],
)
def test_naive_time_is_one_without_offset(value, naive):
    assert is_naive(value) is naive


@pytest.mark.parametrize(
    "spelling",
    [
        "3c90c3cc-0d44-4b50-8888-8dd25736052a",
        "3C90C3CC-0D44-4B50-8888-8DD25736052A",
        "3c90c3cc0d444b5088888dd25736052a",
        "{3c90c3cc-0d44-4b50-8888-8dd25736052a}",
        "urn:uuid:3c90c3cc-0d44-4b50-8888-8dd25736052a",
    ],
)
def test_spellings_of_one_uuid_are_one_id(spelling):
    assert canonical_id(spelling) == "3c90c3cc-0d44-4b50-8888-8dd25736052a"


@pytest.mark.parametrize("value", ["CA123", "", 17, None])
def test_id_that_is_no_uuid_is_itself(value):
    assert canonical_id(value) == str(value)


ID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"


@pytest.mark.parametrize(
    ("name", "text", "phrase"),
    [
        ("date-time", "2023-11-07T05:31:56.123456", "a time without offset"),
        ("date-time", "2023-11-07 05:31:56", "a time without offset"),
        ("date-time", "2023-11-07 05:31:56Z", "a time with a space in place of the T"),
        ("date-time", "2023-11-07T05:31:56+0100", "a time whose offset is not written as +HH:MM"),
        ("date-time", "2023-02-30T05:31:56Z", "a time that does not exist"),
        ("date-time", "2023-11-07T05:31:56Z\n", "a time with blanks or line breaks around it"),
        ("date-time", "2023-11-07T05:31Z", "a time without seconds"),
        ("date-time", "2023-11-07T05:31:56,5Z", "a time with a comma for the point"),
        ("date-time", "2023-11-07", "a date without time"),
        ("date-time", "1699335116.5", "a number in a string"),
        ("date-time", "yesterday", None),
        ("date-time", "1" * 100, None),
        ("uuid", ID.replace("-", ""), "a UUID without hyphens"),
        ("uuid", f"{{{ID}}}", "a UUID in braces"),
        ("uuid", f"urn:uuid:{ID}", "a UUID with the prefix urn:uuid:"),
        ("uuid", f" {ID}", "a UUID with blanks or line breaks around it"),
        ("uuid", "call-17", None),
        ("", "2023-11-07", None),
    ],
)
def test_string_without_its_format_is_described_without_showing_it(name, text, phrase):
    assert describe_format_error(text, name) == phrase
