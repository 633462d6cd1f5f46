"""Personal data that has a shape: found by pattern, and by its checksum where it has one. Names have none.

Checksums: ISO/IEC 7812-1 (cards), ISO 13616 (bank accounts). Telephone numbers: ITU-T E.164 and common national
spellings; one without an international prefix or its usual grouping counts only beside a word that announces it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from typing import Final

from hermes_tui.domain.patterns import later
from hermes_tui.domain.values import frozen

_ANNOUNCED: Final = later(
    r"(?:phone|mobile|cell|fax|desk|office:|whats ?app|\btel\b|\bcall(?:ing|ed)?\b|\bdial\b|\bnumber\b|\bcontact\b"
    r"|reach me|answering at|(?:messages?|texts?|sms) (?:to|from|on)|registered)[^\n]{0,40}\n?[^\n]{0,4}$",
    re.IGNORECASE,
)
_SAID_AFTER: Final = later(r"[ \\,-]{0,3}(?:office|fax|mobile|cell|desk|home|work)\b", re.IGNORECASE)
_NOT_A_PHONE: Final = later(r"licen[cs]e|account|order|invoice|version|\bid\b|zip|postal", re.IGNORECASE)
_BEFORE: Final = 60
_NEAR: Final = 30
_CARD_STARTS: Final = later(r"4|5[0-8]|6|3[04-9]|2[2-7]|1800|2131")
_SHORT_CARD_STARTS: Final = ("5018", "5020", "5038", "5893", "6304", "6759", "6761", "6762", "6763", "0604")


@frozen(kw_only=False)
class Found:
    """One piece of personal data: its kind and its place in the text."""

    kind: str
    start: int
    end: int


@frozen(kw_only=False)
class _Detector:
    """A pattern, tried where one of `signs` occurs (empty: always), and what a match must also fulfil."""

    kind: str
    pattern: re.Pattern[str]
    holds: Callable[[str, re.Match[str]], bool]
    signs: str = ""


def find(text: str) -> list[Found]:
    """Return the personal data in `text`, in order; of two that overlap the earlier detector's counts."""
    taken: list[Found] = []
    for detector in _DETECTORS:
        if not detector.signs or any(sign in text for sign in detector.signs):
            taken += [found for found in _matches(detector, text) if not _overlaps(found, taken)]
    return sorted(taken, key=lambda found: found.start)


def _matches(detector: _Detector, text: str) -> Iterator[Found]:
    for match in detector.pattern.finditer(text):
        if detector.holds(text, match):
            yield Found(detector.kind, match.start(), match.end())


def _overlaps(found: Found, taken: list[Found]) -> bool:
    return any(found.start < other.end and other.start < found.end for other in taken)


def _always(_text: str, _match: re.Match[str]) -> bool:
    return True


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)


def _is_card(_text: str, match: re.Match[str]) -> bool:
    number = _digits(match[0])
    if len(number) == 12:
        return number.startswith(_SHORT_CARD_STARTS) and _luhn(number)
    return 13 <= len(number) <= 19 and bool(_CARD_STARTS.match(number)) and _luhn(number)


def _luhn(number: str) -> bool:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in number[-2::-2])
    return (sum(map(int, number[-1::-2])) + sum(doubled)) % 10 == 0


def _is_account(_text: str, match: re.Match[str]) -> bool:
    account = match[0].replace(" ", "").upper()
    moved = account[4:] + account[:4]
    return 15 <= len(account) <= 34 and int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1


def _is_public_address(_text: str, match: re.Match[str]) -> bool:
    """Whether it is an address of the internet; those of this machine and its networks are nobody's."""
    try:
        return ipaddress.ip_address(match[0]).is_global
    except ValueError:
        return False


def _is_announced(text: str, match: re.Match[str]) -> bool:
    """Whether a word before or behind says that this is where somebody can be called."""
    before = text[max(0, match.start() - _BEFORE) : match.start()]
    if not 7 <= len(_digits(match[0])) <= 15 or _NOT_A_PHONE.search(before[-_NEAR:].rpartition("\n")[2]):
        return False
    return bool(_ANNOUNCED.search(before) or _SAID_AFTER.match(text, match.end()))


def _is_long_enough(_text: str, match: re.Match[str]) -> bool:
    return 8 <= len(_digits(match[0])) <= 15


_IBAN: Final = r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,4})?(?![A-Za-z0-9])"
_CARD: Final = r"(?<![\w.+-])(?<![0-9] )[0-9](?:[ -]?[0-9]){11,18}(?![\w-]|\.[0-9])"
_SSN: Final = r"(?<![\w.+-])(?!000|666|9[0-9]{2})[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![\w-]|\.[0-9])"
_IPV4: Final = r"(?<![\w.:-])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w:-]|\.[0-9])"
_IPV6: Final = r"(?<![\w.:])(?:[0-9A-Fa-f]{1,4}:){2,7}:?(?:[0-9A-Fa-f]{1,4}:?){0,6}(?![\w:])"
_INTERNATIONAL: Final = (
    r"(?<![\w+])(?<![0-9] )(?:\+|00)[1-9][0-9]{0,2}(?:[ .-]?\(?[0-9]{1,5}\)?){2,6}(?:x[0-9]{1,5})?(?!\w)"
)
_NORTH_AMERICAN: Final = (
    r"(?<![\w.+/-])(?:1[-. ])?\(?[2-9][0-9]{2}\)?[-. ][0-9]{3}[-. ][0-9]{4}(?: ?x ?[0-9]{1,5})?(?![\w-]|\.[0-9])"
    r"|(?<![\w.+/-])\([2-9][0-9]{2}\)[0-9]{3}-[0-9]{4}(?:x[0-9]{1,5})?(?!\w)"
)
_ANY_NUMBER: Final = r"(?<![\w.+/-])\(?0?[0-9]{1,5}\)?(?:[ .-]?[0-9]{2,5}){1,5}(?:x[0-9]{1,5})?(?!\w|-[0-9]|\.[0-9])"

_DETECTORS: Final = (
    _Detector(
        "EMAIL",
        later(r"(?:(?<![\w.+\\-])|(?<=\\[nrtbf]))[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])"),
        _always,
        "@",
    ),
    _Detector("IBAN", later(_IBAN), _is_account),
    _Detector("CARD", later(_CARD), _is_card),
    _Detector("SSN", later(_SSN), _always, "-"),
    _Detector("IP", later(_IPV4), _is_public_address, "."),
    _Detector("IP", later(_IPV6), _is_public_address, ":"),
    _Detector("PHONE", later(_INTERNATIONAL), _is_long_enough, "+0"),
    _Detector("PHONE", later(_NORTH_AMERICAN), _always),
    _Detector("PHONE", later(_ANY_NUMBER), _is_announced),
)
