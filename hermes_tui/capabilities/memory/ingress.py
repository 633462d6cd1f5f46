"""The one way in for every change of a file: read, put on record, indexed; and the one way out for our own."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from dataclasses import field
from typing import Final

from hermes_tui.capabilities.memory.catalog import Catalog, NoteRow
from hermes_tui.capabilities.memory.decoding import decode
from hermes_tui.capabilities.memory.files import UNSETTLED, NoteUnreadable, VaultFiles, digest_of_bytes
from hermes_tui.capabilities.memory.index import MemoryIndex, Source
from hermes_tui.capabilities.memory.notes import Note, day_of, id_of_path, read_note
from hermes_tui.capabilities.memory.reading import catalog_row, items_of_index, items_of_note
from hermes_tui.capabilities.memory.scopes import FOLDER, INDEX, is_index
from hermes_tui.domain.memory import FileChange, NoteAuthor, Outbox
from hermes_tui.domain.values import frozen, mutable, replace

SHARED: Final = "has the id of"
LOOK_S: Final = 1.0
"""For so long after a look at every file, one at the folders will do before a note is written."""
_AT_ONCE: Final = 500
_FEW: Final = 100
"""Up to so many changed files are looked at alone, without reading the list of all."""


@frozen(kw_only=False)
class Edit:
    """A change of one file: `make` gets the bytes that are there now, None for no file, and returns the new ones."""

    path: str
    make: Callable[[bytes | None], bytes | None]


@frozen
class Reason:
    """Who changes something, in which words, with which trailers of the commit."""

    author: NoteAuthor
    subject: str
    trailers: tuple[tuple[str, str], ...] = ()


OUTSIDE: Final = Reason(author=NoteAuthor.OPERATOR, subject="edit outside Hermes")


@mutable
class Synced:
    """What a look at the files found."""

    changed: list[str] = field(default_factory=list[str])
    gone: list[str] = field(default_factory=list[str])


class Ingress:
    """Keeps files, outbox and index of one home in step."""

    def __init__(self, files: VaultFiles, index: MemoryIndex, outbox: Outbox, now: Callable[[], float]) -> None:
        self.files = files
        self.index = index
        self.catalog = Catalog(index.database)
        self._outbox = outbox
        self._now = now
        self._stamps: dict[str, str] = {}
        self._day = ""
        self._looked_at = -LOOK_S
        self._folders: dict[str, int] = {}
        self._born = -1

    def rebuild(self) -> None:
        """Throw the index away and make what stands in it of files anew; whoever writes meanwhile waits for that."""
        with self._locked():
            self.index.database.start_over()
            self.sync()

    def glance(self) -> None:
        """Take in what was changed outside, as `sync` does, without looking at every file twice a second.

        What was added, removed or renamed is seen at once, an edit in place at the next whole look.
        """
        recent = time.monotonic() - self._looked_at < LOOK_S and self._day == day_of(self._now())
        if not recent or self._is_anew() or self.files.folders() != self._folders:
            self.sync()

    def sync(self) -> Synced:
        """Take in what was changed outside: edits, renames, deletions, merges. Cheap if nothing was."""
        looked_at = time.monotonic()
        stamps = self.files.survey()
        self._looked_at, self._folders = looked_at, self.files.folders()
        if self._is_anew():
            self._stamps, self._born = {}, self.index.database.born()
        known = self._stamps
        differing = {path for path in stamps.keys() | known.keys() if stamps.get(path) != known.get(path)}
        differing |= {path for path, stamp in stamps.items() if stamp == UNSETTLED}
        today = day_of(self._now())
        if not differing and self._day == today:
            return Synced()
        with self._locked():
            if known and self._day == today and len(differing) <= _FEW:
                due = self.catalog.due(today, SHARED)
                found = self._sync(sorted(differing | due), due)
                lost = differing - stamps.keys()
                self._stamps = {path: stamp for path, stamp in self._stamps.items() if path not in lost}
                return found
            self._stamps = {}
            found = self._sync(None, self.catalog.due(today, SHARED))
            self._day = today
            return found

    def change(self, edits: Sequence[Edit], reason: Reason) -> list[FileChange]:
        """Make `edits`, durable and searchable on return; what is on disk and not yet known is taken in first.

        Raises:
            NoteUnreadable: a file cannot be read or written.
            HermesError: an edit refuses what it finds; nothing was changed.
        """
        paths = [edit.path for edit in edits]
        with self._locked():
            known = self.files.folders() == self._folders
            self._sync(paths, set())
            planned = [change for edit in edits if (change := self._planned(edit, reason)) is not None]
            with self.files.changing():
                self._outbox.put(planned)
                self._write(planned)
            self._sync(paths, set())
            if known:
                self._folders = self.files.folders()
            return planned

    def _is_anew(self) -> bool:
        """Whether the index was thrown away since the last look, by whichever process; what was known of it is void."""
        return self._born != self.index.database.born()

    @contextlib.contextmanager
    def _locked(self) -> Generator[None]:
        """Hold the vault; what another process was killed over is finished first."""
        with self.files.locked():
            if self.files.interrupted:
                self._finish()
                self.files.settle()
            yield

    def _finish(self) -> None:
        """Make the writes that are in the outbox and not on disk."""
        self.files.sweep()
        last = {change.path: change for change in self._outbox.pending()}
        for change in last.values():
            if digest_of_bytes(self.files.read(change.path)) == change.before:
                self.files.write(change.path, change.after)

    def _planned(self, edit: Edit, reason: Reason) -> FileChange | None:
        before = self.files.read(edit.path)
        after = edit.make(before)
        if after == before:
            return None
        return self._file_change(edit.path, digest_of_bytes(before), after, reason)

    def _file_change(self, path: str, before: str, after: bytes | None, reason: Reason) -> FileChange:
        return FileChange(
            key=secrets.token_hex(8),
            at=self._now(),
            path=path,
            before=before,
            digest=digest_of_bytes(after),
            after=after,
            author=reason.author,
            subject=reason.subject,
            trailers=reason.trailers,
        )

    def _write(self, changes: Iterable[FileChange]) -> None:
        for change in changes:
            self.files.write(change.path, change.after)

    def _sync(self, paths: Sequence[str] | None, due: Collection[str]) -> Synced:
        """Take in every file, or those at `paths`; `due` are read even if they did not change."""
        stamps = self.files.survey(paths)
        seen = {source.name: source for source in self.index.seen(paths) if in_vault(source.name)}
        recorded = self._outbox.recorded(paths)
        found = Synced()
        sources: list[Source] = []
        outside: list[FileChange] = []
        for path in sorted(stamps):
            known = seen.get(path)
            if known is not None and path not in due and known.stamp == stamps[path] != UNSETTLED:
                continue
            source = self._source(path, stamps[path], recorded, outside)
            if known is None or known.digest != source.digest:
                found.changed.append(path)
            sources.append(source)
        found.gone = sorted((set(seen) | set(recorded)) - set(stamps))
        outside += [self._file_change(path, recorded[path], None, OUTSIDE) for path in found.gone if path in recorded]
        if outside:
            self._outbox.put(outside)
        self._store(sources, found.gone)
        for path in found.gone:
            self._stamps.pop(path, None)
        self._stamps.update(stamps)
        return found

    def _store(self, sources: list[Source], gone: Sequence[str]) -> None:
        if gone:
            self.index.forget_sources(gone)
        for start in range(0, len(sources), _AT_ONCE):
            self.index.replace_sources(sources[start : start + _AT_ONCE])

    def _source(self, path: str, stamp: str, recorded: Mapping[str, str], outside: list[FileChange]) -> Source:
        """Read one file as the index stores it; note it where its content is not what was last on record."""
        try:
            data = self.files.read(path) or b""
        except NoteUnreadable as error:
            return Source(name=path, digest="unreadable", status=error.message, stamp=stamp)
        digest = digest_of_bytes(data)
        if recorded.get(path) != digest:
            outside.append(self._file_change(path, recorded.get(path, ""), data, OUTSIDE))
        text = decode(data)
        if is_index(path):
            return Source(
                name=path,
                items=items_of_index(path, text.text),
                digest=digest,
                status=text.problem or "ok",
                stamp=stamp,
            )
        note = self._with_own_id(read_note(path, text.text))
        problems = [problem for problem in (text.problem, *note.problems) if problem]
        if not data.strip():
            problems.append("empty; `hermes memory restore` brings the last version back")
        note = replace(note, problems=tuple(problems))
        return Source(
            name=path,
            items=items_of_note(note, self._now()),
            digest=digest,
            status="; ".join(problems) or "ok",
            stamp=stamp,
            note=catalog_row(note, self._now(), len(data)),
        )

    def _with_own_id(self, note: Note) -> Note:
        """Return `note`, with an id of its own if it is a copy of another that is there and comes first by path."""
        other = self.catalog.get(note.id)
        if other is None or other.path == note.path or other.path > note.path:
            return note
        try:
            same = (data := self.files.read(other.path)) is not None and _names(other, data) == note.id
        except NoteUnreadable:
            return note
        if not same:
            return note
        problem = f"{SHARED} {other.path}"
        return replace(note, id=id_of_path(note.path), problems=(*note.problems, problem))


def in_vault(name: str) -> bool:
    """Whether a source of the index is a file of the vault."""
    return name == INDEX or name.startswith(f"{FOLDER}/")


def _names(other: NoteRow, data: bytes) -> str:
    return read_note(other.path, decode(data).text).id
