"""A whole copy of a session file while its owner writes on: SQLite's own backup, and every blob inside."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
from pathlib import Path

from hermes_tui.capabilities.state.blobs import Blobs
from hermes_tui.capabilities.state.database import connect_reader
from hermes_tui.capabilities.state.durable import sync_folder
from hermes_tui.capabilities.state.journal import blob_folder
from hermes_tui.capabilities.state.rows import referred_hash
from hermes_tui.domain.errors import JournalUnreadable


def back_up(source: Path, target: Path) -> None:
    """Make `target` a session file that needs nothing beside it; it appears whole or not at all.

    A live session file is never copied as a file: what its write-ahead log holds would be missing. A blob that was
    erased stays erased.

    Raises:
        JournalUnreadable: `source` is damaged.
        OSError: `target` cannot be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    os.close(descriptor)
    temporary = Path(name)
    try:
        _fill(source, temporary)
        temporary.replace(target)
        sync_folder(target.parent)
    except sqlite3.Error as error:
        raise JournalUnreadable(f"{source} cannot be exported: {error}.", hint="Is the disk full?") from error
    finally:
        temporary.unlink(missing_ok=True)


def _fill(source: Path, temporary: Path) -> None:
    with (
        contextlib.closing(connect_reader(source)) as reader,
        contextlib.closing(sqlite3.connect(temporary, isolation_level=None)) as copy,
    ):
        reader.backup(copy)
        # One file: no write-ahead log beside it, readable from a read-only medium.
        copy.execute("PRAGMA journal_mode=DELETE")
        copy.execute("PRAGMA synchronous=FULL")
        _take_in(copy, Blobs(reader, blob_folder(source)))


def _take_in(copy: sqlite3.Connection, blobs: Blobs) -> None:
    """Put into the copy's own table every blob that was a file beside the session."""
    copy.execute("BEGIN IMMEDIATE")
    for (stored,) in copy.execute("SELECT body FROM record WHERE substr(body, 1, 1)=?", (b"#",)).fetchall():
        sha256 = referred_hash(bytes(stored))
        body = None if sha256 is None else blobs.find(sha256)
        if sha256 is not None and body is not None:
            copy.execute("INSERT OR IGNORE INTO blob VALUES(?, ?)", (bytes.fromhex(sha256), body))
    copy.execute("COMMIT")
