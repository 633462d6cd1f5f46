"""What stands at some paths now: kinds, modes, links and content hashes, without following a link."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from hermes_tui.capabilities.regular import open_real, read_real
from hermes_tui.capabilities.state.digest import HASH, digest, digest_big, digest_file
from hermes_tui.domain.values import frozen, mutable

KEPT_BYTES: Final = 10_000_000
HELD_BYTES: Final = 16_000_000
"""How much of what was just read a survey keeps in memory for the one who stores it."""
MOST_ENTRIES: Final = 100_000
IGNORED: Final = frozenset({".git", "__pycache__", ".venv", "node_modules"})
_SETTLED_NS: Final = 50_000_000


_Stamp = tuple[int, int, int, int]


class Kind(StrEnum):
    """What stands at a path."""

    FILE = "file"
    LINK = "link"
    FOLDER = "folder"
    OTHER = "other"

    @property
    def content(self) -> bool:
        """Whether it is something whose loss is a change."""
        return self in (Kind.FILE, Kind.LINK)


class Entry(msgspec.Struct, frozen=True):
    """One path; `kept` is False where a file is too big to be stored, `link` is where a link points.

    `sha256` is named for what it was at first; the image says by which hash it is.
    """

    kind: Kind
    mode: int = 0
    sha256: str = ""
    link: str = ""
    kept: bool = True


@frozen(kw_only=False)
class Survey:
    """The entries found, by absolute path; `whole` is False where there were too many.

    `contents` are, by hash, of files that were read for it; as many as fit into HELD_BYTES, and none unless asked for.
    """

    entries: Mapping[str, Entry]
    whole: bool
    contents: Mapping[str, bytes] = field(default_factory=dict[str, bytes])


@mutable
class _Held:
    """Contents read by one survey, and how many bytes more it may keep."""

    room: int
    hash: str = HASH
    begin: Callable[[bytes], None] | None = None
    contents: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def read(self, path: str) -> str:
        content = read_real(path)
        if self.begin is not None:
            self.begin(content)
        sha256 = digest(content, self.hash)
        if len(content) <= self.room and sha256 not in self.contents:
            self.room -= len(content)
            self.contents[sha256] = content
        return sha256


class Surveyor:
    """Surveys paths again and again, hashing a file only where its stamp changed."""

    def __init__(
        self, *, kept_bytes: int = KEPT_BYTES, most: int = MOST_ENTRIES, skip: Sequence[Path] = (), hash_: str = HASH
    ) -> None:
        """Start with no hash known; folders of `skip` count as not there."""
        self._hash_name = hash_
        self._kept_bytes = kept_bytes
        self._skip = frozenset(str(path) for path in skip)
        self._most = most
        self._hashes: dict[str, tuple[_Stamp, str]] = {}
        self._held = _Held(0)

    def survey(
        self, targets: Sequence[Path], *, held_bytes: int = 0, begin: Callable[[bytes], None] | None = None
    ) -> Survey:
        """Walk the targets; a target that does not exist has no entry.

        Of what has to be read, `held_bytes` are handed out with the survey, so that nobody reads and hashes it again.
        `begin` is told of each such content before it is hashed.
        """
        self._held = _Held(held_bytes, self._hash_name, begin)
        try:
            return self._survey(targets, self._held.contents)
        finally:
            self._held = _Held(0)

    def _survey(self, targets: Sequence[Path], contents: Mapping[str, bytes]) -> Survey:
        entries: dict[str, Entry] = {}
        waiting = [str(target) for target in reversed(targets)]
        while waiting:
            path = waiting.pop()
            if path in entries or path in self._skip:
                continue
            if len(entries) >= self._most:
                return Survey(entries, whole=False, contents=contents)
            entry = self._entry(path)
            if entry is None:
                continue
            entries[path] = entry
            if entry.kind is Kind.FOLDER:
                waiting.extend(_names(path))
        return Survey(entries, whole=True, contents=contents)

    def _entry(self, path: str) -> Entry | None:
        try:
            state = os.lstat(path)
            mode = stat.S_IMODE(state.st_mode)
            if stat.S_ISLNK(state.st_mode):
                return Entry(Kind.LINK, link=os.readlink(path))  # noqa: PTH115 - the text of the link, unchanged
            if stat.S_ISDIR(state.st_mode):
                return Entry(Kind.FOLDER, mode)
            if stat.S_ISREG(state.st_mode):
                kept = state.st_size <= self._kept_bytes
                return Entry(Kind.FILE, mode, self._hash(path, state), kept=kept)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            # It may not be read, or something else was put in its place while it was looked at.
            return Entry(Kind.OTHER)
        return Entry(Kind.OTHER)

    def _hash(self, path: str, state: os.stat_result) -> str:
        stamp = (state.st_mtime_ns, state.st_ctime_ns, state.st_size, state.st_ino)
        known = self._hashes.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        sha256 = (
            self._held.read(path) if state.st_size <= min(self._held.room, self._kept_bytes) else self._digest(path)
        )
        # A file written this instant may be written again within the same stamp.
        if time.time_ns() - max(state.st_mtime_ns, state.st_ctime_ns) > _SETTLED_NS:
            self._hashes[path] = (stamp, sha256)
        return sha256

    def _digest(self, path: str) -> str:
        with os.fdopen(open_real(path), "rb", buffering=0) as file:
            big = os.fstat(file.fileno()).st_size > self._kept_bytes
            return digest_big(file, self._hash_name) if big else digest_file(file, self._hash_name)


def _names(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as found:
            return sorted((entry.path for entry in found if entry.name not in IGNORED), reverse=True)
    except OSError:
        # Gone, not readable, or so deep that it has no path any more.
        return []
