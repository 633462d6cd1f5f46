"""Replies that may be given again to the very same request, by the hash of what was asked; a cache, never a truth."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from hermes_tui.domain.ports import Clock

FILE: Final = "replies.db"
MOST_REPLIES: Final = 2_000
LONGEST: Final = 200_000
"""A longer reply is not kept, in characters."""
_BUSY_S: Final = 0.5
_TABLE: Final = """CREATE TABLE IF NOT EXISTS reply(
    key TEXT PRIMARY KEY, text TEXT NOT NULL, at REAL NOT NULL, until REAL NOT NULL) WITHOUT ROWID"""


class ReplyStore:
    """The kept replies of a home, in a file of their own.

    The file is opened for each lookup: these are few, and a process that never asks never has it. Where it cannot be
    used the model is asked, as if nothing were kept. A reply that `redact` would change is not kept: what comes back
    has to be what was said, and a secret stays off the disk.
    """

    def __init__(self, folder: Path, redact: Callable[[str], str], clock: Clock) -> None:
        self._path = folder / FILE
        self._redact = redact
        self._clock = clock

    def find(self, key: str, keep_s: float) -> str | None:
        """Return what was replied at most `keep_s` seconds ago, None if nothing was."""
        if not self._path.exists():
            return None
        now = self._clock.now()
        try:
            with self._opened() as connection:
                row = connection.execute(
                    "SELECT text FROM reply WHERE key=? AND at<=? AND at>? AND until>?", (key, now, now - keep_s, now)
                ).fetchone()
        except sqlite3.Error:
            return None
        return row[0] if row is not None else None

    def keep(self, key: str, text: str, keep_s: float) -> None:
        """Keep a reply for `keep_s` seconds; the oldest make room, and what is over goes."""
        if len(text) > LONGEST or self._redact(text) != text:
            return
        now = self._clock.now()
        try:
            with self._opened() as connection:
                connection.execute("DELETE FROM reply WHERE until<=?", (now,))
                connection.execute("INSERT OR REPLACE INTO reply VALUES(?, ?, ?, ?)", (key, text, now, now + keep_s))
                connection.execute(
                    "DELETE FROM reply WHERE key IN (SELECT key FROM reply ORDER BY at DESC LIMIT -1 OFFSET ?)",
                    (MOST_REPLIES,),
                )
        except sqlite3.Error:
            return

    @contextmanager
    def _opened(self) -> Generator[sqlite3.Connection]:
        """Hold the file for one transaction."""
        with closing(sqlite3.connect(self._path, timeout=_BUSY_S)) as connection, connection:
            self._path.chmod(0o600)
            connection.execute("PRAGMA secure_delete=ON")
            connection.execute(_TABLE)
            yield connection


def forget_replies(folder: Path) -> None:
    """Forget every kept reply of a home for good: what a note said may have come back in one."""
    path = folder / FILE
    path.unlink(missing_ok=True)
    path.with_name(f"{FILE}-journal").unlink(missing_ok=True)
