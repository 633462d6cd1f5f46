"""The baselines: SQLite's own full-text search (terms joined by OR), vectors alone, and their fusion."""

from __future__ import annotations

import re
import sqlite3
from array import array
from collections.abc import Mapping, Sequence
from heapq import nlargest
from typing import Any, Final

_STOP: Final = frozenset(
    [
        "a",
        "about",
        "after",
        "all",
        "also",
        "am",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "be",
        "because",
        "been",
        "before",
        "being",
        "but",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "doing",
        "for",
        "from",
        "had",
        "has",
        "have",
        "having",
        "he",
        "her",
        "here",
        "him",
        "his",
        "how",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "just",
        "me",
        "more",
        "most",
        "my",
        "no",
        "not",
        "of",
        "on",
        "or",
        "our",
        "out",
        "own",
        "she",
        "should",
        "so",
        "some",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "those",
        "to",
        "too",
        "up",
        "very",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "while",
        "who",
        "whom",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
    ]
)
_WORD: Final = re.compile(r"\w+")


class PlainSearch:
    """FTS5 with the porter tokenizer, in memory; it also shows why structure pays."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:")
        self._connection.execute(
            "CREATE VIRTUAL TABLE said USING fts5(id UNINDEXED, text, tokenize='porter unicode61')"
        )

    def add(self, items: Sequence[dict[str, Any]]) -> None:
        """Index items by id and text."""
        self._connection.executemany("INSERT INTO said VALUES(?, ?)", [(item["id"], item["text"]) for item in items])

    def search(self, text: str, most: int) -> list[str]:
        """Return ids, best first."""
        words = [word for word in _WORD.findall(text.lower()) if word not in _STOP]
        if not words:
            return []
        query = " OR ".join(f'"{word}"' for word in words)
        rows = self._connection.execute("SELECT id FROM said WHERE said MATCH ? ORDER BY rank LIMIT ?", (query, most))
        return [item_id for (item_id,) in rows]

    def close(self) -> None:
        """Let go of it."""
        self._connection.close()


RRF_K: Final = 60
"""The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009)."""


def dense(vectors: Mapping[str, bytes], query: bytes, most: int) -> list[str]:
    """Return the ids of the vectors that are nearest to the query's, nearest first."""
    asked = array("f", query)
    near = {name: sum(map(float.__mul__, asked, array("f", body))) for name, body in vectors.items()}
    return nlargest(most, near, key=near.__getitem__)


def fused(rankings: Sequence[Sequence[str]], most: int) -> list[str]:
    """Return the ids of several rankings by the sum of their reciprocal ranks."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for place, name in enumerate(ranking, 1):
            scores[name] = scores.get(name, 0.0) + 1 / (RRF_K + place)
    return nlargest(most, scores, key=scores.__getitem__)
