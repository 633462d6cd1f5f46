"""Bodies too long for a row: in the session file's blob table, and above 1 MB in files of their own."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.state.durable import write_durably
from hermes_tui.domain.errors import JournalUnreadable

INLINE_BYTES: Final = 64 * 1024
TABLE_BYTES: Final = 1_000_000


class Blobs:
    """Content by its sha256, over one connection and one folder of files."""

    def __init__(self, connection: sqlite3.Connection, folder: Path) -> None:
        self._connection = connection
        self._folder = folder

    def store(self, body: bytes) -> str:
        """Keep `body` and return its hash; in the table it is durable with the transaction, as a file at once."""
        sha256 = hashlib.sha256(body).hexdigest()
        if len(body) <= TABLE_BYTES:
            self._connection.execute("INSERT OR IGNORE INTO blob VALUES(?, ?)", (bytes.fromhex(sha256), body))
        else:
            write_durably(self._path(sha256), body)
        return sha256

    def load(self, sha256: str) -> bytes:
        """Return a body.

        Raises:
            JournalUnreadable: it is gone, or not what was stored.
        """
        body = self.find(sha256)
        if body is None or hashlib.sha256(body).hexdigest() != sha256:
            state = "is gone" if body is None else "was changed"
            raise JournalUnreadable(f"The stored text {sha256[:12]} of this session {state}.", hint="It may be erased.")
        return body

    def find(self, sha256: str) -> bytes | None:
        """Return a body as it is stored, unchecked, or None if it is gone."""
        try:
            key = bytes.fromhex(sha256)
        except ValueError:
            return None
        row = self._connection.execute("SELECT body FROM blob WHERE sha256=?", (key,)).fetchone()
        if row is not None:
            return row[0].encode() if isinstance(row[0], str) else bytes(row[0])
        try:
            return self._path(sha256).read_bytes()
        except FileNotFoundError:
            return None

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256
