"""Where outputs too long for a window are kept, and what a run delivered."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.regular import open_real
from hermes_tui.domain.events import ArtifactMade

DELIVERIES: Final = "artifacts"
MOST_DELIVERIES: Final = 200
MOST_ENTRIES: Final = 20_000
"""How much is looked through for them: a command may nest folders as deep as it likes."""
MOST_BYTES: Final = 4_000_000_000
"""How much of them is hashed; what comes after it is not named."""


class KeptOutputs:
    """Whole tool outputs of one session, as files that the `read` tool finds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, name: str, content: bytes) -> str:
        """Store `content`; return the path to read it by."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / name
        path.write_bytes(content)
        return str(path)


def deliveries(workspace: Path, since: float) -> tuple[ArtifactMade, ...]:
    """Return the files under `artifacts/` that changed since the instant `since` (Unix seconds)."""
    folder = workspace / DELIVERIES
    if not folder.is_dir() or folder.is_symlink():
        return ()
    made: list[ArtifactMade] = []
    left = MOST_BYTES
    for path, size in sorted(_fresh(os.path.realpath(folder), since))[:MOST_DELIVERIES]:
        left -= size
        if left >= 0 and (sha256 := _digest(path)):
            name = f"{DELIVERIES}{path.removeprefix(os.path.realpath(folder))}"
            made.append(ArtifactMade(path=name, sha256=sha256, size_bytes=size))
    return tuple(made)


def _fresh(folder: str, since: float) -> Iterator[tuple[str, int]]:
    """Yield the files below a folder that changed since, with their sizes; no link is followed."""
    waiting, seen = [folder], 0
    while waiting and seen < MOST_ENTRIES:
        for entry in _listed(waiting.pop()):
            seen += 1
            try:
                state = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if stat.S_ISDIR(state.st_mode):
                waiting.append(entry.path)
            elif stat.S_ISREG(state.st_mode) and state.st_mtime >= int(since):
                yield entry.path, state.st_size


def _listed(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:
        # Gone, or so deep that it has no path any more.
        return []


def _digest(path: str) -> str:
    """Return the hash of a file, empty if it is one no more."""
    try:
        with os.fdopen(open_real(path), "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
