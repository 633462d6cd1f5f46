"""The candidates of a search: found by SQL, bounded, with the neighbours that features look at."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from heapq import nlargest, nsmallest
from typing import Final

from hermes_tui.capabilities.memory.database import Connection, marks, parts
from hermes_tui.capabilities.memory.items import Layer
from hermes_tui.capabilities.memory.pool import Pool, Row, Statistics, prefix_of
from hermes_tui.capabilities.memory.question import Question
from hermes_tui.capabilities.memory.related import related_to
from hermes_tui.capabilities.memory.scan import Scan
from hermes_tui.capabilities.memory.vectors import Query
from hermes_tui.domain.values import frozen

SMALL_LAYER: Final = 1_000
"""Up to so many items, every one is looked at."""
ALL_HITS: Final = 150
"""Up to so many matches, every one is a candidate; beyond, rare terms choose."""
BEST_HITS: Final = 64
SCORED_MATCHES: Final = 2_500
MOST_SCORED: Final = 20_000
"""All terms together are scored only where the rarest of them is held by no more items."""
NEAREST: Final = 50
"""So many items are candidates for their vectors alone."""
FEW_HITS: Final = 60
"""With fewer matches than this, words that are spelt or meant alike are looked for too."""
MOST_MEASURED: Final = 100
"""Of so many rows all features are computed; a first guess chooses them."""
WINDOW: Final = (-3, -2, -1, 1, 2, 3)
REACH: Final = 2
"""How far from a match an item without one may stand to be a candidate."""
_COLUMNS: Final = "row, id, spot, speaker, at, terms, size, cues"


@frozen(kw_only=False)
class Candidates:
    """What a search looks at: a pool, which of its rows may be answers, and how near they lie to the query's vector."""

    pool: Pool
    rows: Sequence[Row]
    cosines: Mapping[int, float]


@frozen
class Filters:
    """What may be found: `past` adds what was superseded; `scopes` None is every scope; `speaker` and times narrow."""

    past: bool = False
    scopes: tuple[str, ...] | None = None
    speaker: str = ""
    after: float | None = None
    before: float | None = None

    def condition(self) -> tuple[str, list[object]]:
        """Return the filters as SQL with its values."""
        text, values = "" if self.past else " AND live", list[object]()
        if self.scopes is not None:
            text += f" AND scope IN ({marks(self.scopes)})"
            values += self.scopes
        for column, value in (("speaker=?", self.speaker or None), ("at>=?", self.after), ("at<?", self.before)):
            if value is not None:
                text += f" AND {column}"
                values.append(value)
        return text, values


EVERYTHING_LIVE: Final = Filters()


@frozen(kw_only=False)
class Near:
    """A search by vector beside the search by words."""

    scan: Scan
    query: Query


class Reading:
    """Queries of one search in one layer, over one state of the database."""

    def __init__(self, connection: Connection, layer: Layer, filters: Filters, near: Near | None) -> None:
        self._connection = connection
        self._layer = layer
        self._near = near
        self._condition, self._values = filters.condition()

    def candidates(self, question: Question) -> Candidates:
        statistics = self._statistics(question)
        if statistics.items <= SMALL_LAYER:
            pool = Pool(question, self._select(""), statistics)
            every = list(pool.rows.values())
            cosines = self._cosines(every)
            nearest = set(nlargest(NEAREST, cosines, key=lambda row: (cosines[row], -row)))
            hits = self._hits_of(pool, every, nearest)
            return Candidates(pool, every if hits and self._layer is Layer.EPISODE else hits, cosines)
        nearest = set(self._nearest())
        hits = self._rows("row", list(dict.fromkeys([*self._found(question, statistics), *nearest])))
        spots = {row.spot for row in hits}
        window = {spot + step for spot in spots for step in WINDOW} - spots
        pool = Pool(question, [*hits, *self._rows("spot", sorted(window))], statistics)
        rows = _foremost(self._with_talk(pool, self._hits_of(pool, hits, nearest)), pool, nearest)
        beside = {row.spot + step for row in rows for step in (-1, 0, 1)}
        return Candidates(pool, rows, self._cosines([row for row in pool.rows.values() if row.spot in beside]))

    def _found(self, question: Question, statistics: Statistics) -> list[int]:
        found = self._hits(statistics.holding)
        return found if len(found) >= FEW_HITS else found + self._kin_hits(question.terms)

    def _nearest(self) -> Sequence[int]:
        if self._near is None:
            return []
        return self._near.scan.nearest(self._connection, self._layer, self._near.query, NEAREST)

    def _hits_of(self, pool: Pool, rows: Sequence[Row], nearest: Collection[int]) -> Sequence[Row]:
        """Return those of `rows` that match by word or by vector."""
        return [row for row in rows if row.row in nearest or pool.matches[row.spot].touches]

    def _with_talk(self, pool: Pool, hits: Sequence[Row]) -> Sequence[Row]:
        """Return hits, and of talk also what was said around them: the answer may hold no word of the question."""
        if self._layer is not Layer.EPISODE:
            return hits
        near = {row.spot + step for row in hits for step in range(-REACH, REACH + 1)}
        return [row for row in pool.rows.values() if row.spot in near]

    def _cosines(self, rows: Sequence[Row]) -> Mapping[int, float]:
        if self._near is None:
            return {}
        return self._near.scan.cosines(self._connection, self._near.query, [row.row for row in rows])

    def _statistics(self, question: Question) -> Statistics:
        items, size = self._connection.execute("SELECT items, size FROM tally WHERE layer=?", (self._layer,)).fetchone()
        (threads,) = self._connection.execute("SELECT count(*) FROM thread WHERE layer=?", (self._layer,)).fetchone()
        holding = self._holding(question.terms)
        return Statistics(items, max(1.0, size / max(1, items)), max(1, threads), holding)

    def _holding(self, terms: Sequence[str]) -> Mapping[str, int]:
        query = f"SELECT term, doc FROM {self._layer}_terms WHERE term=?"  # noqa: S608 - a layer's name
        found = (self._connection.execute(query, (term,)).fetchone() for term in terms)
        return {row[0]: row[1] for row in found if row}

    def _hits(self, holding: Mapping[str, int]) -> list[int]:
        """Return the rows of the best matches: all if they are few, else those of rare terms and of all terms."""
        known = sorted(holding, key=lambda term: (holding[term], term))
        if sum(holding.values()) <= ALL_HITS:
            return self._matching(" OR ".join(_quoted(known)), "") if known else []
        chosen: list[str] = []
        left = SCORED_MATCHES
        for term in known:
            if holding[term] > left:
                break
            chosen.append(term)
            left -= holding[term]
        found = self._best(" OR ".join(_quoted(chosen))) if chosen else []
        while len(known) > max(1, len(chosen)):
            every = self._best(" AND ".join(_quoted(known))) if holding[known[0]] <= MOST_SCORED else []
            if every:
                return list(dict.fromkeys([*found, *every]))
            known.pop()
        return found or self._matching(_quoted(known)[0], f" ORDER BY rowid DESC LIMIT {BEST_HITS}")

    def _best(self, words: str) -> list[int]:
        """Return the best matches by BM25; of equal ones those with the first ids, so that order of arrival is nothing.

        Fetching all scores and sorting here costs no more than a limit: FTS5 scores every match anyway.
        """
        table = f"{self._layer}_words"
        query = f"SELECT rowid, rank FROM {table} WHERE {table} MATCH ?"  # noqa: S608 - a layer's name
        scored = self._connection.execute(query, (words,)).fetchall()
        if len(scored) <= BEST_HITS:
            return [row for row, _ in scored]
        limit = nsmallest(BEST_HITS, (rank for _, rank in scored))[-1]
        better = [row for row, rank in scored if rank < limit]
        equal = [row for row, rank in scored if rank == limit]
        if len(better) + len(equal) > BEST_HITS:
            ids = [pair for part in parts(equal) for pair in self._ids(part)]
            equal = [row for _, row in nsmallest(BEST_HITS - len(better), ids)]
        return better + equal

    def _ids(self, rows: Sequence[int]) -> list[tuple[str, int]]:
        query = f"SELECT id, row FROM item WHERE row IN ({marks(rows)})"  # noqa: S608 - question marks
        return self._connection.execute(query, rows).fetchall()

    def _kin_hits(self, terms: Sequence[str]) -> list[int]:
        """Return the rows of words that are spelt or meant like those asked for."""
        related = sorted({other for term in terms for other in related_to(term)})
        starts = [f"{start} *" for start in _quoted([prefix_of(term) for term in terms if prefix_of(term)])]
        words = " OR ".join([*_quoted(related), *starts])
        return self._matching(words, f" LIMIT {BEST_HITS}") if words else []

    def _matching(self, words: str, order: str) -> list[int]:
        table = f"{self._layer}_words"
        query = f"SELECT rowid FROM {table} WHERE {table} MATCH ?{order}"  # noqa: S608 - a layer's name
        return [row for (row,) in self._connection.execute(query, (words,))]

    def _rows(self, column: str, keys: Sequence[int]) -> list[Row]:
        """Return the rows whose `column`, a number, is one of `keys`."""
        portions = (f" AND {column} IN ({','.join(map(str, part))})" for part in parts(keys))
        return [row for portion in portions for row in self._select(portion)]

    def _select(self, condition: str) -> list[Row]:
        query = f"SELECT {_COLUMNS} FROM item WHERE layer='{self._layer}'{self._condition}{condition}"  # noqa: S608 - ours
        return list(map(Row._make, self._connection.execute(query, self._values)))


def _foremost(rows: Sequence[Row], pool: Pool, nearest: Collection[int]) -> Sequence[Row]:
    """Return the rows that are worth all their features."""
    if len(rows) <= MOST_MEASURED:
        return rows
    return nlargest(MOST_MEASURED, rows, key=lambda row: (row.row in nearest, pool.promise(row), row.id))


def _quoted(terms: Sequence[str]) -> list[str]:
    return [f'"{term}"' for term in terms]
