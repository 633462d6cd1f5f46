"""Reading a session file beside its owner: following it, and checking its chain of hashes."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.state.blobs import Blobs
from hermes_tui.capabilities.state.database import connect_reader
from hermes_tui.capabilities.state.journal import blob_folder
from hermes_tui.capabilities.state.rows import (
    HEAD,
    NO_MAC,
    SELECT,
    Row,
    body_digest,
    head_of,
    mac_of,
    record_of,
    referred_hash,
)
from hermes_tui.domain.errors import JournalUnreadable
from hermes_tui.domain.ids import Seq
from hermes_tui.domain.ports import Clock
from hermes_tui.domain.records import Record

POLL_S: Final = 0.05
_PAGE: Final = 256


async def tail(
    path: Path,
    after: Seq,
    *,
    clock: Clock,
    poll_s: float = POLL_S,
    blobs: Path | None = None,
    is_over: Callable[[], bool] = lambda: False,
) -> AsyncIterator[Record]:
    """Yield the durable records after `after`, then each new one, until `is_over` and nothing is left.

    Another process sees a commit only after its sync, so what is read here is on disk.

    Raises:
        JournalUnreadable: missing, not a session file, damaged, or of a newer version.
    """
    with contextlib.closing(connect_reader(path)) as connection:
        stored = Blobs(connection, blobs or blob_folder(path))
        last = int(after)
        while True:
            over = is_over()
            page = _page(connection, path, last)
            for row in page:
                last = int(row[0])
                yield record_of(row, stored.load)
            if not page and over:
                return
            if not page:
                await clock.sleep(poll_s)


def verify_chain(path: Path, *, key: bytes = b"", blobs: Path | None = None) -> Seq | None:
    """Return the first record that was changed, moved or cut off, or None if the chain is whole.

    An erased body leaves the chain valid, since links cover the hash of a body, not the body.
    """
    with contextlib.closing(connect_reader(path)) as connection:
        try:
            return _first_broken(connection, key, Blobs(connection, blobs or blob_folder(path)))
        except sqlite3.Error as error:
            raise JournalUnreadable(f"{path} is damaged: {error}.", hint="Restore an export.") from error


def _first_broken(connection: sqlite3.Connection, key: bytes, stored: Blobs) -> Seq | None:
    mac, last = NO_MAC, 0
    for row in _rows(connection):
        if row[0] != last + 1 or not _holds(row, mac, key, stored):
            return Seq(last + 1)
        last, mac = int(row[0]), bytes(row[12])
    head = connection.execute("SELECT value FROM meta WHERE key=?", (HEAD,)).fetchone()
    if head is None:
        return None if last == 0 else Seq(1)
    return None if head[0] == head_of(last, mac, key) else Seq(last + 1)


def _rows(connection: sqlite3.Connection) -> Iterator[Row]:
    connection.execute("BEGIN")
    yield from connection.execute(SELECT, (0,))


def _holds(row: Row, previous: bytes, key: bytes, blobs: Blobs) -> bool:
    stored = row[11].encode() if isinstance(row[11], str) else bytes(row[11])
    if mac_of(previous, row[:11], body_digest(stored), key) != row[12]:
        return False
    referred = referred_hash(stored)
    body = None if referred is None else blobs.find(referred)
    return body is None or hashlib.sha256(body).hexdigest() == referred


def _page(connection: sqlite3.Connection, path: Path, after: int) -> list[Row]:
    try:
        return connection.execute(f"{SELECT} LIMIT {_PAGE}", (after,)).fetchall()
    except sqlite3.Error as error:
        raise JournalUnreadable(f"{path} cannot be read: {error}.", hint="Restore an export.") from error
