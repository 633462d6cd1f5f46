"""The notes as they were: which there were at a moment, and what each said, from git alone."""

from __future__ import annotations

from pathlib import Path

from hermes_tui.capabilities.memory.decoding import decode
from hermes_tui.capabilities.memory.repository import Repository
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.services.memory.notebook import FOLDER, INDEX, Note, title_of


class PastNotes:
    """Reads the history of one home; nothing is written, checked out or locked. Every call starts git and blocks."""

    def __init__(self, root: Path) -> None:
        self._repository = Repository(root)

    @property
    def kept(self) -> bool:
        """Whether git keeps the notes of this home."""
        return self._repository.exists

    def commit_at(self, at: float) -> str:
        """Return the newest commit that is not later than Unix second `at`, empty where there is none or no git.

        A commit bears the time of the last change in it, so a note that was written before `at` is there, however
        soon after that git followed.
        """
        head = self._repository.head() if self._repository.exists else ""
        if not head:
            return ""
        return self._repository.run("rev-list", "-n1", f"--before=@{int(at)}", head).decode().strip()

    def notes(self, commit: str) -> list[Note]:
        """Return every note that `commit` holds, the index first, then by path; `changed_at` is as of then.

        Raises:
            HistoryUnavailable: there is no such commit, or no git.
        """
        found = self._repository.resolve(commit)
        blobs = self._repository.blobs(found, [INDEX, FOLDER])
        paths = [path for path in blobs if path == INDEX or path.endswith(".md")]
        texts = [decode(data).text for data in self._repository.contents([blobs[path] for path in paths])]
        times = self._changed_at(found)
        notes = [
            Note(path=path, title=title_of(path, text), changed_at=times.get(path, 0.0))
            for path, text in zip(paths, texts, strict=True)
        ]
        return sorted(notes, key=lambda note: (note.path != INDEX, note.path))

    def read(self, path: str, commit: str) -> str:
        """Return what a note said in `commit`.

        Raises:
            UsageInvalid: it was not there.
            HistoryUnavailable: there is no such commit, or no git.
        """
        found = self._repository.resolve(commit)
        data = self._repository.content(found, path) if path == INDEX or path.startswith(f"{FOLDER}/") else None
        if data is None:
            raise UsageInvalid(f"{path} was not there at {commit[:12]}.", hint="hermes memory log lists its changes.")
        return decode(data).text

    def _changed_at(self, commit: str) -> dict[str, float]:
        """Return when each path was last changed, as of `commit`."""
        printed = self._repository.run("log", "-z", "--format=%x01%at", "--name-only", commit, "--", INDEX, FOLDER)
        times: dict[str, float] = {}
        for entry in printed.split(b"\x01")[1:]:
            at, *names = entry.replace(b"\n", b"\0").split(b"\0")
            for name in filter(None, names):
                times.setdefault(name.decode(errors="surrogateescape"), float(at))
        return times
