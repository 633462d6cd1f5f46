"""Fuzzy search: letters in order; runs and the beginnings of words count most."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
_BREAKS = frozenset("/._- :")


def score(wanted: str, text: str) -> float | None:
    """Return how well `wanted` fits `text`, None where its letters are not there in order; higher is better."""
    if not wanted:
        return 0.0
    folded, needle = text.casefold(), wanted.casefold()
    whole = folded.rfind(needle)
    if whole >= 0:
        begins = whole == 0 or folded[whole - 1] in _BREAKS
        return 100.0 + (50.0 if begins else 0.0) + len(needle) - len(folded) / 100
    place, total, before = -1, 0.0, -2
    for letter in needle:
        place = folded.find(letter, place + 1)
        if place < 0:
            return None
        total += 3.0 if place == before + 1 else 2.0 if place == 0 or folded[place - 1] in _BREAKS else 0.5
        before = place
    return total - len(folded) / 100


def best(wanted: str, items: Iterable[T], text_of: Callable[[T], str], most: int) -> list[T]:
    """Return the items that fit, best first and as given among equals."""
    scored = [(found, at, item) for at, item in enumerate(items) if (found := score(wanted, text_of(item))) is not None]
    if wanted:
        scored.sort(key=lambda entry: (-entry[0], entry[1]))
    return [item for _, _, item in scored[:most]]
