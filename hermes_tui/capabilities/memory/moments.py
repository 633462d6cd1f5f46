"""Dates in a question, whole or in part, and how near an instant lies to them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from hermes_tui.domain.values import frozen

_NAMES: Final = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_MONTH: Final = {name: number for number, name in enumerate(_NAMES, 1)} | {
    name[:3]: number for number, name in enumerate(_NAMES, 1)
}
_DATE: Final = re.compile(
    r"(?:\b(?P<before>\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?)?\b(?P<month>" + "|".join(_MONTH) + r")\b\.?"
    r"(?:\s+(?P<after>\d{1,2})(?:st|nd|rd|th)?\b(?!\d))?(?:,?\s+(?P<year>\d{4}))?"
)
_ISO: Final = re.compile(r"\b(\d{4})-(\d{1,2})(?:-(\d{1,2}))?\b")
_YEAR: Final = re.compile(r"\b((?:19|20)\d\d)\b")
_MAY: Final = re.compile(r"\b(?:in|of|during|by|on|early|late|mid|since|until|last|this)\s+may\b")
_AGO: Final = re.compile(r"\b(?:(\d{1,3}|a|an|two|three|four|five|six)\s+(day|week|month|year)s?\s+ago)\b")
_LAST: Final = re.compile(r"\b(yesterday|today|last\s+(?:night|week|weekend|month|year)|this\s+(?:week|month|year))\b")
_COUNTS: Final = {"a": 1, "an": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_DAYS: Final = {"day": 1.0, "week": 7.0, "month": 30.4, "year": 365.25}
_NEAR_LAST: Final = {
    "today": (0.0, "day"),
    "yesterday": (1.0, "day"),
    "night": (1.0, "day"),
    "weekend": (5.0, "week"),
    "week": (7.0, "week"),
    "month": (30.4, "month"),
    "year": (365.25, "year"),
}


@frozen(kw_only=False)
class Moment:
    """A date as far as it is known; `month` and `day` None are unknown, `year` None is any."""

    year: int | None
    month: int | None
    day: int | None

    def nearness(self, at: datetime) -> float:
        """Return how well `at` fits, from 0 to 1; what is told in a conversation often lies some days back."""
        if self.month is None:
            return 0.3 if self.year == at.year else 0.0
        if self.day is None:
            return self._month_nearness(at)
        try:
            gap = abs((at - datetime(self.year or at.year, self.month, self.day, tzinfo=UTC)).days)
        except ValueError:
            return 0.0
        return 1.0 if gap <= 1 else 0.8 if gap <= 7 else 0.5 if gap <= 31 else 0.0

    def _month_nearness(self, at: datetime) -> float:
        late = (at.month - (self.month or 0)) % 12 == 1 and at.day <= 15
        year = at.year - 1 if late and at.month == 1 else at.year
        if self.year not in (None, year):
            return 0.0
        return 1.0 if at.month == self.month else 0.4 if late else 0.0


def moments_in(text: str, now: datetime) -> tuple[Moment, ...]:
    """Return the dates that `text` names; "last week" and "3 days ago" are counted from `now`."""
    low = text.lower()
    found = [Moment(int(year), int(month), int(day) if day else None) for year, month, day in _ISO.findall(low)]
    found += [_written(match) for match in _DATE.finditer(low) if _is_date(match, low)]
    found += [_relative(now, match[2], _count(match[1])) for match in _AGO.finditer(low)]
    for match in _LAST.finditer(low):
        days, unit = _NEAR_LAST[match[1].split()[-1]]
        days = 0.0 if match[1].startswith("this") else days
        found.append(_partial(now - timedelta(days=days), unit))
    if not found:
        found = [Moment(int(year), None, None) for year in _YEAR.findall(low)]
    return tuple(found)


def nearness(moments: tuple[Moment, ...], at: float) -> float:
    """Return how well the instant `at` fits the best of `moments`."""
    when = datetime.fromtimestamp(at, UTC)
    return max((moment.nearness(when) for moment in moments), default=0.0)


def _is_date(match: re.Match[str], low: str) -> bool:
    """Tell the month from the verbs and names that are spelt alike."""
    named = match["before"] or match["after"] or match["year"]
    if match["month"] in _NAMES and match["month"] not in ("may", "march"):
        return True
    return (
        bool(named)
        or (match["month"] == "may" and _MAY.search(low) is not None)
        or (match["month"] == "march" and re.search(r"\b(?:in|of|during|by|last|this)\s+march\b", low) is not None)
    )


def _written(match: re.Match[str]) -> Moment:
    day = match["before"] or match["after"]
    return Moment(int(match["year"]) if match["year"] else None, _MONTH[match["month"]], int(day) if day else None)


def _count(text: str) -> int:
    return _COUNTS.get(text) or int(text)


def _relative(now: datetime, unit: str, count: int) -> Moment:
    return _partial(now - timedelta(days=_DAYS[unit] * count), unit)


def _partial(at: datetime, unit: str) -> Moment:
    if unit == "year":
        return Moment(at.year, None, None)
    return Moment(at.year, at.month, None if unit == "month" else at.day)
