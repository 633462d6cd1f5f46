"""What gathers for one commit: values for rows, what a link covers of them, and the statement that stores them at once.

A thread that comes back from SQLite has to win the interpreter's lock from those that append. So the writer's part is
kept small: records become values as they are appended, and a commit is one statement where it can be.
"""

from __future__ import annotations

import sqlite3
from functools import cache
from hashlib import sha256
from itertools import islice
from typing import Any, Final
from zlib import crc32

import msgspec

from hermes_tui.capabilities.state.blobs import INLINE_BYTES
from hermes_tui.capabilities.state.rows import COLUMNS, NO_MAC, linking, reference
from hermes_tui.domain.records import RECORD_VERSION, Place, Record

MOST: Final = 512
"""Most records of a statement, and of a commit but for those that belong together. Of a thousand agents half append
while the others' records are written."""
_SIZES: Final = (1, 4, 16, 64, 256, MOST)
"""Rows of a statement, which ends early where it has fewer; few sizes, as compiling one takes about 5 µs a row."""
_NIL: Final = 0
_COLUMNS: Final = (
    *("column1", f"{RECORD_VERSION}", "column2", "column3"),
    *(f"nullif(column{number}, {_NIL})" for number in range(4, 7)),
    *(f"column{number}" for number in range(7, 11)),
    *("CAST(column11 AS BLOB)", "column12"),
)
"""What is bound for each column. The driver takes None and `bytes` the long way round, through its adapters: that is as
long as all other work on a row. So it never gets them: 0 stands for a run, turn or task that there is not, and a body
is given as text."""
_WIDTH: Final = len(_COLUMNS) - 1
_encode = msgspec.json.Encoder().encode


@cache
def _insert(rows: int) -> str:
    values = ", ".join([f"({', '.join('?' * _WIDTH)})"] * rows)
    return f"INSERT INTO record({COLUMNS}) SELECT {', '.join(_COLUMNS)} FROM (VALUES {values}) LIMIT ?"  # noqa: S608 - constants only


class Batch:
    """Records of one commit, in their order: bound for rows, and hashed into the link of the commit.

    `long` are the bodies that have no room in a row; `link` is there when the batch is sealed.
    """

    __slots__ = ("count", "covered", "last", "link", "long", "values")

    def __init__(self, before: bytes, key: bytes) -> None:
        self.count = 0
        self.last = 0
        self.link = NO_MAC
        self.long: list[bytes] = []
        self.values: list[Any] = []
        self.covered = linking(before, key)

    @property
    def at_once(self) -> bool:
        """Whether one statement stores all of it."""
        return self.count <= MOST and not self.long

    def store(self, connection: sqlite3.Connection) -> None:
        """Insert the rows, with one statement or, within a transaction, with several."""
        values = iter(self.values)
        for done in range(0, self.count, MOST):
            count = min(MOST, self.count - done)
            size = next(size for size in _SIZES if size >= count)
            bound = list(islice(values, count * _WIDTH)) if self.count > MOST else self.values
            bound += [_NIL] * ((size - count) * _WIDTH)
            bound.append(count)
            connection.execute(_insert(size), bound)


class Chain:
    """Puts records into batches, and ends each batch with a link.

    The last row of a commit holds the link, which covers each record of the commit and the link before; the others hold
    a checksum, which tells the one that was changed. `link` is the last; it is told by a `key` of at most 64 bytes.
    """

    def __init__(self, link: bytes, key: bytes) -> None:
        self.link = link
        self._key = key
        self._place: Place | None = None
        self._columns: tuple[Any, ...] = ()
        self._bound: tuple[Any, ...] = ()

    def begin(self) -> Batch:
        """Return an empty batch, which follows the one that was sealed last."""
        return Batch(self.link, self._key)

    def add(self, batch: Batch, record: Record, text: str, body: bytes) -> None:
        """Add the next record, whose body is this JSON, as text and encoded; one too long for a row is referred to."""
        seq, at, place, kind = record.seq, record.at, record.place, type(record.body).__name__
        if place is not self._place:
            self._know(place)
        digest = sha256(body).digest()
        covered = _encode((seq, RECORD_VERSION, at, *self._columns, kind)) + digest
        if len(body) > INLINE_BYTES:
            batch.long.append(body)
            text = reference(digest.hex()).decode()
        batch.values += (seq, at, *self._bound, kind, text, crc32(covered))
        batch.covered.update(covered)
        batch.last = seq
        batch.count += 1

    def seal(self, batch: Batch) -> None:
        """Put the link of a batch, not an empty one, into its last row; it is `link` from now on."""
        self.link = batch.link = batch.covered.digest()
        batch.values[-1] = bytearray(batch.link)

    def _know(self, place: Place) -> None:
        """Keep the columns of a place: the records of a step share one."""
        nullable = (place.run, place.turn, place.task)
        rest = (place.attempt, place.agent, place.cause)
        self._place = place
        self._columns = (place.session, *nullable, *rest)
        self._bound = (place.session, *(_NIL if name is None else name for name in nullable), *rest)
