"""One hash over everything in a folder that a command run there could read or start."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.regular import open_real

MOST_ENTRIES: Final = 200_000
MOST_BYTES: Final = 2_000_000_000
_CHUNK_BYTES: Final = 1_000_000
_OF_GIT: Final = frozenset({"objects", "logs", "index"})
"""What Git names by its content, keeps as a history or makes anew; which commit is checked out does count."""


class TooLarge(Exception):
    """There is more than anyone would wait for."""


class TreeDigest:
    """Hashes a folder as it stands: names, kinds, rights, links and the content of every file, without following links.

    Folders of `skip` are no part of it.
    """

    def __init__(self, skip: Sequence[Path] = ()) -> None:
        self._skip = frozenset(map(str, skip))
        self._entries = self._bytes = 0

    def of(self, root: Path) -> str:
        """Return the hash in hex.

        Raises:
            TooLarge: there are too many files, or too much in them.
        """
        whole = hashlib.sha256()
        waiting = [str(root)]
        while waiting:
            folder = waiting.pop()
            for entry in _listed(folder):
                if entry.path in self._skip or (entry.name in _OF_GIT and folder.endswith("/.git")):
                    continue
                whole.update(f"{os.path.relpath(entry.path, root)!r} {self._said_of(entry)}\n".encode())
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
        return whole.hexdigest()

    def _counted(self, size: int) -> None:
        self._entries += 1
        self._bytes += size
        if self._entries > MOST_ENTRIES or self._bytes > MOST_BYTES:
            raise TooLarge

    def _said_of(self, entry: os.DirEntry[str]) -> str:
        """Return what counts of an entry; what cannot be read is what no command of this user can read either."""
        with suppress(OSError):
            state = entry.stat(follow_symlinks=False)
            self._counted(state.st_size)
            if stat.S_ISLNK(state.st_mode):
                return f"link {os.readlink(entry.path)!r}"  # noqa: PTH115 - the text of the link, unchanged
            mode = f"{state.st_mode:o}"
            return f"{mode} {self._content(entry.path)}" if stat.S_ISREG(state.st_mode) else mode
        return "unreadable"

    def _content(self, path: str) -> str:
        found = hashlib.sha256()
        with os.fdopen(open_real(path), "rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                found.update(chunk)
        return found.hexdigest()


def _listed(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            # A command gets there step by step; what cannot be hashed must not be signed for.
            raise TooLarge from error
        return []
