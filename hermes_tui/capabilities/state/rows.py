"""Records as rows of a session file: columns, body references and the chain of their hashes."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from itertools import chain
from typing import Any, Final, cast

import msgspec

from hermes_tui.capabilities.state.blobs import INLINE_BYTES
from hermes_tui.capabilities.state.codec import decode
from hermes_tui.domain.ids import AgentId, RunId, Seq, SessionId, TaskId, TurnId
from hermes_tui.domain.records import Place, Record

COLUMNS: Final = "seq, v, at, session, run, turn, task, attempt, agent, cause, type, body, mac"
_WIDTH: Final = 13
_CHUNKS: Final = tuple(1 << power for power in range(9, -1, -1))
SELECT: Final = f"SELECT {COLUMNS} FROM record WHERE seq > ? ORDER BY seq"  # noqa: S608 - constants only
SELECT_HOLDING: Final = f"SELECT {COLUMNS} FROM record WHERE substr(body, 1, 1)=x'23' OR ({{}}) ORDER BY seq"  # noqa: S608 - constants only
"""Records whose body fits a condition, or stands elsewhere: a reference begins with `#`."""
HEAD: Final = "head"
NO_MAC: Final = b""

_REFERENCE: Final = b"#"
Row = tuple[Any, ...]
Store = Callable[[bytes], str]
_encode = msgspec.json.Encoder().encode


@cache
def _insert(rows: int) -> str:
    values = f"({', '.join('?' * _WIDTH)})"
    return f"INSERT INTO record({COLUMNS}) VALUES{', '.join([values] * rows)}"


def insert_all(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Insert `rows` with as few statements as possible.

    Each statement gives the interpreter's lock away and has to win it back from the threads that append meanwhile;
    `executemany` would do so for every single row.
    """
    done = 0
    for size in _CHUNKS:
        while len(rows) - done >= size:
            connection.execute(_insert(size), tuple(chain.from_iterable(rows[done : done + size])))
            done += size


def envelope_of(record: Record) -> Row:
    """Return every column before the body."""
    place, cause = record.place, record.place.cause
    where = (place.session, place.run, place.turn, place.task, place.attempt, place.agent, cause)
    return (record.seq, record.v, record.at, *where, record.type)


def chained(records: Iterable[tuple[Record, bytes]], mac: bytes, key: bytes, store: Store) -> list[Row]:
    """Return the rows of records with their bodies, each linked to the one before; the first to `mac`.

    `store` keeps a body that is too long for a row and returns its hash. This runs for every record on a thread that
    shares the interpreter with all agents.
    """
    rows: list[Row] = []
    for record, body in records:
        envelope = envelope_of(record)
        if len(body) <= INLINE_BYTES:
            stored, digest = body, hashlib.sha256(body).digest()
        else:
            stored = reference(store(body))
            digest = body_digest(stored)
        mac = mac_of(mac, envelope, digest, key)
        rows.append((*envelope, stored, mac))
    return rows


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
    return hashlib.blake2b(b"".join((previous, _encode(envelope), digest)), digest_size=32, key=key).digest()


def head_of(seq: int, mac: bytes, key: bytes) -> str:
    """Return the sealed end of the chain, so that a cut tail shows."""
    seal = hashlib.blake2b(seq.to_bytes(8, "big") + mac, digest_size=32, key=key, person=b"hermes.head")
    return f"{seq} {seal.hexdigest()}"
