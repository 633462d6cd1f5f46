"""What a query asks for: its terms, the speakers and dates it names, and the kind of answer it wants."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime
from enum import IntFlag
from typing import Final

from hermes_tui.capabilities.memory.moments import Moment, moments_in
from hermes_tui.capabilities.memory.plain_words import plain_words
from hermes_tui.capabilities.memory.words import term_of
from hermes_tui.domain.values import frozen

MOST_TERMS: Final = 24
_ROLES: Final = frozenset({"operator", "model", "tool", "kernel", "user", "assistant", "agent", "system"})
_WANTS: Final = (
    (re.compile(r"\bwhen\b|\b(?:what|which) (?:date|day|month|year|time)\b|\bhow long ago\b"), 1),
    (re.compile(r"\bhow (?:many|much|often|long|old)\b"), 2),
    (re.compile(r"\bwhere\b|\b(?:what|which) (?:city|country|state|place|town|folder|file)\b"), 4),
    (re.compile(r"\bwhy\b|\bwhat (?:motivated|inspired|made)\b|\breasons?\b"), 8),
)


class Want(IntFlag):
    """The kind of answer."""

    TIME = 1
    NUMBER = 2
    PLACE = 4
    REASON = 8


@frozen(kw_only=False)
class Question:
    """A query, read. `terms` are distinct, in order, without the names of `speakers`."""

    text: str
    terms: tuple[str, ...]
    speakers: frozenset[str]
    moments: tuple[Moment, ...]
    wants: Want


def read_question(text: str, speakers: Collection[str], now: float) -> Question:
    """Return what `text` asks, where `speakers` are the names of everyone who speaks in the store.

    A speaker's name is found by its first word or by three or more of its first letters. It is not a search term:
    nearly every memory of a dialogue carries it.
    """
    names = {name.lower(): name for name in speakers if name.lower() not in _ROLES}
    asked: set[str] = set()
    terms: list[str] = []
    for word in plain_words(text):
        name = _speaker(word.replace("’", "'").removesuffix("'s"), names)  # noqa: RUF001 - people type both
        if name:
            asked.add(name)
        elif term := term_of(word):
            terms.append(term)
    low = text.lower()
    wants = Want(sum(flag for pattern, flag in _WANTS if pattern.search(low)))
    moments = moments_in(text, datetime.fromtimestamp(now, UTC))
    distinct = tuple(dict.fromkeys(terms))[:MOST_TERMS]
    return Question(text, distinct, frozenset(asked), moments, wants)


def _speaker(word: str, names: dict[str, str]) -> str:
    if word in names:
        return names[word]
    if len(word) < 3:
        return ""
    return next((name for low, name in names.items() if low.startswith(word)), "")
