"""Putting items into the index and taking them out, inside one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from hermes_tui.capabilities.memory.cues import cues_of
from hermes_tui.capabilities.memory.database import GIVEN, Connection, marks, parts
from hermes_tui.capabilities.memory.items import Item
from hermes_tui.capabilities.memory.plain_words import plain_words
from hermes_tui.capabilities.memory.pool import THREAD_SHIFT
from hermes_tui.capabilities.memory.vectors import put_vectors
from hermes_tui.capabilities.memory.words import term_of
from hermes_tui.domain.values import frozen


@frozen(kw_only=False)
class Entry:
    """An item, ready to be stored."""

    item: Item
    terms: str
    size: int
    cues: int


def entry_of(item: Item) -> Entry:
    """Return `item` with its words read."""
    words = plain_words(item.text)
    terms = [term for term in map(term_of, words) if term]
    return Entry(item, " ".join(terms), len(terms), cues_of(item.text, words))


def digest_of(text: str) -> bytes:
    """Return the key under which vectors of `text` are kept."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Storing:
    """Statements inside one transaction. What is left behind is the same whatever was stored and taken out before."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._threads: dict[str, tuple[int, int]] = {}

    def add(self, entries: Sequence[Entry]) -> None:
        """Store entries; one with a known id replaces what was there, in its place."""
        spots = self._present([entry.item.id for entry in entries])
        if spots:
            self._drop("id", spots)
        for entry in entries:
            self._insert(entry, spots.get(entry.item.id))
        rows = [(following, number) for number, following in self._threads.values()]
        self._connection.executemany("UPDATE thread SET next=? WHERE no=?", rows)
        self._count([(entry.item.layer, entry.size, entry.item.speaker, 1) for entry in entries])
        self._tidy(spots.values())

    def drop(self, column: str, keys: Iterable[str]) -> int:
        """Take out the items whose `column` is one of `keys`; return how many there were."""
        spots = self._drop(column, keys)
        self._tidy(spots)
        return len(spots)

    def _drop(self, column: str, keys: Iterable[str]) -> list[int]:
        dropped: list[tuple[str, int, str, int]] = []
        spots: list[int] = []
        for part in parts(list(keys)):
            query = f"SELECT row, layer, terms, size, speaker, spot FROM item WHERE {column} IN ({marks(part)})"  # noqa: S608 - ours
            for row, layer, terms, size, speaker, spot in self._connection.execute(query, part).fetchall():
                self._connection.execute(
                    f"INSERT INTO {layer}_words({layer}_words, rowid, terms) VALUES('delete', ?, ?)",
                    (row, terms),
                )
                self._connection.execute("DELETE FROM item WHERE row=?", (row,))
                dropped.append((layer, size, speaker, -1))
                spots.append(spot)
        self._count(dropped)
        return spots

    def _tidy(self, spots: Iterable[int]) -> None:
        """Take out the threads that have become empty; how many there are counts in ranking."""
        for number in {spot >> THREAD_SHIFT for spot in spots}:
            first, last = number << THREAD_SHIFT, (number + 1 << THREAD_SHIFT) - 1
            self._connection.execute(
                "DELETE FROM thread WHERE no=? AND NOT EXISTS(SELECT 1 FROM item WHERE spot BETWEEN ? AND ?)",
                (number, first, last),
            )

    def _present(self, ids: Sequence[str]) -> dict[str, int]:
        """Return the spots of those of `ids` that are there."""
        found: dict[str, int] = {}
        for part in parts(ids):
            query = f"SELECT id, spot FROM item WHERE id IN ({marks(part)})"  # noqa: S608 - question marks
            found.update(self._connection.execute(query, part).fetchall())
        return found

    def _insert(self, entry: Entry, old_spot: int | None) -> None:
        item = entry.item
        digest = digest_of(item.said)
        cursor = self._connection.execute(
            "INSERT INTO item(id, layer, spot, speaker, at, text, terms, size, cues, source, kind, live, scope, anchor,"
            " digest) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(item.id, item.layer, self._spot(item, old_spot), item.speaker, item.at, item.text, entry.terms),
                *(entry.size, entry.cues, item.source, item.kind, int(item.live), item.scope, item.anchor, digest),
            ),
        )
        self._connection.execute(
            f"INSERT INTO {item.layer}_words(rowid, terms) VALUES(?, ?)",
            (cursor.lastrowid, entry.terms),
        )
        if item.vector:
            put_vectors(self._connection, GIVEN, [(digest, item.vector)])

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

    def _count(self, changes: Sequence[tuple[str, int, str, int]]) -> None:
        totals: dict[str, list[int]] = {}
        speakers: dict[str, int] = {}
        for layer, size, speaker, sign in changes:
            total = totals.setdefault(layer, [0, 0])
            total[0] += sign
            total[1] += sign * size
            if speaker:
                speakers[speaker] = speakers.get(speaker, 0) + sign
        rows = [(items, size, layer) for layer, (items, size) in totals.items()]
        self._connection.executemany("UPDATE tally SET items=items+?, size=size+? WHERE layer=?", rows)
        self._connection.executemany(
            "INSERT INTO speaker VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET items=items+excluded.items",
            list(speakers.items()),
        )
