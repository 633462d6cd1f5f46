"""Rows of a session file: columns, body references and the chain of their hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, TypeGuard, cast

import msgspec

from hermes_tui.capabilities.state.codec import decode
from hermes_tui.domain.ids import AgentId, RunId, Seq, SessionId, TaskId, TurnId
from hermes_tui.domain.records import Place, Record

COLUMNS: Final = "seq, v, at, session, run, turn, task, attempt, agent, cause, type, body, mac"
ENVELOPE: Final = 11
"""How many columns come before the body."""
LINK_BYTES: Final = 32
SELECT: Final = f"SELECT {COLUMNS} FROM record WHERE seq > ? ORDER BY seq"  # noqa: S608 - constants only
SELECT_HOLDING: Final = f"SELECT {COLUMNS} FROM record WHERE substr(body, 1, 1)=x'23' OR ({{}}) ORDER BY seq"  # noqa: S608 - constants only
"""Records whose body fits a condition, or stands elsewhere: a reference begins with `#`."""
HEAD: Final = "head"
NO_MAC: Final = b""

_REFERENCE: Final = b"#"
Row = tuple[Any, ...]
_encode = msgspec.json.Encoder().encode


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


def linking(previous: bytes, key: bytes) -> hashlib.blake2b:
    """Return the keyed hash of a commit behind the link `previous`, to be given what is covered of each record."""
    return hashlib.blake2b(previous, digest_size=LINK_BYTES, key=key)


def is_link(mac: object) -> TypeGuard[bytes]:
    """Whether a row ends a commit; else its `mac` is the checksum of what is covered of it, a number."""
    return isinstance(mac, bytes)


def head_of(seq: int, mac: bytes, key: bytes) -> str:
    """Return the sealed end of the chain, so that a cut tail shows."""
    seal = hashlib.blake2b(seq.to_bytes(8, "big") + mac, digest_size=LINK_BYTES, key=key, person=b"hermes.head")
    return f"{seq} {seal.hexdigest()}"
