"""Records as rows of a session file: columns, body references and the chain of their hashes."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from itertools import chain
from typing import Any, Final, TypeGuard, cast
from zlib import crc32

import msgspec

from hermes_tui.capabilities.state.blobs import INLINE_BYTES
from hermes_tui.capabilities.state.codec import decode
from hermes_tui.domain.ids import AgentId, RunId, Seq, SessionId, TaskId, TurnId
from hermes_tui.domain.records import Place, Record

COLUMNS: Final = "seq, v, at, session, run, turn, task, attempt, agent, cause, type, body, mac"
_NIL: Final = 0
_VALUES: Final = (*"????", *[f"nullif(?, {_NIL})"] * 3, *"??????")
"""What is bound for each column. The driver takes None and `bytes` the long way round, through its adapters: that is as
long as all other work on a row. So it never gets them: 0 stands for a run, turn or task that there is not."""
_WIDTH: Final = len(_VALUES)
ENVELOPE: Final = 11
"""How many columns come before the body."""
LINK_BYTES: Final = 32
_CHUNKS: Final = (256, 32, 4, 1)
"""Rows of one statement. To compile one takes about 5 µs a row, so that few sizes and no larger ones are worth it."""
SELECT: Final = f"SELECT {COLUMNS} FROM record WHERE seq > ? ORDER BY seq"  # noqa: S608 - constants only
SELECT_HOLDING: Final = f"SELECT {COLUMNS} FROM record WHERE substr(body, 1, 1)=x'23' OR ({{}}) ORDER BY seq"  # noqa: S608 - constants only
"""Records whose body fits a condition, or stands elsewhere: a reference begins with `#`."""
HEAD: Final = "head"
NO_MAC: Final = b""

_REFERENCE: Final = b"#"
Row = tuple[Any, ...]
Bound = tuple[Any, ...]
"""A row as it is bound; see `_VALUES`."""
Unsealed = tuple[Bound, bytes]
"""A row with its checksum, and what a link covers of it."""
_encode = msgspec.json.Encoder().encode


@cache
def _insert(rows: int) -> str:
    values = f"({', '.join(_VALUES)})"
    return f"INSERT INTO record({COLUMNS}) VALUES{', '.join([values] * rows)}"


def insert_all(connection: sqlite3.Connection, rows: Sequence[Bound]) -> None:
    """Insert `rows` with as few statements as possible.

    Each statement gives the interpreter's lock away and has to win it back from the threads that append meanwhile;
    `executemany` would do so for every single row.
    """
    done = 0
    for size in _CHUNKS:
        while len(rows) - done >= size:
            connection.execute(_insert(size), list(chain.from_iterable(rows[done : done + size])))
            done += size


class Chain:
    """Makes rows of records, in their order, and seals those of a commit with a link.

    The last row of a commit holds the link, which covers each record of the commit and the link before; the others hold
    a checksum, which tells the one that was changed. `link` is the last; it is told by a `key` of at most 64 bytes.
    """

    def __init__(self, link: bytes, key: bytes) -> None:
        self.link = link
        self._key = key
        self._place: Place | None = None
        self._columns: Row = ()
        self._bound: Bound = ()

    def row_of(self, record: Record, body: bytes) -> Unsealed:
        """Return the row of the next record, whose body is encoded so; one too long for a row is referred to."""
        seq, v, at, place, kind = record.seq, record.v, record.at, record.place, type(record.body).__name__
        if place is not self._place:
            self._know(place)
        digest = hashlib.sha256(body).digest()
        covered = _encode((seq, v, at, *self._columns, kind)) + digest
        stored = bytearray(body if len(body) <= INLINE_BYTES else reference(digest.hex()))
        return (seq, v, at, *self._bound, kind, stored, crc32(covered)), covered

    def seal(self, batch: Sequence[Unsealed]) -> list[Bound]:
        """Return the rows of a commit, for `insert_all`; `link` is theirs from now on."""
        rows = [row for row, _ in batch]
        self.link = link_of(self.link, b"".join([covered for _, covered in batch]), self._key)
        rows[-1] = (*rows[-1][:-1], bytearray(self.link))
        return rows

    def _know(self, place: Place) -> None:
        """Keep the columns of a place: the records of a step share one."""
        nullable = (place.run, place.turn, place.task)
        rest = (place.attempt, place.agent, place.cause)
        self._place = place
        self._columns = (place.session, *nullable, *rest)
        self._bound = (place.session, *(_NIL if name is None else name for name in nullable), *rest)


def record_of(row: Row, load: Callable[[str], bytes]) -> Record:
    """Return the record of a row; `load` finds a blob by its hash.

    Raises:
        JournalUnreadable: the body does not fit, or its blob is gone.
    """
    seq, v, at, session, run, turn, task, attempt, agent, cause, name, stored, _ = row
    referred = referred_hash(stored)
    body = cast("bytes", stored) if referred is None else load(referred)
    place = _place(session, run, turn, task, attempt, agent, cause)
    return Record(seq=Seq(seq), at=at, place=place, body=decode(name, body, v=v), v=v)


@lru_cache(maxsize=256)
def _place(*columns: Any) -> Place:  # noqa: ANN401 - the columns as SQLite gives them
    """Return the place of some columns; neighbours in a journal mostly share one."""
    session, run, turn, task, attempt, agent, cause = columns
    return Place(
        session=SessionId(session),
        run=None if run is None else RunId(run),
        turn=None if turn is None else TurnId(turn),
        task=None if task is None else TaskId(task),
        attempt=attempt,
        agent=AgentId(agent),
        cause=Seq(cause),
    )


def reference(sha256: str) -> bytes:
    """Return what stands in the body column for a blob."""
    return _REFERENCE + sha256.encode()


def referred_hash(stored: bytes) -> str | None:
    """Return the hash a body column refers to, or None if the body itself stands there."""
    return stored[1:].decode("ascii", "replace") if stored[:1] == _REFERENCE else None


def body_digest(stored: bytes) -> bytes:
    """Return the sha256 of a body, also where only its reference is left."""
    referred = referred_hash(stored)
    if referred is None:
        return hashlib.sha256(stored).digest()
    try:
        return bytes.fromhex(referred)
    except ValueError:
        return b""


def covered_by(row: Row, digest: bytes) -> bytes:
    """Return what a link covers of one record: its envelope and the hash of its body."""
    return _encode(row[:ENVELOPE]) + digest


def link_of(previous: bytes, covered: bytes, key: bytes) -> bytes:
    """Return the link of a commit: a keyed hash over the link before and what it covers of each of its records."""
    return hashlib.blake2b(previous + covered, digest_size=LINK_BYTES, key=key).digest()


def is_link(mac: object) -> TypeGuard[bytes]:
    """Whether a row ends a commit; else its `mac` is the checksum of what is covered of it, a number."""
    return isinstance(mac, bytes)


def head_of(seq: int, mac: bytes, key: bytes) -> str:
    """Return the sealed end of the chain, so that a cut tail shows."""
    seal = hashlib.blake2b(seq.to_bytes(8, "big") + mac, digest_size=LINK_BYTES, key=key, person=b"hermes.head")
    return f"{seq} {seal.hexdigest()}"
