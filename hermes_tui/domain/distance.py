"""How far two replies to the same request are apart: by the calls they ask for, and by their words."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, TypeVar

from hermes_tui.domain.messages import Message, ToolCall
from hermes_tui.domain.patterns import later

SAME_TOOL: Final = 0.5
"""What two calls of one tool have in common whose arguments differ."""
_WORD: Final = later(r"\w+")
T = TypeVar("T")


def distance(one: Message, other: Message) -> float:
    """Return how far two replies are apart, from 0 to 1: by their calls where either asks for any, else by their words.

    What a model says beside its calls differs from model to model; what it does is what a run is made of.
    """
    return calls_distance(one.calls, other.calls) if one.calls or other.calls else text_distance(one.text, other.text)


def calls_distance(one: Sequence[ToolCall], other: Sequence[ToolCall]) -> float:
    """Return 0 where both ask for the same calls in any order, 1 where they share no tool."""
    if not one and not other:
        return 0.0
    exact = _shared(Counter(map(_call_key, one)), Counter(map(_call_key, other)))
    named = _shared(Counter(call.name for call in one), Counter(call.name for call in other))
    return 1 - 2 * (exact + (named - exact) * SAME_TOOL) / (len(one) + len(other))


def text_distance(one: str, other: str) -> float:
    """Return 0 for the same words in the same order, 1 for none in common (Dice, over words and pairs of words)."""
    here, there = _grams(one), _grams(other)
    total = here.total() + there.total()
    return 1 - 2 * _shared(here, there) / total if total else 0.0


def _call_key(call: ToolCall) -> tuple[str, str]:
    try:
        arguments = json.dumps(json.loads(call.arguments or "{}"), sort_keys=True)
    except ValueError:
        arguments = call.arguments
    return call.name, arguments


def _grams(text: str) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    return Counter([*((word,) for word in words), *pairwise(words)])


def _shared(one: Counter[T], other: Counter[T]) -> int:
    return (one & other).total()
