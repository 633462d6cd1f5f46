"""Recall: candidates scored by a linear sum of named features, and each hit with the reasons for its rank."""

from __future__ import annotations

import math
from collections.abc import Sequence
from heapq import nsmallest
from operator import mul

from hermes_tui.capabilities.memory import features, weights
from hermes_tui.capabilities.memory.candidates import EVERYTHING_LIVE, Filters
from hermes_tui.capabilities.memory.features import Features
from hermes_tui.capabilities.memory.index import MemoryIndex
from hermes_tui.capabilities.memory.items import Item, Layer
from hermes_tui.capabilities.memory.pool import Row
from hermes_tui.capabilities.memory.question import Question, read_question
from hermes_tui.capabilities.memory.vectors import Query
from hermes_tui.domain.values import frozen

REASONS_SHOWN = 5


@frozen(kw_only=False)
class Reason:
    """What one feature gave: its value, and its value times its weight."""

    feature: str
    value: float
    contribution: float


@frozen(kw_only=False)
class Hit:
    """A memory that was found; `reasons` add up to `score`, the largest first."""

    item: Item
    score: float
    reasons: tuple[Reason, ...]

    def why(self) -> str:
        """Return the largest reasons as one line."""
        shown = [reason for reason in self.reasons if abs(reason.contribution) >= 0.005][:REASONS_SHOWN]
        return ", ".join(f"{reason.feature} {reason.contribution:+.2f}" for reason in shown)


@frozen
class Search:
    """What is looked for, and where; `query` is its vector, if there is one."""

    text: str
    now: float
    most: int = 10
    layers: tuple[Layer, ...] = tuple(Layer)
    filters: Filters = EVERYTHING_LIVE
    query: Query | None = None


class Recall:
    """Searches one index."""

    def __init__(self, index: MemoryIndex) -> None:
        self._index = index

    def search(self, search: Search) -> list[Hit]:
        """Return at most `most` hits of each layer, best first within a layer.

        Scores of different layers are not comparable: each has its own weights.
        """
        speakers = self._index.speakers() if Layer.EPISODE in search.layers else []
        found: list[Hit] = []
        for layer in search.layers:
            question = read_question(search.text, speakers if layer is Layer.EPISODE else (), search.now)
            found += self._in_layer(search, question, layer)
        return found

    def _in_layer(self, search: Search, question: Question, layer: Layer) -> list[Hit]:
        candidates = self._index.candidates(question, layer, search.filters, search.query)
        if not candidates.rows:
            return []
        measured = Features(candidates.pool, search.now, candidates.cosines)
        weight = weights.of(layer)
        scored = [
            (sum(map(mul, weight, values)), row, values) for row in candidates.rows for values in [measured.of(row)]
        ]
        best = nsmallest(search.most, scored, key=lambda entry: (-entry[0], -entry[1].at, entry[1].id))
        return self._explained(best, weight)

    def _explained(self, best: Sequence[tuple[float, Row, list[float]]], weight: Sequence[float]) -> list[Hit]:
        items = self._index.get([row.id for _, row, _ in best])
        return [Hit(items[row.id], score, _reasons(values, weight)) for score, row, values in best if row.id in items]


def _reasons(values: Sequence[float], weight: Sequence[float]) -> tuple[Reason, ...]:
    reasons = [
        Reason(name, value, value * factor)
        for name, value, factor in zip(features.NAMES, values, weight, strict=True)
        if value and factor
    ]
    return tuple(sorted(reasons, key=lambda reason: -math.fabs(reason.contribution)))
