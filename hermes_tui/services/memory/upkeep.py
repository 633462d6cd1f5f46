"""Upkeep of a home's memory: undo, bring back, forget for good, take over from others, count, and check."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.memory.catalog import NoteRow
from hermes_tui.capabilities.memory.contents import without_line
from hermes_tui.capabilities.memory.database import IndexUnreadable
from hermes_tui.capabilities.memory.decoding import NEW, decode
from hermes_tui.capabilities.memory.erasure import Eraser
from hermes_tui.capabilities.memory.foreign import foreign_notes
from hermes_tui.capabilities.memory.ingress import Edit, Reason, in_vault
from hermes_tui.capabilities.memory.notes import read_note
from hermes_tui.capabilities.memory.past import BlameLine, Entry
from hermes_tui.capabilities.memory.repository import HistoryUnavailable
from hermes_tui.capabilities.memory.scopes import is_index
from hermes_tui.capabilities.state.reply_store import forget_replies
from hermes_tui.domain.errors import HermesError, ToolError, UsageInvalid
from hermes_tui.domain.memory import Landing, NoteAuthor, NoteDraft, Origin
from hermes_tui.domain.values import frozen
from hermes_tui.services.memory.episodes import sessions_with
from hermes_tui.services.memory.store import OpenMemory

OPERATOR: Final = Origin(author=NoteAuthor.OPERATOR)
MAP_FILE: Final = "erased-commits.json"


@frozen(kw_only=False)
class Taken:
    """One note of another agent and what became of it, or would."""

    text: str
    source: str
    outcome: str
    note_id: str = ""


class Upkeep:
    """What an operator does to memory beside reading and writing."""

    def __init__(self, store: OpenMemory) -> None:
        self.store = store

    def log(self, name: str = "", most: int = 30) -> list[Entry]:
        """Return commits, newest first, of all or of one note."""
        self._settle()
        return self.store.past.log(self.store.note(name).path if name else "", most)

    def diff(self, name: str = "") -> str:
        """Return what a commit changed, or the last change of a note, or the last change of all."""
        self._settle()
        if not name:
            return self.store.past.diff("HEAD")
        try:
            return self.store.past.diff(name)
        except HistoryUnavailable:
            path = self.store.note(name).path
        last = self.store.past.log(path, 1)
        return self.store.past.diff(last[0].commit, path) if last else ""

    def blame(self, name: str) -> list[BlameLine]:
        """Return each line of a note with who wrote it."""
        self._settle()
        return self.store.past.blame(self.store.note(name).path)

    def edit(self, path: str, text: str, before: str | None) -> None:
        """Give a file of the vault another text, in the encoding and with the line ends it has.

        Raises:
            UsageInvalid: its text is no longer `before`; nothing is written. None does not ask.
        """

        def make(now: bytes | None) -> bytes:
            found = NEW if now is None else decode(now)
            if before is not None and now is not None and found.text != before:
                raise UsageInvalid(f"{path} changed outside Hermes meanwhile.", hint="Your text is kept in the prompt.")
            return found.encode(text)

        self.store.ingress.change([Edit(path, make)], Reason(author=NoteAuthor.OPERATOR, subject=f"Edit {path}"))
        self.store.changed()

    def revert(self, commit: str, path: str = "") -> list[str]:
        """Undo a commit as a new change, of one file if it is named; return the files that changed.

        Raises:
            RevertConflict: a file was changed since in the same place; nothing was touched.
            UsageInvalid: the commit did not change the file that is named, or made it.
        """
        self._settle()
        past, files = self.store.past, self.store.files
        touched = past.touched(commit)
        if path and path not in touched:
            raise UsageInvalid(f"{commit} did not change {path}.", hint=f"hermes memory log {path}")
        if path and past.made(commit, path):
            raise UsageInvalid(f"{path} did not exist before {commit}.", hint=f"hermes memory forget {path}")
        wanted = [path] if path else touched
        undone = past.undone(commit, {each: files.read(each) for each in wanted}, wanted)
        edits = [_becoming(path, files.read(path), data) for path, data in undone.items()]
        reason = Reason(
            author=NoteAuthor.OPERATOR,
            subject=f"revert {commit[:12]}",
            trailers=(("Hermes-Reverts", self.store.repository.resolve(commit)),),
        )
        changed = self.store.ingress.change(edits, reason)
        self.store.changed()
        return [change.path for change in changed]

    def restore(self, name: str, commit: str = "") -> str:
        """Bring a note back: its last text that was not empty, or the one of a commit; return its path.

        Its line in the index comes with it, where there is room.

        Raises:
            UsageInvalid: history does not have it.
        """
        self._settle()
        path = self._path(name)
        data = self.store.past.last_content(path, commit)
        if data is None:
            raise UsageInvalid(f"History has no {path}{f' at {commit}' if commit else ''}.", hint="hermes memory log")
        now = self.store.files.read(path)
        reason = Reason(author=NoteAuthor.OPERATOR, subject=f"restore {path}")
        edits = [_becoming(path, now, data)]
        if not is_index(path):
            edits += self.store.writer.lines_of(read_note(path, decode(data).text))
        self.store.ingress.change(edits, reason)
        self.store.changed()
        return path

    def erase(self, row: NoteRow) -> list[str]:
        """Remove a note from files, index, outbox and git, for good; return what could not be reached.

        Raises:
            HistoryUnavailable: there is no git, or someone is in the middle of a merge: nothing was removed. Where the
                rewriting itself fails the note is gone from files and index, and may be erased again.
        """
        store = self.store
        self._settle()
        note = store.writer.read(row)
        eraser = Eraser(store.repository, without_line)
        paths = store.past.names_of(row.path)
        store.writer.forget(row, OPERATOR)
        self._settle()
        moved = eraser.erase(paths, [row.title, *note.body.split("\n")[:1]])
        store.outbox.scrub(paths)
        store.database.compact()
        forget_replies(store.home.state)
        if moved:
            self._keep_map(moved)
        return [*eraser.unreachable(), *sessions_with(store.home.state / "sessions", note.body)]

    def take_over(self, place: Path, *, write: bool) -> list[Taken]:
        """Read the memory of another agent; with `write` keep what is new, else only say what would be.

        Raises:
            UsageInvalid: there is nothing at `place`.
        """
        if not place.exists():
            raise UsageInvalid(f"There is no {place}.", hint="Name a file or folder.")
        taken: list[Taken] = []
        for note in foreign_notes(place):
            origin = Origin(author=NoteAuthor.OPERATOR, source=f"import {place.name}/{note.source}")
            draft = NoteDraft(text=note.text, kind=note.kind)
            if not write:
                taken.append(Taken(note.text, note.source, f"would be kept as {note.kind}"))
                continue
            try:
                kept = self.store.remember(draft, origin)
            except ToolError as error:
                taken.append(Taken(note.text, note.source, f"left out: {error.message}"))
            else:
                outcome = "known already" if kept.landing is Landing.KNOWN else f"kept as {kept.note_id}"
                taken.append(Taken(note.text, note.source, outcome, kept.note_id))
        return taken

    def stats(self) -> dict[str, object]:
        """Return how much there is, how fresh the index is, and what is wrong."""
        store = self.store
        try:
            store.sync()
        except IndexUnreadable:
            store.reindex()
        rows = store.catalog.every()
        problems = {row.path: row.problem for row in rows if row.problem}
        seen = store.index.seen()
        problems |= {source.name: source.status for source in seen if source.status != "ok" and in_vault(source.name)}
        room = store.room()
        return {
            "notes": len([row for row in rows if row.live]),
            "waiting_for_review": len([row for row in rows if row.status == "review"]),
            "past": len([row for row in rows if row.status == "past"]),
            "items": store.index.counts(),
            "sessions": len([source for source in seen if source.name.startswith("session:")]),
            "documents": len(store.documents.status()),
            "embedder": store.embedder or "none: words and structure alone",
            "waiting_for_vectors": store.count_without_vector(),
            "vectors_compared": store.index.scan.name if store.embedder else "not at all",
            "index_bytes": store.database.path.stat().st_size,
            "generation": store.database.generation(),
            "context_bytes": {"used": room.used, "limit": room.limit, "left": room.left},
            "history": self._history(),
            "waiting_for_git": store.history.waiting(),
            "problems": problems,
            "unread_sessions": list(store.unread),
        }

    def check(self) -> bool:
        """Check the whole index, and make it anew if it is damaged; return whether it was sound."""
        sound = self.store.database.is_sound()
        if not sound:
            self.store.reindex()
        return sound

    def _history(self) -> str:
        store = self.store
        why = store.flush()
        if why or not store.repository.exists:
            return why or "no commits yet"
        return "clean"

    def _settle(self) -> None:
        """Look at the files and commit what waits, so that history is whole.

        Raises:
            HistoryUnavailable: it cannot be.
        """
        self.store.ingress.sync()
        self.store.repository.require()
        self.store.history.flush()

    def _path(self, name: str) -> str:
        """Return the path of a note that may be gone."""
        try:
            return self.store.note(name).path
        except UsageInvalid:
            if name.endswith(".md"):
                return name
            for entry in self.store.past.log(most=10_000):
                if ("Hermes-Note", name) in entry.trailers:
                    return next(path for path in entry.paths if not path.endswith("MEMORY.md"))
            raise

    def _keep_map(self, moved: Mapping[str, str]) -> None:
        path = self.store.home.state / MAP_FILE
        old: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        merged = {first: moved.get(last, last) for first, last in old.items()} | dict(moved)
        path.write_text(json.dumps(merged, indent=0), encoding="utf-8")


def _becoming(path: str, expected: bytes | None, data: bytes | None) -> Edit:
    def make(now: bytes | None) -> bytes | None:
        if now != expected:
            raise HermesError(f"{path} was changed just now.", hint="Try again.")
        return data

    return Edit(path, make)
