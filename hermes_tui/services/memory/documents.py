"""Folders of documents made searchable: incremental by hash, with a status for each file, within a quota."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, cast

from hermes_tui.capabilities.memory.documents import DocumentUnreadable, is_document, passages_of
from hermes_tui.capabilities.memory.index import MemoryIndex, Source
from hermes_tui.capabilities.memory.items import Item, Layer
from hermes_tui.capabilities.regular import read_real
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.values import frozen, replace

PREFIX: Final = "document:"
OVER: Final = "over the quota"
MOST_FILE_BYTES: Final = 20_000_000
MOST_FILES: Final = 20_000
MOST_TOTAL_BYTES: Final = 1_000_000_000
_IGNORED: Final = frozenset({"node_modules", "__pycache__", "target", "dist", "build", "venv"})
_AT_ONCE: Final = 50
_OK: Final = "ok"


@frozen
class Quota:
    """How many files of one folder are read, and how many bytes in all."""

    files: int = MOST_FILES
    total: int = MOST_TOTAL_BYTES


@frozen(kw_only=False)
class FileStatus:
    """What became of one file: `ok`, or why it is not searchable."""

    path: str
    status: str
    passages: int = 0


@frozen(kw_only=False)
class Ingested:
    """What an ingest found and did."""

    new: int
    same: int
    gone: int
    problems: tuple[FileStatus, ...]


class Documents:
    """The documents of one home."""

    def __init__(self, index: MemoryIndex, roots: Path, now: Callable[[], float], quota: Quota | None = None) -> None:
        """Keep the list of folders in the file `roots`, since the index is derived."""
        self._index = index
        self._roots = roots
        self._now = now
        self._quota = quota or Quota()

    def folders(self) -> list[Path]:
        """Return the folders that were ingested."""
        try:
            listed: object = json.loads(self._roots.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        return [Path(str(name)) for name in cast("list[object]", listed)] if isinstance(listed, list) else []

    def ingest(self, folder: Path) -> Ingested:
        """Make the documents below `folder` searchable; files that did not change are not read again.

        Raises:
            UsageInvalid: it is no folder.
        """
        root = folder.resolve()
        if not root.is_dir():
            raise UsageInvalid(f"{folder} is no folder.", hint="Name a folder with documents.")
        self._keep([*self.folders(), root])
        known = {source.name: source for source in self._index.seen() if self._below(source.name, root)}
        seen: set[str] = set()
        new = same = 0
        waiting: list[Source] = []
        for path, problem in _walk(root, self._quota):
            name = f"{PREFIX}{path}"
            seen.add(name)
            source = self._source(path, name, known.get(name), problem)
            if source is None:
                same += 1
                continue
            touched = self._is_touched(source, known.get(name))
            same, new = same + touched, new + (not touched)
            waiting.append(source)
            if len(waiting) >= _AT_ONCE:
                self._index.replace_sources(waiting)
                waiting = []
        self._index.replace_sources(waiting)
        gone = sorted(set(known) - seen)
        self._index.forget_sources(gone)
        return Ingested(new, same, len(gone), tuple(status for status in self.status(root) if status.status != "ok"))

    def refresh(self) -> None:
        """Ingest every folder again that still is there."""
        for folder in self.folders():
            if folder.is_dir():
                self.ingest(folder)

    def forget(self, folder: Path) -> int:
        """Take the documents below a folder out again; return how many files that were."""
        root = folder.resolve()
        names = [source.name for source in self._index.seen() if self._below(source.name, root)]
        self._index.forget_sources(names)
        self._keep([kept for kept in self.folders() if not kept.is_relative_to(root)])
        return len(names)

    def status(self, folder: Path | None = None) -> list[FileStatus]:
        """Return every known file, or those below a folder, with its status and number of passages."""
        root = folder.resolve() if folder else Path("/")
        counts = self._index.counts_by_source(PREFIX)
        return [
            FileStatus(source.name.removeprefix(PREFIX), source.status, counts.get(source.name, 0))
            for source in self._index.seen()
            if self._below(source.name, root)
        ]

    def _source(self, path: Path, name: str, known: Source | None, problem: str) -> Source | None:
        """Return a file as it is to be stored, None if it is the same as before."""
        state = path.stat()
        stamp = f"{state.st_mtime_ns}-{state.st_ctime_ns}-{state.st_size}"
        if known is not None and known.stamp == stamp and (known.status == OVER) == (problem == OVER):
            return None
        if problem:
            return Source(name=name, status=problem, stamp=stamp)
        try:
            data = read_real(str(path), MOST_FILE_BYTES)
            digest = hashlib.sha256(data).hexdigest()
            if known is not None and known.digest == digest and known.status == _OK:
                return replace(known, items=self._at(name, state.st_mtime), stamp=stamp)
            passages = passages_of(path.name, data)
        except (OSError, DocumentUnreadable) as error:
            return Source(name=name, status=str(error) or type(error).__name__, stamp=stamp)
        items = [
            Item(
                id=f"{_id_of(name)}.{number}",
                text=passage.text,
                layer=Layer.DOCUMENT,
                thread=name,
                place=number,
                at=state.st_mtime,
                source=name,
                kind=path.suffix.lstrip(".").lower(),
                anchor=passage.anchor,
            )
            for number, passage in enumerate(passages, 1)
        ]
        return Source(name=name, items=items, digest=digest, stamp=stamp)

    def _at(self, name: str, at: float) -> list[Item]:
        """Return the passages that are known of a file, as of its new time."""
        count = self._index.counts_by_source(name).get(name, 0)
        places = {f"{_id_of(name)}.{number}": number for number in range(1, count + 1)}
        found = self._index.get(list(places))
        return [replace(found[item_id], at=at, place=number) for item_id, number in places.items()]

    @staticmethod
    def _is_touched(source: Source, known: Source | None) -> bool:
        """Whether a file holds what it held, under another time."""
        return known is not None and bool(source.digest) and source.digest == known.digest

    def _keep(self, folders: list[Path]) -> None:
        text = json.dumps(sorted({str(folder) for folder in folders}), indent=1)
        temporary = self._roots.with_name(f"{self._roots.name}.{os.getpid()}")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(self._roots)

    @staticmethod
    def _below(name: str, root: Path) -> bool:
        return name.startswith(PREFIX) and Path(name.removeprefix(PREFIX)).is_relative_to(root)


def _id_of(name: str) -> str:
    return f"d{hashlib.sha256(name.encode(errors='surrogateescape')).hexdigest()[:12]}"


def _walk(root: Path, quota: Quota) -> Iterator[tuple[Path, str]]:
    """Yield the documents below `root`, with what keeps one from being read; links and hidden folders are left out."""
    files = total = 0
    waiting = [str(root)]
    while waiting:
        entries = _listed(waiting.pop())
        waiting += [entry.path for entry in reversed(entries) if _is_entered(entry)]
        for entry in entries:
            if not entry.is_file(follow_symlinks=False) or not is_document(entry.name):
                continue
            path, size = Path(entry.path), entry.stat(follow_symlinks=False).st_size
            if size > MOST_FILE_BYTES:
                yield path, "larger than 20 MB"
                continue
            files, total = files + 1, total + size
            yield path, OVER if files > quota.files or total > quota.total else ""


def _listed(folder: str) -> list[os.DirEntry[str]]:
    """Return what lies in a folder and is not hidden, by name; folders may be nested deeper than calls may be."""
    try:
        with os.scandir(folder) as found:
            return sorted((entry for entry in found if entry.name[:1] != "."), key=lambda entry: entry.name)
    except OSError:
        return []


def _is_entered(entry: os.DirEntry[str]) -> bool:
    return entry.name not in _IGNORED and entry.is_dir(follow_symlinks=False)
