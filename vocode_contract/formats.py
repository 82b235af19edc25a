"""The two formats that the contract asserts, judged as RFC 9562 and RFC 3339 define them.

They serve the reference engine, whose own checks are looser (a trailing hyphen in a UUID, other
scripts' digits) or stricter (leap seconds) than the RFCs.
"""

import re
from calendar import monthrange

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_DATE_TIME = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"[Tt](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})(?:\.[0-9]+)?"
    r"(?:[Zz]|(?P<sign>[+-])(?P<offset_hour>[0-9]{2}):(?P<offset_minute>[0-9]{2}))"
)


def is_uuid(value: object) -> bool:
    """Tell whether a string is a UUID of 32 hexadecimal digits in five groups.

    Values that are not strings pass: a format speaks of strings only.

    Source: RFC 9562, section 4.
    """
    return not isinstance(value, str) or _UUID.fullmatch(value) is not None


def is_date_time(value: object) -> bool:
    """Tell whether a string is a date-time with offset; a leap second only at the end of a UTC day.

    Values that are not strings pass: a format speaks of strings only.

    Source: RFC 3339, section 5.6 and appendix D.
    """
    if not isinstance(value, str):
        return True
    match = _DATE_TIME.fullmatch(value)
    if match is None:
        return False
    part = {name: int(digits) for name, digits in match.groupdict().items() if digits and name != "sign"}
    if not (1 <= part["month"] <= 12 and 1 <= part["day"] <= _days(part["year"], part["month"])):
        return False
    offset_hour, offset_minute = part.get("offset_hour", 0), part.get("offset_minute", 0)
    if part["hour"] > 23 or part["minute"] > 59 or part["second"] > 60 or offset_hour > 23 or offset_minute > 59:
        return False
    if part["second"] < 60:
        return True
    offset = offset_hour * 60 + offset_minute
    return (part["hour"] * 60 + part["minute"] - (-offset if match["sign"] == "-" else offset)) % 1440 == 1439


def _days(year: int, month: int) -> int:
    return monthrange(year or 400, month)[1]  # the calendar module knows no year 0, a leap year like 400
