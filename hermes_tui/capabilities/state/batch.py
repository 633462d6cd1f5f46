"""What gathers for one commit: values for rows, what a link covers of them, and the statement that stores them at once.

A thread that comes back from SQLite has to win the interpreter's lock from those that append. So the writer's part is
kept small: records become values as they are appended, and a commit is one statement where it can be.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from hashlib import sha256
from itertools import count
from typing import Any, Final, cast
from zlib import adler32

import msgspec

from hermes_tui.capabilities.state.blobs import INLINE_BYTES
from hermes_tui.capabilities.state.rows import COLUMNS, linking, reference
from hermes_tui.domain.events import Event
from hermes_tui.domain.ids import Seq
from hermes_tui.domain.records import RECORD_VERSION, Place, Record
from hermes_tui.domain.values import frozen

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
WIDTH: Final = len(_COLUMNS) - 1
"""Values of a row; the version of a record is none, as it is the same for all."""
FULL: Final = MOST * WIDTH
_encode = msgspec.json.Encoder().encode


@cache
def _insert(rows: int) -> str:
    values = ", ".join([f"({', '.join('?' * WIDTH)})"] * rows)
    return f"INSERT INTO record({COLUMNS}) SELECT {', '.join(_COLUMNS)} FROM (VALUES {values}) LIMIT ?"  # noqa: S608 - constants only


@frozen
class Batch:
    """Records of one commit: `values` are bound for their rows, `long` the bodies that have no room in one."""

    last: Seq
    link: bytes
    values: list[Any]
    long: Sequence[bytes]

    @property
    def count(self) -> int:
        """How many records there are."""
        return len(self.values) // WIDTH

    @property
    def at_once(self) -> bool:
        """Whether one statement stores all of it."""
        return self.count <= MOST and not self.long

    def store(self, connection: sqlite3.Connection) -> None:
        """Insert the rows, with one statement or, within a transaction, with several."""
        for done in range(0, len(self.values), FULL):
            bound = self.values[done : done + FULL]
            rows = len(bound) // WIDTH
            size = next(size for size in _SIZES if size >= rows)
            bound += [_NIL] * ((size - rows) * WIDTH)
            bound.append(rows)
            connection.execute(_insert(size), bound)


class Chain:
    """Numbers records and gathers them for commits, each of which ends with a link.

    The last row of a commit holds the link, which covers each record of the commit and the link before; the others hold
    a checksum, which tells the one that was changed. A link is told by a `key` of at most 64 bytes. `values` are those
    that gather for rows.
    """

    def __init__(self, last: int, link: bytes, *, key: bytes, now: Callable[[], float]) -> None:
        self._seqs = cast("Iterator[Seq]", count(last + 1))
        self._link, self._key, self._now = link, key, now
        self._place: Place | None = None
        self._columns: tuple[Any, ...] = ()
        self._bound: tuple[Any, ...] = ()
        self.drop()

    def drop(self) -> None:
        """Forget what has gathered, and begin anew behind the last link."""
        self.values: list[Any] = []
        self._long: list[bytes] = []
        self._covered = linking(self._link, self._key)
        self._cover = self._covered.update

    def add(self, event: Event, place: Place, text: str, body: bytes) -> Record:
        """Return the next record; `text` and `body` are the JSON of its event. One too long for a row is referred to.

        All of it in one function: it runs once per record, and what calls would cost here is a tenth of the journal.
        """
        if place is not self._place:
            self._know(place)
        seq, at, kind, digest = next(self._seqs), self._now(), type(event).__name__, sha256(body).digest()
        if len(body) > INLINE_BYTES:
            self._long.append(body)
            text = reference(digest.hex()).decode()
        covered = _encode((seq, RECORD_VERSION, at, *self._columns, kind)) + digest
        self.values += (seq, at, *self._bound, kind, text, adler32(covered))
        self._cover(covered)
        return Record(seq=seq, at=at, place=place, body=event)

    def seal(self) -> Batch:
        """Return what has gathered, with its link in its last row, and begin another batch; there must be something."""
        self._link = self._covered.digest()
        self.values[-1] = bytearray(self._link)
        batch = Batch(last=self.values[-WIDTH], link=self._link, values=self.values, long=self._long)
        self.drop()
        return batch

    def _know(self, place: Place) -> None:
        """Keep the columns of a place: the records of a step share one."""
        nullable = (place.run, place.turn, place.task)
        rest = (place.attempt, place.agent, place.cause)
        self._place = place
        self._columns = (place.session, *nullable, *rest)
        self._bound = (place.session, *(_NIL if name is None else name for name in nullable), *rest)
