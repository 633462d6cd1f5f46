"""Records as rows of a session file: columns, body references and the chain of their hashes."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from itertools import chain
from typing import Any, Final, cast

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
_CHUNKS: Final = tuple(1 << power for power in range(9, -1, -1))
SELECT: Final = f"SELECT {COLUMNS} FROM record WHERE seq > ? ORDER BY seq"  # noqa: S608 - constants only
SELECT_HOLDING: Final = f"SELECT {COLUMNS} FROM record WHERE substr(body, 1, 1)=x'23' OR ({{}}) ORDER BY seq"  # noqa: S608 - constants only
"""Records whose body fits a condition, or stands elsewhere: a reference begins with `#`."""
HEAD: Final = "head"
NO_MAC: Final = b""

_REFERENCE: Final = b"#"
Row = tuple[Any, ...]
Bound = tuple[Any, ...]
"""A row as it is bound; see `_VALUES`."""
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


def stored_as(body: bytes) -> tuple[bytes, bytes]:
    """Return what stands in the row for a body, which is its reference if it is too long, and the body's hash."""
    digest = hashlib.sha256(body).digest()
    return (body if len(body) <= INLINE_BYTES else reference(digest.hex())), digest


class Chain:
    """Seals records, in their order: the row of each holds a link that covers it and the link before.

    `link` is the last; it is told by a `key` of at most 64 bytes.
    """

    def __init__(self, link: bytes, key: bytes) -> None:
        self.link = link
        self._linked = _linked(key)

    def row_of(self, record: Record, stored: bytes, digest: bytes) -> Bound:
        """Return the row of the next record, for `insert_all`; its body is `stored` so and has this hash."""
        seq, v, at, place, kind = record.seq, record.v, record.at, record.place, type(record.body).__name__
        session, run, turn, task = place.session, place.run, place.turn, place.task
        attempt, agent, cause = place.attempt, place.agent, place.cause
        link = self._linked.copy()
        envelope = (seq, v, at, session, run, turn, task, attempt, agent, cause, kind)
        link.update(_covered(self.link, envelope, digest))
        self.link = link.digest()
        run_, turn_, task_ = (
            _NIL if run is None else run,
            _NIL if turn is None else turn,
            _NIL if task is None else task,
        )
        sealed = (bytearray(stored), bytearray(self.link))
        return (seq, v, at, session, run_, turn_, task_, attempt, agent, cause, kind, *sealed)


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


def mac_of(previous: bytes, envelope: Row, digest: bytes, key: bytes) -> bytes:
    """Return the link of one record: a keyed hash over the link before, the envelope and the body's hash."""
    link = _linked(key)
    link.update(_covered(previous, envelope, digest))
    return link.digest()


def _linked(key: bytes) -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=32, key=key)


def _covered(previous: bytes, envelope: Row, digest: bytes) -> bytes:
    return b"".join((previous, _encode(envelope), digest))


def head_of(seq: int, mac: bytes, key: bytes) -> str:
    """Return the sealed end of the chain, so that a cut tail shows."""
    seal = hashlib.blake2b(seq.to_bytes(8, "big") + mac, digest_size=32, key=key, person=b"hermes.head")
    return f"{seq} {seal.hexdigest()}"
