"""The notes as an operator sees them: `MEMORY.md` and `memory/` as files, and their history in git."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from hermes_tui.capabilities.tools._git_env import run_git
from hermes_tui.domain.errors import HermesError, PathRefused, UsageInvalid
from hermes_tui.domain.values import frozen

INDEX: Final = "MEMORY.md"
FOLDER: Final = "memory"
TRACKED: Final = (INDEX, FOLDER)
GIT_S: Final = 20.0
_LOG_FORMAT: Final = "%h%x1f%at%x1f%an%x1f%s"


@frozen(kw_only=False)
class Note:
    """A file of the memory: its path below the home, its title and when it was changed."""

    path: str
    title: str
    changed_at: float


@frozen(kw_only=False)
class Change:
    """A commit that touched a note, or the change on disk that no commit holds yet (`commit` is then empty)."""

    commit: str
    at: float
    author: str
    subject: str


class Notebook:
    """The notes below one home. Reading is plain file access; history and change need git and say so without it."""

    def __init__(self, root: Path) -> None:
        self.root = root

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
        return self._inside(path).read_text(encoding="utf-8", errors="replace")

    async def write(self, path: str, text: str, *, before: str | None = None) -> str:
        """Save a note and commit it; return the commit's short id. `before` is the text that was edited.

        Raises:
            PathRefused: the path is no note.
            UsageInvalid: the file changed meanwhile; nothing is written.
            ToolError: git is missing or refuses.
        """
        place = self._inside(path)
        if before is not None and place.exists() and self.read(path) != before:
            raise UsageInvalid(f"{path} changed outside Hermes meanwhile.", hint="Yours was not written.")
        await asyncio.to_thread(_replace, place, text)
        return await self._commit(f"Edit {path}")

    async def forget(self, path: str) -> str:
        """Take a note and its line in the index away; git keeps what it said. Return the commit's short id.

        Raises:
            PathRefused: the path is no note, or is the index itself.
            ToolError: git is missing or refuses.
        """
        if path == INDEX:
            raise PathRefused("The index is not forgotten.", hint="Edit it, or forget one note.")
        place = self._inside(path)
        await self._commit("Keep what stands on disk")
        await asyncio.to_thread(place.unlink)
        index = self.root / INDEX
        if index.exists():
            lines = index.read_text(encoding="utf-8").splitlines()
            kept = [line for line in lines if f"({path})" not in line]
            await asyncio.to_thread(_replace, index, "\n".join(kept) + "\n")
        return await self._commit(f"Forget {path}")

    async def history(self, path: str) -> list[Change]:
        """Return what changed a note, newest first; empty without git or before the first commit."""
        try:
            code, output = await self._git("log", "--follow", "-n", "100", f"--format={_LOG_FORMAT}", "--", path)
            dirty_code, dirty = await self._git("status", "--porcelain", "--", path)
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
        """Give a note the text it had before a commit; return the new commit's short id.

        Raises:
            UsageInvalid: there was no such text.
            ToolError: git is missing or refuses.
        """
        self._inside(path)
        await self._commit("Keep what stands on disk")
        code, output = await self._git("show", f"{_checked(commit)}~1:{path}")
        if code != 0:
            raise UsageInvalid(f"{path} did not exist before {commit}.", hint="f forgets it.")
        await asyncio.to_thread(_replace, self.root / path, _text(output))
        return await self._commit(f"Take back {commit} of {path}")

    def _inside(self, path: str) -> Path:
        place = Path(os.path.realpath(self.root / path))
        root = Path(os.path.realpath(self.root))
        if place != root / INDEX and not place.is_relative_to(root / FOLDER):
            raise PathRefused(f"{path} is no note.", hint=f"Notes are {INDEX} and what is in {FOLDER}/.")
        return place

    async def _git(self, *arguments: str) -> tuple[int, bytes]:
        return await run_git(self.root, arguments, GIT_S)

    async def _commit(self, subject: str) -> str:
        """Commit what stands on disk, if it differs; return the short id of the newest commit."""
        if not (self.root / ".git").exists():
            await asyncio.to_thread(_make_repository, self.root)
        present = [name for name in TRACKED if (self.root / name).exists()]
        await self._git("add", "-A", "--", *present)
        author = "operator <operator@localhost>"
        await self._git("commit", "-q", f"--author={author}", "-m", subject, "--", *present)
        code, output = await self._git("rev-parse", "--short", "HEAD")
        return _text(output).strip() if code == 0 else ""


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


def _make_repository(root: Path) -> None:
    """Make an empty repository without starting git: `git init` needs no more than this (gitrepository-layout(5))."""
    folder = root / ".git"
    for name in ("objects/info", "objects/pack", "refs/heads", "refs/tags"):
        (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    config = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n"
    (folder / "config").write_text(config, encoding="utf-8")
    (folder / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")


def _replace(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old or the new text, and a power cut leaves one of them."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    Path(name).replace(path)
