"""The candidates of a search: found by SQL, bounded, with the neighbours that features look at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
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
BEST_HITS: Final = 40
MIDDLING_LAYER: Final = 10_000
MORE_HITS: Final = 160
"""So many of the best matches by words are candidates; more up to so many items, where each costs less to find."""
SCORED_MATCHES: Final = 1_500
MOST_SCORED: Final = 20_000
"""All terms together are scored only where the rarest of them is held by no more items."""
NEAREST: Final = 50
"""So many items are candidates for their vectors alone."""
LOOKS: Final = (NEAREST + 10, 20 * NEAREST)
"""So many of the nearest are looked at to find these; the second only where few of the first are left."""
FEW_HITS: Final = 60
"""With fewer matches than this, words that are spelt or meant alike are looked for too."""
MOST_MEASURED: Final = 120
"""Of so many rows all features are computed; a first guess chooses them."""
WINDOW: Final = 2
"""So many items before and after a match are looked at with it, and may be the answer though they match nothing."""
WINDOW_ALONE: Final = 1
"""The same of what was found by its vector alone."""
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
        self._best_hits = BEST_HITS
        self._known: Mapping[int, float] = {}

    def candidates(self, question: Question) -> Candidates:
        statistics = self._statistics(question)
        if statistics.items <= SMALL_LAYER:
            pool = Pool(question, self._select(""), statistics)
            every = list(pool.rows.values())
            cosines = self._cosines(every)
            nearest = set(nlargest(NEAREST, cosines, key=lambda row: (cosines[row], -row)))
            hits = self._hits_of(pool, every, nearest)
            return Candidates(pool, every if hits and self._layer is Layer.EPISODE else hits, cosines)
        self._best_hits = MORE_HITS if statistics.items <= MIDDLING_LAYER else BEST_HITS
        near = self._nearest()
        found = list(dict.fromkeys(self._found(question, statistics)))
        alone = [row for row in near if row.row not in set(found)]
        hits = self._rows(found)
        around = self._within([*_windows(hits, WINDOW), *_windows(alone, WINDOW_ALONE)])
        pool = Pool(question, [*hits, *alone, *around], statistics)
        nearest = {row.row for row in near}
        rows = _foremost(self._with_talk(pool, self._hits_of(pool, hits, nearest), alone), pool, nearest)
        beside = {row.spot + step for row in rows for step in (-1, 0, 1)}
        return Candidates(pool, rows, self._cosines([row for row in pool.rows.values() if row.spot in beside]))

    def _found(self, question: Question, statistics: Statistics) -> list[int]:
        found = self._hits(statistics.holding)
        return found if len(found) >= min(FEW_HITS, self._best_hits) else found + self._kin_hits(question.terms)

    def _nearest(self) -> Sequence[Row]:
        """Return the rows with the nearest vectors; further off too where most of the nearest may not be found."""
        near = self._near
        if near is None:
            return []
        found: list[Row] = []
        for most in LOOKS:
            self._known = near.scan.nearest(self._connection, self._layer, near.query, most)
            allowed = {row.row: row for row in self._rows(list(self._known))}
            found = [allowed[row] for row in self._known if row in allowed][:NEAREST]
            if len(found) > NEAREST // 2 or len(self._known) < most:
                break
        return found

    def _hits_of(self, pool: Pool, rows: Sequence[Row], nearest: Collection[int]) -> Sequence[Row]:
        """Return those of `rows` that match by word or by vector."""
        return [row for row in rows if row.row in nearest or pool.matches[row.spot].touches]

    def _with_talk(self, pool: Pool, hits: Sequence[Row], alone: Sequence[Row]) -> Sequence[Row]:
        """Return what was found, and of talk also what was said around it: the answer may hold no word of the question.

        `alone` are those that were found by their vectors alone.
        """
        if self._layer is not Layer.EPISODE:
            return [*hits, *alone]
        windows = [*_windows(hits, WINDOW), *_windows(alone, WINDOW_ALONE)]
        near = {spot for first, last in windows for spot in range(first, last + 1)}
        return [row for row in pool.rows.values() if row.spot in near]

    def _cosines(self, rows: Sequence[Row]) -> Mapping[int, float]:
        if self._near is None:
            return {}
        unknown = [row.row for row in rows if row.row not in self._known]
        return {**self._known, **self._near.scan.cosines(self._connection, self._near.query, unknown)}

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
        return found or self._matching(_quoted(known)[0], f" ORDER BY rowid DESC LIMIT {self._best_hits}")

    def _best(self, words: str) -> list[int]:
        """Return the best matches by BM25; of equal ones those with the first ids, so that order of arrival is nothing.

        Fetching all scores and sorting here costs no more than a limit: FTS5 scores every match anyway.
        """
        table = f"{self._layer}_words"
        query = f"SELECT rowid, rank FROM {table} WHERE {table} MATCH ?"  # noqa: S608 - a layer's name
        scored = self._connection.execute(query, (words,)).fetchall()
        if len(scored) <= self._best_hits:
            return [row for row, _ in scored]
        limit = nsmallest(self._best_hits, (rank for _, rank in scored))[-1]
        better = [row for row, rank in scored if rank < limit]
        equal = [row for row, rank in scored if rank == limit]
        if len(better) + len(equal) > self._best_hits:
            ids = [pair for part in parts(equal) for pair in self._ids(part)]
            equal = [row for _, row in nsmallest(self._best_hits - len(better), ids)]
        return better + equal

    def _ids(self, rows: Sequence[int]) -> list[tuple[str, int]]:
        query = f"SELECT id, row FROM item WHERE row IN ({marks(rows)})"  # noqa: S608 - question marks
        return self._connection.execute(query, rows).fetchall()

    def _kin_hits(self, terms: Sequence[str]) -> list[int]:
        """Return the rows of words that are spelt or meant like those asked for."""
        related = sorted({other for term in terms for other in related_to(term)})
        starts = [f"{start} *" for start in _quoted([prefix_of(term) for term in terms if prefix_of(term)])]
        words = " OR ".join([*_quoted(related), *starts])
        return self._matching(words, f" LIMIT {self._best_hits}") if words else []

    def _matching(self, words: str, order: str) -> list[int]:
        table = f"{self._layer}_words"
        query = f"SELECT rowid FROM {table} WHERE {table} MATCH ?{order}"  # noqa: S608 - a layer's name
        return [row for (row,) in self._connection.execute(query, (words,))]

    def _rows(self, keys: Sequence[int]) -> list[Row]:
        """Return the rows of these numbers that may be found."""
        portions = (f" AND row IN ({','.join(map(str, part))})" for part in parts(keys))
        return [row for portion in portions for row in self._select(portion)]

    def _within(self, windows: Iterable[tuple[int, int]]) -> list[Row]:
        """Return what stands within `windows`, each a first and a last spot; what lies together is read at once."""
        query = f"SELECT {_COLUMNS} FROM item WHERE spot BETWEEN ? AND ? AND layer='{self._layer}'{self._condition}"  # noqa: S608 - ours
        found: list[Row] = []
        for window in _joined(windows):
            found += map(Row._make, self._connection.execute(query, [*window, *self._values]))
        return found

    def _select(self, condition: str) -> list[Row]:
        query = f"SELECT {_COLUMNS} FROM item WHERE layer='{self._layer}'{self._condition}{condition}"  # noqa: S608 - ours
        return list(map(Row._make, self._connection.execute(query, self._values)))


def _windows(rows: Iterable[Row], reach: int) -> list[tuple[int, int]]:
    return [(row.spot - reach, row.spot + reach) for row in rows]


def _joined(windows: Iterable[tuple[int, int]]) -> Sequence[Sequence[int]]:
    """Return `windows` in order, those that touch as one."""
    joined: list[list[int]] = []
    for first, last in sorted(windows):
        if joined and first <= joined[-1][1] + 1:
            joined[-1][1] = max(last, joined[-1][1])
        else:
            joined.append([first, last])
    return joined


def _foremost(rows: Sequence[Row], pool: Pool, nearest: Collection[int]) -> Sequence[Row]:
    """Return the rows that are worth all their features."""
    if len(rows) <= MOST_MEASURED:
        return rows
    return nlargest(MOST_MEASURED, rows, key=lambda row: (row.row in nearest, pool.promise(row), row.id))


def _quoted(terms: Sequence[str]) -> list[str]:
    return [f'"{term}"' for term in terms]
