"""Vectors of texts: kept by what they were made of and by which model, and compared without any extension.

A scan compares the signs of the numbers first, one bit each, and looks closely only at the nearest: the exact cosine
decides among them. Up to `EXACT` vectors every one is compared exactly.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from heapq import nlargest, nsmallest
from operator import mul
from typing import Final

from hermes_tui.capabilities.memory.database import Connection, IndexDatabase, parts
from hermes_tui.capabilities.memory.items import Layer
from hermes_tui.domain.values import frozen

EXACT: Final = 1_000
RESCORED: Final = 200


@frozen(kw_only=False)
class Query:
    """What is looked for by its vector; only vectors of the same `model` are compared with it."""

    model: str
    body: bytes


@frozen(kw_only=False)
class _Signs:
    """The signs of every vector of a layer, as the index was at `generation`."""

    generation: int
    rows: Sequence[int]
    signs: Sequence[int]


class Vectors:
    """The vectors of one index."""

    def __init__(self, database: IndexDatabase) -> None:
        self._database = database

    def pending(self, model: str, most: int) -> list[tuple[bytes, str]]:
        """Return texts that `model` has not seen, with the keys under which their vectors are to be kept."""
        query = (
            "SELECT DISTINCT digest, text FROM item WHERE text<>''"
            " AND NOT EXISTS(SELECT 1 FROM vector WHERE vector.digest=item.digest AND model=?) LIMIT ?"
        )
        with self._database.reading() as connection:
            return connection.execute(query, (model, most)).fetchall()

    def count_pending(self, model: str) -> int:
        """Return how many texts `model` has not seen."""
        return len(self.pending(model, -1))

    def put(self, model: str, vectors: Mapping[bytes, bytes]) -> None:
        """Keep vectors by their keys."""
        with self._database.transaction() as connection:
            rows = [(digest, model, body) for digest, body in vectors.items()]
            connection.executemany("INSERT OR REPLACE INTO vector VALUES(?, ?, ?)", rows)

    def drop_others(self, model: str) -> None:
        """Forget the vectors of every other model; call it once `model` has seen every text."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM vector WHERE model<>?", (model,))


class Scan:
    """Compares one query with the vectors of one layer; keeps signs between searches."""

    def __init__(self) -> None:
        self._signs: dict[tuple[str, Layer], _Signs] = {}

    def nearest(self, connection: Connection, layer: Layer, query: Query, most: int) -> list[int]:
        """Return the rows of the nearest items, nearest first."""
        known = self._known(connection, layer, query.model)
        rows = known.rows
        if len(rows) > EXACT:
            asked = _signs_of(query.body)
            distances = [(asked ^ signs).bit_count() for signs in known.signs]
            rows = [rows[place] for place in nsmallest(RESCORED, range(len(rows)), key=distances.__getitem__)]
        cosines = cosines_of(connection, query, rows)
        return nlargest(most, cosines, key=lambda row: (cosines[row], -row))

    def _known(self, connection: Connection, layer: Layer, model: str) -> _Signs:
        (generation,) = connection.execute("SELECT value FROM meta WHERE key='generation'").fetchone()
        known = self._signs.get((model, layer))
        if known is None or known.generation != int(generation):
            query = "SELECT row, body FROM item JOIN vector USING(digest) WHERE layer=? AND model=?"
            found = connection.execute(query, (layer.value, model)).fetchall()
            signs = [_signs_of(body) for _, body in found] if len(found) > EXACT else []
            known = self._signs[(model, layer)] = _Signs(int(generation), [row for row, _ in found], signs)
        return known


def cosines_of(connection: Connection, query: Query, rows: Sequence[int]) -> dict[int, float]:
    """Return how near each of `rows` lies to the query, where it has a vector of the query's model and size."""
    asked = array("f", query.body)
    found: dict[int, float] = {}
    for part in parts(rows):
        numbers = ",".join(map(str, part))
        statement = f"SELECT row, body FROM item JOIN vector USING(digest) WHERE model=? AND row IN ({numbers})"  # noqa: S608 - numbers
        for row, body in connection.execute(statement, (query.model,)):
            if len(body) == len(query.body):
                found[row] = sum(map(mul, asked, array("f", body)))
    return found


def _signs_of(body: bytes) -> int:
    """Return one bit for each number: whether it is negative. The sign is the top bit of its fourth byte."""
    return int.from_bytes(body[3::4].translate(_TO_SIGN), "little")


_TO_SIGN: Final = bytes(byte >> 7 for byte in range(256))
