"""Texts of notes that changed on disk while they were edited: kept as a draft is, until one of both is chosen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from hermes_tui.domain.values import frozen
from hermes_tui.services.drawer import write_private


@frozen(kw_only=False)
class UnsavedNote:
    """A note's path, the text that was edited, what became of it here, and when the file changed meanwhile."""

    path: str
    before: str
    mine: str
    at: float


class UnsavedNotes:
    """One file for each, in the home's state, for its operator's eyes; all of it may block."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, note: UnsavedNote) -> None:
        """Keep a text, in the place of the one that was kept for that note."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._file(note.path)
        new = path.with_suffix(".new")
        kept = {"path": note.path, "before": note.before, "mine": note.mine, "at": note.at}
        write_private(new, json.dumps(kept, ensure_ascii=False))
        new.replace(path)

    def drop(self, path: str) -> None:
        """Keep nothing for a note any more."""
        self._file(path).unlink(missing_ok=True)

    def every(self) -> list[UnsavedNote]:
        """Return what is kept, by path; what cannot be read is left out."""
        return sorted(self._read(), key=lambda note: note.path)

    def _read(self) -> Iterator[UnsavedNote]:
        for path in self._folder.glob("*.json"):
            try:
                kept: object = json.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue
            found = _note(cast("dict[str, object]", kept)) if isinstance(kept, dict) else None
            if found is not None:
                yield found

    def _file(self, path: str) -> Path:
        return self._folder / f"{hashlib.sha256(path.encode()).hexdigest()[:16]}.json"


def _note(kept: dict[str, object]) -> UnsavedNote | None:
    path, before, mine, at = (kept.get(name) for name in ("path", "before", "mine", "at"))
    if not (isinstance(path, str) and isinstance(before, str) and isinstance(mine, str)):
        return None
    return UnsavedNote(path, before, mine, float(at) if isinstance(at, int | float) else 0.0)
