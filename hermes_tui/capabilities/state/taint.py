"""What runs wrote into a workspace after they had read a stranger's text: known by its content, until it changes."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.regular import open_real
from hermes_tui.capabilities.state.ledger import Ledger
from hermes_tui.capabilities.state.pathtext import kept, path_of
from hermes_tui.domain.values import frozen

LARGEST_BYTES: Final = 20_000_000
"""Larger files, which no tool reads as a whole, are known by their size."""
TELLING_BYTES: Final = 64
"""From here on a content is told apart from others wherever it lies; shorter ones many files have in common."""
REPOSITORY: Final = ".git"
"""Marked as a whole by a commit: what it says and holds can be read from there whatever becomes of the files."""
_ALWAYS: Final = -1
_Stamp = tuple[int, int, int, int]


@frozen
class Taint:
    """A file that holds what such a run wrote; `session` is the run's, `at` when it was."""

    path: str
    sha256: str
    size: int
    session: str
    at: float


class TaintBook:
    """The taints of one workspace, kept in the ledger under whole paths; implements `ports.Taints`."""

    def __init__(self, ledger: Ledger, root: Path, now: Callable[[], float]) -> None:
        self._ledger = ledger
        self._now_at = now
        self.root = root
        self._root = str(root)
        self._known: dict[str, tuple[_Stamp, str]] = {}

    async def mark(self, paths: Sequence[str], session: str) -> None:
        """Mark files by what they hold now, durably; a path is relative to the workspace, or absolute."""
        await asyncio.to_thread(self._mark, [os.path.join(self._root, path) for path in paths], session)  # noqa: PTH118

    async def standing(self) -> bool:
        """Whether any file of the workspace still is as such a run left it."""
        taints = self._below()
        return bool(taints) and await asyncio.to_thread(lambda: any(map(self._stands, taints)))

    def behind(self, seen: Mapping[str, str]) -> bool:
        """Whether one of these contents, sha256 by absolute path, is what such a run wrote."""
        return any(self._written(path, sha256) for path, sha256 in seen.items())

    def holds(self, path: str) -> bool:
        """Whether the file at an absolute path holds what such a run wrote."""
        if not self._any():
            return False
        found = self._now(path)
        return found is not None and self._written(path, found[1])

    def listed(self) -> list[Taint]:
        """Return what still stands, oldest first."""
        return [taint for taint in self._below() if self._stands(taint)]

    def accept(self, paths: Sequence[str]) -> int:
        """Vouch for files, whatever they hold, and for that content wherever it lies; return how many there were."""
        wanted = {os.path.join(self._root, path) for path in paths}  # noqa: PTH118 - text as it is stored
        gone = [taint for taint in self._below() if taint.path in wanted]
        with self._ledger.transaction() as connection:
            connection.executemany("DELETE FROM taint WHERE path=?", [(kept(path),) for path in wanted])
            contents = [(taint.sha256,) for taint in gone if taint.sha256]
            connection.executemany("DELETE FROM taint WHERE sha256=?", contents)
        return len({taint.path for taint in gone})

    def _mark(self, paths: Sequence[str], session: str) -> None:
        rows: list[tuple[str, str, int, str, float]] = []
        at = self._now_at()
        for path in paths:
            above, inside, _ = f"{path}/".partition(f"/{REPOSITORY}/")
            if inside:
                rows.append((kept(f"{above}/{REPOSITORY}"), "", _ALWAYS, session, at))
            elif (found := self._now(path)) is not None and found[0]:
                rows.append((kept(path), found[1], found[0], session, at))
        if rows:
            with self._ledger.transaction() as connection:
                connection.executemany("INSERT OR REPLACE INTO taint VALUES(?, ?, ?, ?, ?)", rows)

    def _any(self) -> bool:
        with self._ledger.reading() as connection:
            return connection.execute("SELECT 1 FROM taint LIMIT 1").fetchone() is not None

    def _below(self) -> list[Taint]:
        """Return every taint of the workspace, also of what has changed since."""
        # All texts that begin with the folder and a slash: the character after the slash ends them.
        between = (kept(f"{self._root.rstrip('/')}/"), kept(f"{self._root.rstrip('/')}0"))
        with self._ledger.reading() as connection:
            rows = connection.execute(
                "SELECT path, sha256, bytes, session, at FROM taint WHERE path > ? AND path < ? ORDER BY at, path",
                between,
            ).fetchall()
        return [Taint(path=path_of(row[0]), sha256=row[1], size=row[2], session=row[3], at=row[4]) for row in rows]

    def _written(self, path: str, sha256: str) -> bool:
        with self._ledger.reading() as connection:
            row = connection.execute(
                "SELECT 1 FROM taint WHERE sha256=? AND sha256<>'' AND (bytes>=? OR path=?) LIMIT 1",
                (sha256, TELLING_BYTES, kept(path)),
            ).fetchone()
        return row is not None

    def _stands(self, taint: Taint) -> bool:
        if taint.size == _ALWAYS:
            return Path(taint.path).exists()
        found = self._now(taint.path)
        return found is not None and found == (taint.size, taint.sha256)

    def _now(self, path: str) -> tuple[int, str] | None:
        """Return size and hash of a regular file, None if there is none."""
        try:
            descriptor = open_real(path)
        except OSError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            state = os.fstat(file.fileno())
            if state.st_size > LARGEST_BYTES:
                return state.st_size, ""
            stamp = (state.st_mtime_ns, state.st_ctime_ns, state.st_size, state.st_ino)
            known = self._known.get(path)
            if known is None or known[0] != stamp:
                known = self._known[path] = (stamp, hashlib.file_digest(file, "sha256").hexdigest())
            return state.st_size, known[1]
