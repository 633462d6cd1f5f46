"""Looking back: who changed what and when, how it differed, which line came from where, and how to undo it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.memory.repository import KEPT, HistoryUnavailable, Repository
from hermes_tui.domain.errors import HermesError
from hermes_tui.domain.values import frozen

_FORMAT: Final = "--format=%x01%H%x00%at%x00%an%x00%s%x00%(trailers:only,unfold)%x00"
_PLAIN: Final = ("--no-ext-diff", "--no-textconv", "--no-color")
_LINES: Final = 3


class RevertConflict(HermesError):
    """What a commit changed was changed again since; nothing was touched."""


@frozen(kw_only=False)
class Entry:
    """One commit; `paths` are the files it changed."""

    commit: str
    at: float
    author: str
    subject: str
    trailers: tuple[tuple[str, str], ...]
    paths: tuple[str, ...]


@frozen(kw_only=False)
class BlameLine:
    """One line of a note: the commit that wrote it, its author and time."""

    commit: str
    author: str
    at: float
    text: str


class Past:
    """Reads the history of one repository."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    def log(self, path: str = "", most: int = 50) -> list[Entry]:
        """Return commits, newest first: of one file also under its earlier names, else of all of memory."""
        if not self._repository.exists or not self._repository.head():
            return []
        which = ["--", *self.names_of(path)] if path else ["--", *KEPT]
        options = ("-z", _FORMAT, "--name-only", f"-n{most}", *_PLAIN)
        printed = self._repository.run("--literal-pathspecs", "log", *options, *which).decode(errors="replace")
        return [_entry(part) for part in printed.split("\x01")[1:]]

    def names_of(self, path: str) -> list[str]:
        """Return every name the file at `path` had, the present one first.

        Git's own `--follow` takes a new note for a copy of any older one that looks alike; notes do, so only a rename
        counts that kept the content or the id.
        """
        if not self._repository.exists or not self._repository.head():
            return [path]
        options = ("-M70%", "--diff-filter=R", "--raw", "-z", "--no-abbrev", "--format=", *_PLAIN)
        fields = self._repository.run("log", *options, "--", "memory").split(b"\0")
        names = [path]
        for about, old, new in zip(fields[0::3], fields[1::3], fields[2::3], strict=False):
            before, after = (name.decode(errors="surrogateescape") for name in (old, new))
            if after == names[-1] and before not in names and self._is_same_note(about.decode()):
                names.append(before)
        return names

    def _is_same_note(self, about: str) -> bool:
        _, _, old, new, status = about.strip().lstrip(":").split()
        if status == "R100":
            return True
        ids = {_id_line(self._repository.run("cat-file", "blob", blob)) for blob in (old, new)}
        return len(ids) == 1 and ids != {b""}

    def diff(self, commit: str, path: str = "") -> str:
        """Return what a commit changed, as a patch."""
        found = self._repository.resolve(commit)
        options = ("--format=%h %an %ad: %s", "--date=iso-strict", *_PLAIN, "-p", "--stat", found)
        which = ("--", path) if path else ("--", *KEPT)
        return self._repository.run("--literal-pathspecs", "show", *options, *which).decode(errors="replace")

    def blame(self, path: str) -> list[BlameLine]:
        """Return each line of the last committed state of a file with the commit that wrote it."""
        printed = self._repository.run(
            "--literal-pathspecs", "blame", "--no-textconv", "--line-porcelain", "HEAD", "--", path
        )
        found: list[BlameLine] = []
        commit, fields = "", dict[str, str]()
        for line in printed.decode(errors="replace").split("\n"):
            if line.startswith("\t"):
                found.append(BlameLine(commit, fields.get("author", ""), float(fields.get("author-time", 0)), line[1:]))
                commit, fields = "", {}
            elif not commit:
                commit = line.split(" ", 1)[0]
            else:
                name, _, value = line.partition(" ")
                fields[name] = value
        return found

    def last_content(self, path: str, commit: str = "") -> bytes | None:
        """Return a file as `commit` held it, else the last state of it that was not empty."""
        if commit:
            return self._repository.content(self._repository.resolve(commit), path)
        names = self.names_of(path)
        for entry in self.log(path):
            name = next((name for name in names if name in entry.paths), path)
            content = self._repository.content(entry.commit, name)
            if content and content.strip():
                return content
        return None

    def undone(self, commit: str, now: dict[str, bytes | None], paths: Sequence[str] = ()) -> dict[str, bytes | None]:
        """Return each file that `commit` changed as it should be without it; `now` are the present contents.

        Raises:
            RevertConflict: a file was changed since where `commit` had changed it.
        """
        found = self._repository.resolve(commit)
        parent = self._parent(found)
        wanted = paths or self.touched(found)
        result: dict[str, bytes | None] = {}
        for path in wanted:
            before = self._repository.content(parent, path) if parent else None
            after = self._repository.content(found, path)
            result[path] = self._without(path, now.get(path), before, after)
        return result

    def made(self, commit: str, path: str) -> bool:
        """Whether there was no file at `path` before a commit."""
        parent = self._parent(self._repository.resolve(commit))
        return not parent or self._repository.content(parent, path) is None

    def touched(self, commit: str) -> list[str]:
        """Return the files that a commit changed."""
        found = self._repository.resolve(commit)
        options = ("-r", "-z", "--root", "--no-commit-id", "--name-only", found)
        printed = self._repository.run("diff-tree", *options, "--", *KEPT)
        return [name.decode(errors="surrogateescape") for name in printed.split(b"\0") if name]

    def _parent(self, commit: str) -> str:
        listed = self._repository.run("rev-list", "--parents", "-n1", commit).decode().split()
        return listed[1] if len(listed) > 1 else ""

    def _without(self, path: str, now: bytes | None, before: bytes | None, after: bytes | None) -> bytes | None:
        if now == after:
            return before
        if now is None or before is None or after is None:
            raise RevertConflict(f"{path} was changed since.", hint="Look at `hermes memory diff` and edit it by hand.")
        with tempfile.TemporaryDirectory(prefix="hermes-tui-merge-") as folder:
            places = [Path(folder) / name for name in ("now", "after", "before")]
            for place, content in zip(places, (now, after, before), strict=True):
                place.write_bytes(content)
            try:
                return self._repository.run("merge-file", "-p", "--", *map(str, places))
            except HistoryUnavailable as error:
                hint = "Look at `hermes memory diff` and edit it by hand."
                raise RevertConflict(f"{path} was changed since in the same place.", hint=hint) from error


def _id_line(data: bytes) -> bytes:
    return next((line.strip() for line in data.split(b"\n")[:20] if line.startswith(b"id:")), b"")


def _entry(text: str) -> Entry:
    commit, at, author, subject, trailers, rest = text.split("\0", 5)
    pairs = tuple(
        (name.strip(), value.strip())
        for name, found, value in (line.partition(":") for line in trailers.splitlines())
        if found
    )
    paths = tuple(filter(None, (name.strip("\n") for name in rest.split("\0"))))
    return Entry(commit, float(at), author, subject, pairs, paths)
