"""Vectors of texts: kept by what they were made of and by which model; none of two models are ever compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from hermes_tui.capabilities.memory.database import Connection, IndexDatabase
from hermes_tui.domain.values import frozen

_BYTE: Final = 8
_AS_DIGIT: Final = bytes(b"01"[byte >> 7] for byte in range(256))
_MISSING: Final = """
    FROM item WHERE row>? AND text<>''
    AND NOT EXISTS(SELECT 1 FROM vector WHERE vector.digest=item.digest AND model=?)"""
_SAID: Final = "CASE speaker WHEN '' THEN text ELSE speaker || ': ' || text END"
_PENDING: Final = f"SELECT row, digest, {_SAID} {_MISSING} ORDER BY row LIMIT ?"
_COUNT: Final = f"SELECT count(DISTINCT digest) {_MISSING}"


@frozen(kw_only=False)
class Query:
    """What is looked for by its vector; only vectors of the same `model` are compared with it.

    What lies further off than the cosine `least` is no match by its vector alone.
    """

    model: str
    body: bytes
    least: float = -1.0


class Vectors:
    """The vectors of one index. Those that are missing are the queue: there is no other list that could be wrong."""

    def __init__(self, database: IndexDatabase) -> None:
        self._database = database
        self._looked: dict[str, tuple[int, int]] = {}

    def pending(self, model: str, most: int) -> list[tuple[bytes, str]]:
        """Return texts that `model` has not seen, oldest first, with the keys of their vectors.

        Items that have theirs are not looked at again, so that asking costs nothing once all is done.
        """
        with self._database.reading() as connection:
            born = self._database.born()
            known, after = self._looked.get(model, (born, 0))
            rows = connection.execute(_PENDING, (after if known == born else 0, model, most)).fetchall()
            (last,) = connection.execute("SELECT ifnull(max(row), 0) FROM item").fetchone()
        self._looked[model] = (born, rows[0][0] - 1 if rows else last)
        return list({digest: (digest, text) for _, digest, text in rows}.values())

    def count_pending(self, model: str) -> int:
        """Return how many texts `model` has not seen."""
        self.pending(model, 1)
        _, after = self._looked[model]
        with self._database.reading() as connection:
            (count,) = connection.execute(_COUNT, (after, model)).fetchone()
        return int(count)

    def put(self, model: str, vectors: Mapping[bytes, bytes]) -> None:
        """Keep vectors by their keys."""
        with self._database.transaction() as connection:
            put_vectors(connection, model, vectors.items())

    def drop_others(self, model: str) -> None:
        """Forget the vectors of every other model; call it once `model` has seen every text."""
        with self._database.reading() as connection:
            others = connection.execute("SELECT 1 FROM vector WHERE model<>? LIMIT 1", (model,)).fetchone()
        if others is None:
            return
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM vector WHERE model<>?", (model,))
        self._looked = {name: place for name, place in self._looked.items() if name == model}


def put_vectors(connection: Connection, model: str, vectors: Iterable[tuple[bytes, bytes]]) -> None:
    """Keep vectors by their keys, inside a transaction."""
    for digest, body in vectors:
        connection.execute("DELETE FROM vector WHERE digest=? AND model=?", (digest, model))
        row = (digest, model, signs_of(body))
        number = connection.execute("INSERT INTO vector(digest, model, signs) VALUES(?, ?, ?)", row).lastrowid
        connection.execute("INSERT INTO numbers VALUES(?, ?)", (number, body))


def signs_of(body: bytes) -> bytes:
    """Return one bit for each number, the first one highest: whether it is negative.

    The sign of a little-endian float32 is the top bit of its fourth byte.
    """
    digits = body[3::4].translate(_AS_DIGIT) or b"0"
    return int(digits, 2).to_bytes(-(-len(digits) // _BYTE), "big")
