"""The text index of all memories: put in, taken out, and the candidates of a search found by SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from hermes_tui.capabilities.memory.cues import cues_of
from hermes_tui.capabilities.memory.database import Connection, IndexDatabase
from hermes_tui.capabilities.memory.items import Item, Layer
from hermes_tui.capabilities.memory.pool import THREAD_SHIFT, Pool, Row, Statistics, prefix_of
from hermes_tui.capabilities.memory.question import Question
from hermes_tui.capabilities.memory.related import related_to
from hermes_tui.capabilities.memory.words import plain_words, term_of

SMALL_LAYER: Final = 1_000
"""Up to so many items, every one is a candidate."""
ALL_HITS: Final = 1_000
"""Up to so many matches, every one is a candidate; beyond, rare terms choose."""
BEST_HITS: Final = 160
SCORED_MATCHES: Final = 4_000
FEW_HITS: Final = 60
"""With fewer matches than this, words that are spelt or meant alike are looked for too."""
WINDOW: Final = (-3, -2, -1, 1, 2, 3)
REACH: Final = 2
"""How far from a match an item without one may stand to be a candidate."""
_BATCH: Final = 400
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a search looks at: a pool, and which of its rows may be answers."""

    pool: Pool
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class _Entry:
    """An item, ready to be stored."""

    item: Item
    terms: str
    size: int
    cues: int


class MemoryIndex:
    """Every memory's words; knows nothing of files or journals."""

    def __init__(self, database: IndexDatabase) -> None:
        self.database = database

    def add(self, items: Sequence[Item]) -> None:
        """Store `items`, searchable on return; one with a known id replaces what was there, in its place."""
        entries = [_entry(item) for item in items]
        with self.database.transaction() as connection:
            _Writing(connection).add(entries)

    def drop(self, ids: Iterable[str]) -> int:
        """Take items out by id; return how many there were."""
        with self.database.transaction() as connection:
            return _Writing(connection).drop("id", ids)

    def drop_source(self, source: str) -> int:
        """Take out all that came from `source`; return how many there were."""
        with self.database.transaction() as connection:
            return _Writing(connection).drop("source", (source,))

    def replace_source(self, source: str, items: Sequence[Item], digest: str = "", status: str = "ok") -> None:
        """Make `items` all that comes from `source`, and note that it was seen with `digest`; one transaction."""
        entries = [_entry(item) for item in items]
        with self.database.transaction() as connection:
            writing = _Writing(connection)
            writing.drop("source", (source,))
            writing.add(entries)
            at = max((item.at for item in items), default=0.0)
            connection.execute("INSERT OR REPLACE INTO seen VALUES(?, ?, ?, ?)", (source, digest, status, at))

    def extend_source(self, source: str, items: Sequence[Item], digest: str) -> None:
        """Add `items` to what came from `source`, and note how far it was read; one transaction."""
        entries = [_entry(item) for item in items]
        with self.database.transaction() as connection:
            _Writing(connection).add(entries)
            connection.execute("INSERT OR REPLACE INTO seen VALUES(?, ?, 'ok', 0)", (source, digest))

    def forget_source(self, source: str) -> None:
        """Take out all that came from `source`, and that it was ever seen."""
        with self.database.transaction() as connection:
            _Writing(connection).drop("source", (source,))
            connection.execute("DELETE FROM seen WHERE name=?", (source,))

    def seen(self) -> dict[str, tuple[str, str]]:
        """Return digest and status of every source."""
        with self.database.reading() as connection:
            rows = connection.execute("SELECT name, digest, status FROM seen").fetchall()
        return {name: (digest, status) for name, digest, status in rows}

    def get(self, ids: Sequence[str]) -> dict[str, Item]:
        """Return the items of `ids` that are there."""
        found: dict[str, Item] = {}
        with self.database.reading() as connection:
            for part in _parts(ids):
                rows = connection.execute(
                    "SELECT id, text, item.layer, name, spot, speaker, at, source, kind, live FROM item"
                    f" JOIN thread ON no = spot >> {THREAD_SHIFT} WHERE id IN ({_marks(part)})",
                    part,
                ).fetchall()
                found |= {row[0]: _item(row) for row in rows}
        return found

    def around(self, item_id: str, reach: int) -> list[Item]:
        """Return the item with `reach` items before and after it in its thread, in order."""
        with self.database.reading() as connection:
            row = connection.execute("SELECT spot FROM item WHERE id=?", (item_id,)).fetchone()
            if row is None:
                return []
            first = max(row[0] - reach, row[0] >> THREAD_SHIFT << THREAD_SHIFT)
            rows = connection.execute(
                "SELECT id, text, item.layer, name, spot, speaker, at, source, kind, live FROM item"
                f" JOIN thread ON no = spot >> {THREAD_SHIFT} WHERE spot BETWEEN ? AND ? ORDER BY spot",
                (first, row[0] + reach),
            ).fetchall()
        return [_item(row) for row in rows]

    def speakers(self) -> list[str]:
        """Return everyone who speaks."""
        with self.database.reading() as connection:
            return [name for (name,) in connection.execute("SELECT name FROM speaker ORDER BY name")]

    def counts(self) -> dict[str, int]:
        """Return how many items each layer has."""
        with self.database.reading() as connection:
            return dict(connection.execute("SELECT layer, items FROM tally").fetchall())

    def candidates(self, question: Question, layer: Layer, *, past: bool = False) -> Candidates:
        """Return what a search for `question` looks at; `past` adds what was superseded or has expired."""
        with self.database.reading() as connection:
            return _Reading(connection, layer, past=past).candidates(question)


class _Writing:
    """Statements inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._threads: dict[str, tuple[int, int]] = {}

    def add(self, entries: Sequence[_Entry]) -> None:
        spots = self._present([entry.item.id for entry in entries])
        if spots:
            self.drop("id", spots)
        for entry in entries:
            self._insert(entry, spots.pop(entry.item.id, None))
        rows = [(following, number) for number, following in self._threads.values()]
        self._connection.executemany("UPDATE thread SET next=? WHERE no=?", rows)
        names = {(entry.item.speaker,) for entry in entries if entry.item.speaker}
        self._connection.executemany("INSERT OR IGNORE INTO speaker VALUES(?)", names)
        self._count([(entry.item.layer, entry.size, 1) for entry in entries])

    def drop(self, column: str, keys: Iterable[str]) -> int:
        dropped: list[tuple[str, int, int]] = []
        for part in _parts(list(keys)):
            query = f"SELECT row, layer, terms, size FROM item WHERE {column} IN ({_marks(part)})"  # noqa: S608 - ours
            for row, layer, terms, size in self._connection.execute(query, part).fetchall():
                self._connection.execute(
                    f"INSERT INTO {layer}_words({layer}_words, rowid, terms) VALUES('delete', ?, ?)",
                    (row, terms),
                )
                self._connection.execute("DELETE FROM item WHERE row=?", (row,))
                self._connection.execute("DELETE FROM vector WHERE row=?", (row,))
                dropped.append((layer, size, -1))
        self._count(dropped)
        return len(dropped)

    def _present(self, ids: Sequence[str]) -> dict[str, int]:
        """Return the spots of those of `ids` that are there."""
        found: dict[str, int] = {}
        for part in _parts(ids):
            query = f"SELECT id, spot FROM item WHERE id IN ({_marks(part)})"  # noqa: S608 - question marks
            found.update(self._connection.execute(query, part).fetchall())
        return found

    def _insert(self, entry: _Entry, old_spot: int | None) -> None:
        item = entry.item
        spot = self._spot(item, old_spot)
        cursor = self._connection.execute(
            "INSERT INTO item(id, layer, spot, speaker, at, text, terms, size, cues, source, kind, live)"
            " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(item.id, item.layer, spot, item.speaker, item.at, item.text, entry.terms, entry.size),
                *(entry.cues, item.source, item.kind, int(item.live)),
            ),
        )
        self._connection.execute(
            f"INSERT INTO {item.layer}_words(rowid, terms) VALUES(?, ?)",
            (cursor.lastrowid, entry.terms),
        )
        if item.vector:
            self._connection.execute("INSERT INTO vector VALUES(?, 'given', ?)", (cursor.lastrowid, item.vector))

    def _spot(self, item: Item, old_spot: int | None) -> int:
        number, following = self._thread(item)
        if old_spot is not None and old_spot >> THREAD_SHIFT == number and item.place is None:
            return old_spot
        place = following if item.place is None else item.place
        self._threads[item.thread] = (number, max(following, place + 1))
        return number << THREAD_SHIFT | place

    def _thread(self, item: Item) -> tuple[int, int]:
        known = self._threads.get(item.thread)
        if known is None:
            self._connection.execute(
                "INSERT OR IGNORE INTO thread(name, layer, next) VALUES(?, ?, 0)", (item.thread, item.layer)
            )
            row = self._connection.execute("SELECT no, next FROM thread WHERE name=?", (item.thread,)).fetchone()
            known = self._threads[item.thread] = (int(row[0]), int(row[1]))
        return known

    def _count(self, changes: Sequence[tuple[str, int, int]]) -> None:
        totals: dict[str, list[int]] = {}
        for layer, size, sign in changes:
            total = totals.setdefault(layer, [0, 0])
            total[0] += sign
            total[1] += sign * size
        rows = [(items, size, layer) for layer, (items, size) in totals.items()]
        self._connection.executemany("UPDATE tally SET items=items+?, size=size+? WHERE layer=?", rows)


class _Reading:
    """Queries of one search in one layer, over one state of the database."""

    def __init__(self, connection: Connection, layer: Layer, *, past: bool) -> None:
        self._connection = connection
        self._layer = layer
        self._live = "" if past else " AND live"

    def candidates(self, question: Question) -> Candidates:
        statistics = self._statistics(question)
        if statistics.items <= SMALL_LAYER:
            pool = Pool(question, self._all_rows(), statistics)
            return Candidates(pool, list(pool.rows.values()))
        found = self._hits(statistics.holding)
        if len(found) < FEW_HITS:
            found = list(dict.fromkeys([*found, *self._kin_hits(question.terms)]))
        hits = self._rows("row", found)
        spots = {row.spot for row in hits}
        window = {spot + step for spot in spots for step in WINDOW} - spots
        around = self._rows("spot", sorted(window))
        pool = Pool(question, [*hits, *around], statistics)
        near = {spot + step for spot in spots for step in range(-REACH, REACH + 1)}
        return Candidates(pool, [row for row in pool.rows.values() if row.spot in near])

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
        best = f" ORDER BY rank LIMIT {BEST_HITS}"
        found = self._matching(" OR ".join(_quoted(chosen)), best) if chosen else []
        while len(known) > max(1, len(chosen)):
            every = self._matching(" AND ".join(_quoted(known)), f" LIMIT {BEST_HITS}")
            if every:
                return list(dict.fromkeys([*found, *every]))
            known.pop()
        return found or self._matching(_quoted(known)[0], f" ORDER BY rowid DESC LIMIT {BEST_HITS}")

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

    def _all_rows(self) -> list[Row]:
        return self._select("")

    def _rows(self, column: str, keys: Sequence[int]) -> list[Row]:
        """Return the rows whose `column`, a number, is one of `keys`."""
        parts = (f" AND {column} IN ({','.join(map(str, part))})" for part in _parts(keys))
        return [row for part in parts for row in self._select(part)]

    def _select(self, condition: str) -> list[Row]:
        query = (
            "SELECT row, id, spot, speaker, at, terms, cues FROM item"
            f" WHERE layer='{self._layer}'{self._live}{condition}"
        )
        return [
            Row(row, item_id, spot, speaker, at, terms.split(), cues)
            for row, item_id, spot, speaker, at, terms, cues in self._connection.execute(query)
        ]


def _entry(item: Item) -> _Entry:
    words = plain_words(item.text)
    terms = [term for word in words if (term := term_of(word))]
    return _Entry(item, " ".join(terms), len(terms), cues_of(item.text, words))


def _item(row: tuple[str, str, str, str, int, str, float, str, str, int]) -> Item:
    item_id, text, layer, thread, spot, speaker, at, source, kind, live = row
    return Item(
        id=item_id,
        text=text,
        layer=Layer(layer),
        thread=thread,
        place=spot & ((1 << THREAD_SHIFT) - 1),
        speaker=speaker,
        at=at,
        source=source,
        kind=kind,
        live=bool(live),
    )


def _parts(keys: Sequence[T]) -> Iterable[Sequence[T]]:
    return (keys[start : start + _BATCH] for start in range(0, len(keys), _BATCH))


def _marks(part: Sequence[object]) -> str:
    return ",".join("?" * len(part))


def _quoted(terms: Sequence[str]) -> list[str]:
    return [f'"{term}"' for term in terms]
