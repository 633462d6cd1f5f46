"""The notes as an operator sees them: `MEMORY.md` and `memory/` as files, and their history in git."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from hermes_tui.capabilities.memory.decoding import decode
from hermes_tui.capabilities.memory.repository import HistoryUnavailable
from hermes_tui.capabilities.tools._git_env import run_git
from hermes_tui.domain.errors import HermesError, PathRefused, UsageInvalid
from hermes_tui.domain.memory import NoteAuthor, Origin
from hermes_tui.domain.values import frozen

if TYPE_CHECKING:
    from hermes_tui.services.memory.upkeep import Upkeep

INDEX: Final = "MEMORY.md"
FOLDER: Final = "memory"
GIT_S: Final = 20.0
_LOG_FORMAT: Final = "%h%x1f%at%x1f%an%x1f%s"


@frozen(kw_only=False)
class Note:
    """A file of the memory: its path below the home, its title and when it was changed."""

    path: str
    title: str
    changed_at: float


def counted(notes: Iterable[Note]) -> int:
    """Return how many notes there are: an index names notes and is none."""
    return sum(note.path.rpartition("/")[2] != INDEX for note in notes)


@frozen(kw_only=False)
class Change:
    """A commit that touched a note, or the change on disk that no commit holds yet (`commit` is then empty)."""

    commit: str
    at: float
    author: str
    subject: str


class Notebook:
    """The notes below one home. Reading is plain file access; a change goes the way every change of a note goes.

    So it is durable on return and found at once, and is on record with its author, whether git is there or not.
    """

    def __init__(self, root: Path, opened: Callable[[], Upkeep]) -> None:
        """`opened` returns what keeps the notes below `root`; it is asked for when something is to be changed."""
        self.root = root
        self._opened = opened

    def notes(self) -> list[Note]:
        """Return every note, the index first, then by path; blocking."""
        return [self._note(path) for path in self._paths()]

    def _paths(self) -> Iterator[Path]:
        if (self.root / INDEX).is_file():
            yield self.root / INDEX
        folder = self.root / FOLDER
        yield from sorted(path for path in folder.rglob("*.md") if path.is_file() and not path.is_symlink())

    def _note(self, path: Path) -> Note:
        relative = path.relative_to(self.root).as_posix()
        return Note(path=relative, title=title_of(relative, self._head(path)), changed_at=path.stat().st_mtime)

    @staticmethod
    def _head(path: Path) -> str:
        with path.open(encoding="utf-8", errors="replace") as stream:
            return stream.read(4000)

    def read(self, path: str) -> str:
        """Return a note's text; blocking.

        Raises:
            PathRefused: the path is no note.
        """
        return decode(self._inside(path).read_bytes()).text

    def changed_at(self, path: str) -> float:
        """Return when a note's file was changed last; blocking.

        Raises:
            PathRefused: the path is no note.
        """
        return self._inside(path).stat().st_mtime

    async def write(self, path: str, text: str, *, before: str | None = None) -> str:
        """Save a note, in the encoding and with the line ends it has; return what became of it in git.

        `before` is the text that was edited.

        Raises:
            PathRefused: the path is no note.
            UsageInvalid: the file changed meanwhile; nothing is written.
        """
        self._inside(path)
        return await self._changed(lambda upkeep: upkeep.edit(path, text, before))

    async def forget(self, path: str) -> str:
        """Take a note and its line in the index away; history keeps what it said. Return what became of it in git.

        Raises:
            PathRefused: the path is no note, or is the index itself.
            UsageInvalid: there is no such note.
        """
        if path == INDEX:
            raise PathRefused("The index is not forgotten.", hint="Edit it, or forget one note.")
        self._inside(path)
        origin = Origin(author=NoteAuthor.OPERATOR)
        return await self._changed(lambda upkeep: upkeep.store.writer.forget(upkeep.store.note(path), origin))

    async def history(self, path: str) -> list[Change]:
        """Return what changed a note, newest first; empty before the first commit, the reason where git is missing."""
        try:
            self._opened().store.repository.require()
            code, output = await self._git("log", "--follow", "-n", "100", f"--format={_LOG_FORMAT}", "--", path)
            dirty_code, dirty = await self._git("status", "--porcelain", "--", path)
        except HistoryUnavailable as error:
            return [Change("", time.time(), "no history", error.message)]
        except HermesError:
            return []
        rows = [line.split("\x1f") for line in _text(output).splitlines()] if code == 0 else []
        past = [Change(row[0], float(row[1]), row[2], row[3]) for row in rows if len(row) == 4]
        if dirty_code == 0 and dirty.strip():
            past.insert(0, Change("", time.time(), "on disk", "not committed yet"))
        return past

    async def diff(self, path: str, commit: str) -> str:
        """Return what a commit did to a note, or what stands on disk beyond the last one."""
        if not commit:
            return _text((await self._git("diff", "--no-ext-diff", "HEAD", "--", path))[1])
        return _text((await self._git("show", "--no-ext-diff", "--format=", _checked(commit), "--", path))[1])

    async def revert(self, path: str, commit: str) -> str:
        """Undo what a commit did to a note, and leave what was changed since; return what became of it in git.

        Raises:
            UsageInvalid: the commit made the note.
            RevertConflict: the same place was changed since.
            HistoryUnavailable: there is no such commit, or no git.
        """
        self._inside(path)
        return await self._changed(lambda upkeep: upkeep.revert(_checked(commit), path))

    def _inside(self, path: str) -> Path:
        place = Path(os.path.realpath(self.root / path))
        root = Path(os.path.realpath(self.root))
        if place != root / INDEX and not place.is_relative_to(root / FOLDER):
            raise PathRefused(f"{path} is no note.", hint=f"Notes are {INDEX} and what is in {FOLDER}/.")
        return place

    async def _git(self, *arguments: str) -> tuple[int, bytes]:
        return await run_git(self.root, arguments, GIT_S)

    async def _changed(self, change: Callable[[Upkeep], object]) -> str:
        """Change something and let git follow; return how far it is."""

        def work() -> str:
            upkeep = self._opened()
            change(upkeep)
            store = upkeep.store
            return store.flush() or f"commit {store.repository.head()[:7]} by operator"

        return await asyncio.to_thread(work)


def parted(text: str) -> tuple[str, str]:
    """Return a note's front matter, empty if it has none, and its words."""
    front, mark, body = text.removeprefix("---\n").partition("\n---\n")
    return (front, body) if mark and text.startswith("---\n") else ("", text)


def title_of(path: str, text: str) -> str:
    """Return the first words of a note, without its front matter; its file's name where it has none."""
    said = (line.lstrip("# ").strip() for line in parted(text)[1].splitlines())
    return next((line for line in said if line), PurePosixPath(path).stem)


def _checked(commit: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{4,40}", commit):
        raise UsageInvalid(f"{commit!r} is no commit.")
    return commit


def _text(output: bytes) -> str:
    return output.decode("utf-8", "replace")
