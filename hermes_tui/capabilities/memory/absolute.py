"""Relative dates made absolute when a note is written: "yesterday" would be wrong tomorrow."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_COUNTS: Final = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "ten": 10,
}
_NUMBER: Final = r"(?P<{name}>\d{{1,3}}|" + "|".join(_COUNTS) + ")"
_RELATIVE: Final = re.compile(
    r"\b(?:(?P<plain>the day before yesterday|the day after tomorrow|yesterday|today|tonight|tomorrow)"
    r"|this (?P<part>morning|afternoon|evening)"
    r"|last (?P<night>night)"
    r"|(?P<side>last|next|this) (?P<unit>week|month|year|" + "|".join(_DAYS) + r")"
    r"|" + _NUMBER.format(name="back") + r" (?P<back_unit>day|week|month|year)s? ago"
    r"|in " + _NUMBER.format(name="ahead") + r" (?P<ahead_unit>day|week|month|year)s?)\b"
    r"(?!\s*\((?:week of )?\d)(?!\s+of\b)",
    re.IGNORECASE,
)
_PLAIN: Final = {
    "the day before yesterday": -2,
    "yesterday": -1,
    "today": 0,
    "tonight": 0,
    "tomorrow": 1,
    "the day after tomorrow": 2,
}


def absolute_dates(text: str, today: date) -> str:
    """Return `text` with the date after each relative one: `yesterday` becomes `yesterday (2026-03-17)`."""
    return _RELATIVE.sub(lambda found: f"{found[0]} ({_meant(found, today)})", text)


def _meant(found: re.Match[str], today: date) -> str:
    if found["plain"]:
        return (today + timedelta(days=_PLAIN[found["plain"].lower()])).isoformat()
    if found["part"]:
        return today.isoformat()
    if found["night"]:
        return (today - timedelta(days=1)).isoformat()
    if found["side"]:
        return _beside(found["side"].lower(), found["unit"].lower(), today)
    back = found["back"] is not None
    count = found["back"] or found["ahead"]
    steps = (_COUNTS.get(count.lower()) or int(count)) * (-1 if back else 1)
    return _moved(today, (found["back_unit"] or found["ahead_unit"]).lower(), steps)


def _beside(side: str, unit: str, today: date) -> str:
    step = {"last": -1, "this": 0, "next": 1}[side]
    if unit in _DAYS:
        gap = (_DAYS.index(unit) - today.weekday()) % 7
        if side == "last":
            gap = gap - 7 if gap else -7
        elif side == "next" and gap == 0:
            gap = 7
        return (today + timedelta(days=gap)).isoformat()
    return _moved(today, unit, step)


def _moved(today: date, unit: str, steps: int) -> str:
    """Return the day, week, month or year that lies `steps` from today, as exactly as was said."""
    if unit == "day":
        return (today + timedelta(days=steps)).isoformat()
    if unit == "week":
        monday = today + timedelta(days=7 * steps - today.weekday())
        return f"week of {monday.isoformat()}"
    if unit == "month":
        months = today.year * 12 + today.month - 1 + steps
        return f"{months // 12:04}-{months % 12 + 1:02}"
    return f"{today.year + steps:04}"
