"""Dates of cookies, as servers write them (RFC 6265, 5.1.1): in any of their many ways."""

from __future__ import annotations

import calendar
import re
from typing import Final

#: What is between the parts of a date.
_DELIMITERS: Final = re.compile(r"[\x09\x20-\x2F\x3B-\x40\x5B-\x60\x7B-\x7E]+")
_TIME: Final = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})")
_DAY: Final = re.compile(r"\d{1,2}")
_YEAR: Final = re.compile(r"\d{2,4}")
_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
#: Years of two digits are of this century up to here.
_LAST_OF_THIS_CENTURY: Final = 69
_FIRST_YEAR: Final = 1601


def parse_date(text: str) -> int | None:
    """The seconds since 1970 that a date stands for; None if it is none."""
    time: tuple[int, ...] | None = None
    day = month = year = None
    for part in _DELIMITERS.split(text):
        # Each part is the first of these that is still missing, and that it looks like.
        if time is None and (found := _TIME.match(part)):
            time = tuple(map(int, found.groups()))
        elif day is None and (found := _DAY.match(part)):
            day = int(found.group())
        elif month is None and (number := _MONTHS.get(part[:3].lower())):
            month = number
        elif year is None and (found := _YEAR.match(part)):
            year = int(found.group())
    if time is None or day is None or month is None or year is None:
        return None
    if year <= _LAST_OF_THIS_CENTURY:
        year += 2000
    elif year <= 99:
        year += 1900
    hour, minute, second = time
    if not 1 <= day <= 31 or year < _FIRST_YEAR or hour > 23 or minute > 59 or second > 59:
        return None
    return calendar.timegm((year, month, day, hour, minute, second))
