"""Reading a whole session file without owning it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from hermes_tui.capabilities.state.blobs import Blobs
from hermes_tui.capabilities.state.database import connect_reader, is_blank
from hermes_tui.capabilities.state.journal import blob_folder
from hermes_tui.capabilities.state.rows import SELECT, SELECT_HOLDING, record_of
from hermes_tui.domain.errors import JournalUnreadable
from hermes_tui.domain.ids import Seq
from hermes_tui.domain.records import NO_CAUSE, Record


def read_session(path: Path, after: Seq = NO_CAUSE) -> list[Record]:
    """Return the durable records after `after` of a session that another process may own.

    Raises:
        JournalUnreadable: missing, no session file, damaged, or of a newer version.
    """
    if is_blank(path):
        return []
    with contextlib.closing(connect_reader(path)) as connection:
        blobs = Blobs(connection, blob_folder(path))
        return [record_of(row, blobs.load) for row in connection.execute(SELECT, (after,))]


def read_holding(path: Path, words: Sequence[str]) -> list[Record]:
    """Return the durable records of a session whose stored text has every one of `words`, in whatever case.

    SQLite looks, so that no other record is decoded; those with texts of their own files are always among them.

    Args:
        path: The session file.
        words: Runs of ASCII letters and digits.

    Raises:
        JournalUnreadable: missing, no session file, damaged, or of a newer version.
    """
    if is_blank(path):
        return []
    condition = " AND ".join("CAST(body AS TEXT) LIKE ?" for _ in words) or "1"
    with contextlib.closing(connect_reader(path)) as connection:
        blobs = Blobs(connection, blob_folder(path))
        try:
            rows = connection.execute(SELECT_HOLDING.format(condition), [f"%{word}%" for word in words]).fetchall()
        except sqlite3.DatabaseError as error:
            raise JournalUnreadable(f"{path} is damaged: {error}.") from error
        return [record_of(row, blobs.load) for row in rows]
