"""Stored folds: what a session was at a record, so that opening it reads the records after that alone."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import zlib
from functools import cache
from pathlib import Path
from typing import Final

from hermes_tui import domain
from hermes_tui.capabilities.state.codec import decode_state, encode_state
from hermes_tui.domain.errors import JournalUnreadable
from hermes_tui.domain.state import SessionState
from hermes_tui.version import VERSION

EVERY: Final = 100
"""Fewest records between two checkpoints of a session that is put to rest."""
BUSY_EVERY: Final = 1000
"""The same while its agents work, whom it holds up for some milliseconds: folding as many takes no longer than 20."""
_MADE: Final = """CREATE TABLE IF NOT EXISTS checkpoint(
    id INTEGER PRIMARY KEY CHECK(id = 0), seq INTEGER NOT NULL, version TEXT NOT NULL, checksum INTEGER NOT NULL,
    body BLOB NOT NULL)"""
_LINK: Final = "SELECT mac FROM record WHERE seq >= ? AND typeof(mac) = 'blob' ORDER BY seq LIMIT 1"
"""The link of the commit that a record is in."""
_FIND: Final = "SELECT seq, version, checksum, body FROM checkpoint WHERE id = 0"


def next_due(last: int) -> int:
    """Return from which record on the next checkpoint is due, after one at `last`.

    Each is at twice the records of the one before, so that all that is ever written grows with the session, and not
    with its square.
    """
    return last + max(BUSY_EVERY, last)


def keep(connection: sqlite3.Connection, state: SessionState) -> None:
    """Store the state at its record, which is stored already, in place of the checkpoint before."""
    (link,) = connection.execute(_LINK, (state.seq,)).fetchone()
    body = encode_state(state)
    connection.execute(_MADE)
    # Not replaced in one: the one before is taken away first, so that its pages are used again.
    connection.execute("DELETE FROM checkpoint")
    row = (state.seq, version(), _checksum(link, body), body)
    connection.execute("INSERT INTO checkpoint VALUES(0, ?, ?, ?, ?)", row)


def find(connection: sqlite3.Connection) -> SessionState | None:
    """Return the stored state; None where there is none that this very Hermes made of these very records.

    It is derived: whoever gets None folds every record.
    """
    try:
        row = connection.execute(_FIND).fetchone()
    except sqlite3.OperationalError:
        return None
    link = None if row is None else connection.execute(_LINK, row[:1]).fetchone()
    if row is None or link is None:
        return None
    seq, made_by, checksum, body = row
    if made_by != version() or checksum != _checksum(link[0], body):
        return None
    try:
        state = decode_state(body)
    except JournalUnreadable:
        return None
    return state if state.seq == seq else None


@cache
def version() -> str:
    """Return what tells apart two Hermes that might fold records otherwise: the version, and each file of the domain.

    A file is known by its size and time, as reading them all costs more than a short fold.
    """
    root = Path(next(iter(domain.__path__)))
    files = sorted(root.rglob("*.py"))
    known = hashlib.sha256()
    for path in files:
        state = path.stat()
        known.update(f"{os.path.relpath(path, root)} {state.st_size} {state.st_mtime_ns}\n".encode())
    return f"{VERSION} {known.hexdigest()}"


def _checksum(link: bytes, body: bytes) -> int:
    """Return what tells damage, and other records, by the chain's link at the checkpoint; the audit tells the rest."""
    return zlib.crc32(body, zlib.crc32(link))
