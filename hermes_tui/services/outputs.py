"""Where outputs too long for a window are kept, and what a run delivered."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from hermes_tui.domain.events import ArtifactMade

DELIVERIES: Final = "artifacts"
MOST_DELIVERIES: Final = 200


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
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    fresh = [path for path in files if path.stat().st_mtime >= int(since)][:MOST_DELIVERIES]
    return tuple(_made(path, workspace) for path in fresh)


def _made(path: Path, workspace: Path) -> ArtifactMade:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ArtifactMade(path=path.relative_to(workspace).as_posix(), sha256=digest, size_bytes=path.stat().st_size)
