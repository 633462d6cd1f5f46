"""What gathers for one commit: values for rows, what a link covers of them, and the statement that stores them at once.

A thread that comes back from SQLite has to win the interpreter's lock from those that append. So the writer's part is
kept small: records become values as they are appended, and a commit is one statement where it can be.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from functools import cache
from hashlib import sha256
from itertools import count, islice
from typing import Any, Final, cast
from zlib import crc32

import msgspec

from hermes_tui.capabilities.state.blobs import INLINE_BYTES
from hermes_tui.capabilities.state.rows import COLUMNS, NO_MAC, linking, reference
from hermes_tui.domain.events import Event
from hermes_tui.domain.ids import Seq
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
        self.last = Seq(0)
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
            rows = min(MOST, self.count - done)
            size = next(size for size in _SIZES if size >= rows)
            bound = list(islice(values, rows * _WIDTH)) if self.count > MOST else self.values
            bound += [_NIL] * ((size - rows) * _WIDTH)
            bound.append(rows)
            connection.execute(_insert(size), bound)


class Chain:
    """Numbers records and puts them into batches, each of which ends with a link.

    The last row of a commit holds the link, which covers each record of the commit and the link before; the others hold
    a checksum, which tells the one that was changed. `link` is the last; it is told by a `key` of at most 64 bytes.
    `open` is the batch that gathers.
    """

    def __init__(self, last: int, link: bytes, *, key: bytes, now: Callable[[], float]) -> None:
        self.link = link
        self._key = key
        self._now = now
        self._seqs = cast("Iterator[Seq]", count(last + 1))
        self._place: Place | None = None
        self._columns: tuple[Any, ...] = ()
        self._bound: tuple[Any, ...] = ()
        self.open = Batch(link, key)

    def add(self, event: Event, place: Place, text: str, body: bytes) -> Record:
        """Return the next record; `text` and `body` are the JSON of its event. One too long for a row is referred to.

        All of it in one function: it runs once per record, and what calls would cost here is a tenth of the journal.
        """
        if place is not self._place:
            self._know(place)
        seq, at, kind, digest = next(self._seqs), self._now(), type(event).__name__, sha256(body).digest()
        batch = self.open
        if len(body) > INLINE_BYTES:
            batch.long.append(body)
            text = reference(digest.hex()).decode()
        covered = _encode((seq, RECORD_VERSION, at, *self._columns, kind)) + digest
        batch.values += (seq, at, *self._bound, kind, text, crc32(covered))
        batch.covered.update(covered)
        batch.last = seq
        batch.count += 1
        return Record(seq=seq, at=at, place=place, body=event)

    def seal(self) -> Batch:
        """Return what has gathered, with its link in its last row, and begin another batch; there must be something."""
        batch = self.open
        self.link = batch.link = batch.covered.digest()
        batch.values[-1] = bytearray(batch.link)
        self.open = Batch(self.link, self._key)
        return batch

    def drop(self) -> None:
        """Begin anew with nothing gathered."""
        self.open = Batch(self.link, self._key)

    def _know(self, place: Place) -> None:
        """Keep the columns of a place: the records of a step share one."""
        nullable = (place.run, place.turn, place.task)
        rest = (place.attempt, place.agent, place.cause)
        self._place = place
        self._columns = (place.session, *nullable, *rest)
        self._bound = (place.session, *(_NIL if name is None else name for name in nullable), *rest)
