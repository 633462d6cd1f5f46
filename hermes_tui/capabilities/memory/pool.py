"""The candidates of one search with their neighbours, and how each matches the query's terms."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Final, NamedTuple

from hermes_tui.capabilities.memory.cues import Cue
from hermes_tui.capabilities.memory.question import Question
from hermes_tui.capabilities.memory.related import related_to
from hermes_tui.domain.values import frozen, mutable

K1: Final = 1.2
B: Final = 0.5
"""Saturation and length of BM25 (Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009)."""
THREAD_SHIFT: Final = 24
"""An item's spot is its thread's number above these bits, and its place in the thread below."""
_LEAST_PREFIX: Final = 4
_LEAST_SHARE: Final = 0.6


class Row(NamedTuple):
    """One item as the index stores it, without its text; `terms` are parted by blanks, `size` is how many there are."""

    row: int
    id: str
    spot: int
    speaker: str
    at: float
    terms: str
    size: int
    cues: int

    @property
    def thread(self) -> int:
        """The number of its thread."""
        return self.spot >> THREAD_SHIFT


@mutable
class Match:
    """How a row matches: `mask` has one bit per term; the others are shares of what a full match would give."""

    mask: int = 0
    lexical: float = 0.0
    cover: float = 0.0
    rarest: float = 0.0
    similar: float = 0.0
    related: float = 0.0

    @property
    def touches(self) -> bool:
        """Whether any word of the query, or one like it, is there."""
        return self.mask > 0 or self.similar > 0 or self.related > 0


NOTHING: Final = Match()
"""How a row matches that holds no word of the query, nor one like it."""


@frozen(kw_only=False)
class Statistics:
    """What is known of a whole layer: items, their mean size in terms, threads, and how many items hold each term."""

    items: int
    mean_size: float
    threads: int
    holding: Mapping[str, int]


@mutable
class ThreadMatch:
    """How all that was found of one thread matches, and who speaks there."""

    mask: int = 0
    speakers: set[str] = field(default_factory=set[str])
    counts: dict[int, int] = field(default_factory=dict[int, int])
    best: list[float] = field(default_factory=list[float])
    cover: float = 0.0
    lexical: float = 0.0
    top: float = 0.0


class Pool:
    """Rows by spot, matched against a question; `best` values are the largest of the pool."""

    def __init__(self, question: Question, rows: Sequence[Row], statistics: Statistics) -> None:
        self.question = question
        rows = sorted(rows, key=_spot)  # sums must not depend on the order in which the items arrived
        self.rows = {row.spot: row for row in rows}
        self._statistics = statistics
        self._bits = {term: bit for bit, term in enumerate(question.terms)}
        self._weights = [_rarity(statistics, term) for term in question.terms]
        self._total = sum(self._weights) or 1.0
        self._shares: dict[int, float] = {}
        self._kin: dict[str, tuple[int, float, bool] | None] = {}
        self._relatives = _relatives(question.terms, self._bits)
        self._long: dict[str, list[tuple[str, int]]] = {}
        for term, bit in self._bits.items():
            if len(term) >= _LEAST_PREFIX:
                self._long.setdefault(term[:_LEAST_PREFIX], []).append((term, bit))
        self._telling = _telling([*self._bits, *self._relatives], self._long)
        self.matches = {row.spot: self._match(row) for row in rows}
        self.threads = self._thread_matches()
        self.best_lexical = _largest(match.lexical for match in self.matches.values())
        self.best_thread = _largest(thread.lexical for thread in self.threads.values())
        self.best_top = _largest(thread.top for thread in self.threads.values())

    def share(self, mask: int) -> float:
        """Return the part of the query's weight that the terms of `mask` carry."""
        known = self._shares.get(mask)
        if known is None:
            known = sum(weight for bit, weight in enumerate(self._weights) if mask >> bit & 1) / self._total
            self._shares[mask] = known
        return known

    def promise(self, row: Row) -> float:
        """Return a first guess at how well a row answers: by itself, by what stands beside it, and by who says it."""
        matches = self.matches
        own, before, after = matches[row.spot], matches.get(row.spot - 1, NOTHING), matches.get(row.spot + 1, NOTHING)
        beside = self.share(own.mask | before.mask | after.mask)
        thread = self.threads[row.thread]
        guess = own.lexical + own.similar + own.related + before.similar + 2 * beside
        guess += thread.lexical / self.best_thread
        if not thread.speakers.isdisjoint(self.question.speakers):
            guess += 1.0
        if row.speaker in self.question.speakers:
            guess += 0.5
        previous = self.rows.get(row.spot - 1)
        if previous is not None and previous.cues & Cue.ASKS and previous.speaker != row.speaker:
            guess += before.lexical + 0.2
        return guess

    def _match(self, row: Row) -> Match:
        """Match one row; only words that may be, or be like, one of the query's are looked at."""
        telling = self._telling.findall(f" {row.terms}")
        if not telling:
            return NOTHING
        counts: dict[int, int] = {}
        near: list[tuple[int, float, bool]] = []
        bits, known = self._bits, self._kin
        for term in telling:
            bit = bits.get(term)
            if bit is not None:
                counts[bit] = counts.get(bit, 0) + 1
                continue
            kin = known[term] if term in known else self._learn_kin(term)
            if kin is not None:
                near.append(kin)
        found = Match()
        if counts:
            self._count(found, counts, row.size)
        if near:
            self._soften(found, near)
        return found

    def _count(self, found: Match, counts: dict[int, int], size: int) -> None:
        norm = K1 * (1 - B + B * size / self._statistics.mean_size)
        weights, lexical, rarest = self._weights, 0.0, 0.0
        for bit, count in counts.items():
            weight = weights[bit]
            found.mask |= 1 << bit
            lexical += weight * count * (K1 + 1) / (count + norm)
            rarest = max(rarest, weight)
        found.lexical = lexical / self._total
        found.rarest = rarest / self._total
        found.cover = self.share(found.mask)

    def _soften(self, found: Match, near: list[tuple[int, float, bool]]) -> None:
        """Add words that are spelt or meant alike, each term at most once and only where it is not there itself."""
        similar: dict[int, float] = {}
        related = 0
        for bit, share, is_related in near:
            if found.mask >> bit & 1:
                continue
            if is_related:
                related |= 1 << bit
            else:
                similar.setdefault(bit, share)
        found.similar = sum(self._weights[bit] * share for bit, share in similar.items()) / self._total
        found.related = self.share(related)

    def _learn_kin(self, term: str) -> tuple[int, float, bool] | None:
        kin = self._alike(term)
        self._kin[term] = kin
        return kin

    def _alike(self, term: str) -> tuple[int, float, bool] | None:
        related = self._relatives.get(term)
        if related is not None:
            return related, 1.0, True
        for asked, bit in self._long.get(term[:_LEAST_PREFIX], ()):
            share = _common_prefix(asked, term) / max(len(asked), len(term))
            if share >= _LEAST_SHARE:
                return bit, share, False
        return None

    def _thread_matches(self) -> dict[int, ThreadMatch]:
        threads: dict[int, ThreadMatch] = {}
        for spot, match in self.matches.items():
            thread = threads.get(spot >> THREAD_SHIFT)
            if thread is None:
                thread = threads[spot >> THREAD_SHIFT] = ThreadMatch()
            thread.speakers.add(self.rows[spot].speaker)
            if match.mask:
                thread.mask |= match.mask
                thread.best.append(match.lexical)
                for bit in _bits_of(match.mask):
                    thread.counts[bit] = thread.counts.get(bit, 0) + 1
        holding = [0] * len(self._weights)
        for thread in threads.values():
            for bit in thread.counts:
                holding[bit] += 1
        rarity = [math.log(1 + self._statistics.threads / max(1, count)) for count in holding]
        total = sum(rarity) or 1.0
        for thread in threads.values():
            thread.cover = self.share(thread.mask)
            counts = thread.counts.items()
            thread.lexical = sum(rarity[bit] * count * (K1 + 1) / (count + K1) for bit, count in counts) / total
            thread.top = sum(sorted(thread.best, reverse=True)[:3]) / 3
        return threads


def _telling(whole: Iterable[str], starts: Iterable[str]) -> re.Pattern[str]:
    """Return what finds, in terms led by a blank each, those that are one of `whole` or begin like one of `starts`."""
    words = "|".join(sorted(map(re.escape, whole))) or "(?!)"
    begun = "|".join(sorted(map(re.escape, starts))) or "(?!)"
    return re.compile(rf" ((?:{words})(?![^ ])|(?:{begun})[^ ]*)")


def _spot(row: Row) -> int:
    return row.spot


def prefix_of(term: str) -> str:
    """Return the start that a word must share with `term` to count as spelt alike; empty if it is too short."""
    return term[: max(_LEAST_PREFIX, math.ceil(len(term) * _LEAST_SHARE))] if len(term) >= _LEAST_PREFIX else ""


def _rarity(statistics: Statistics, term: str) -> float:
    count = statistics.holding.get(term, 0)
    return math.log(1 + (statistics.items - count + 0.5) / (count + 0.5))


def _relatives(terms: Sequence[str], bits: Mapping[str, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for term in terms:
        for other in related_to(term):
            if other not in bits:
                found.setdefault(other, bits[term])
    return found


def _common_prefix(one: str, other: str) -> int:
    length = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        length += 1
    return length


def _bits_of(mask: int) -> list[int]:
    return [bit for bit in range(mask.bit_length()) if mask >> bit & 1]


def _largest(values: Iterable[float]) -> float:
    return max(values, default=0.0) or 1.0
