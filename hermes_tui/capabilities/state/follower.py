"""Reading a session file beside its owner: following it, and checking its chain of hashes."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final
from zlib import adler32, crc32

from hermes_tui.capabilities.state.blobs import Blobs
from hermes_tui.capabilities.state.database import connect_reader
from hermes_tui.capabilities.state.journal import blob_folder
from hermes_tui.capabilities.state.rows import (
    ENVELOPE,
    HEAD,
    NO_MAC,
    SELECT,
    Row,
    body_digest,
    covered_by,
    head_of,
    is_link,
    linking,
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
    connection.execute("BEGIN")
    first, last, is_sealed = 1, 0, False
    head = _head(connection)
    covering = linking(NO_MAC, key)
    for row in connection.execute(SELECT, (0,)):
        seq, body, mac = int(row[0]), _stored(row), row[-1]
        covered = covered_by(row, body_digest(body))
        broken = seq != last + 1 or not _is_whole(body, stored)
        # Files of earlier versions hold the other checksum, which takes longer.
        if broken or not (is_link(mac) or mac in (adler32(covered), crc32(covered))):
            return Seq(last + 1)
        last = seq
        covering.update(covered)
        if is_link(mac):
            # Of a commit whose link does not hold, while each checksum does, nobody can say which record it is.
            if mac != covering.digest():
                return Seq(first)
            first, covering = last + 1, linking(mac, key)
            # Commits of a busy session leave the seal to a later one, so that it may be behind, but never ahead.
            is_sealed = is_sealed or head == head_of(last, mac, key)
    if is_sealed and first > last:
        return None
    if head or first <= last:
        return Seq(last + 1)
    return Seq(1) if last else None


def _head(connection: sqlite3.Connection) -> str:
    row = connection.execute("SELECT value FROM meta WHERE key=?", (HEAD,)).fetchone()
    return "" if row is None else str(row[0])


def _stored(row: Row) -> bytes:
    return row[ENVELOPE].encode() if isinstance(row[ENVELOPE], str) else bytes(row[ENVELOPE])


def _is_whole(stored: bytes, blobs: Blobs) -> bool:
    """Whether a body that is kept elsewhere is what its reference says, or was erased."""
    referred = referred_hash(stored)
    body = None if referred is None else blobs.find(referred)
    return body is None or hashlib.sha256(body).hexdigest() == referred


def _page(connection: sqlite3.Connection, path: Path, after: int) -> list[Row]:
    try:
        return connection.execute(f"{SELECT} LIMIT {_PAGE}", (after,)).fetchall()
    except sqlite3.Error as error:
        raise JournalUnreadable(f"{path} cannot be read: {error}.", hint="Restore an export.") from error
