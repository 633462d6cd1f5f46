"""Contents that are on their way to the disk while they are still being hashed; each gets its name once it has one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hermes_tui.capabilities.new_file import new_file
from hermes_tui.capabilities.state.durable import UNNAMED

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

WORTH_BYTES: Final = 100_000
"""Below this, hashing takes less time than telling another thread of it."""


class EarlyWrites:
    """Files without a name yet, in `folder`, which is there; whoever uses this calls `clear` in the end."""

    def __init__(self, folder: Path, pool: Executor) -> None:
        self._folder = folder
        self._pool = pool
        self._begun: dict[int, tuple[bytes, Future[Path]]] = {}

    def begin(self, content: bytes) -> None:
        """Start to write what is long enough; the caller goes on at once."""
        if len(content) >= WORTH_BYTES:
            self._begun[id(content)] = (content, self._pool.submit(self._written, content))

    def has(self, content: bytes) -> bool:
        """Return whether this content was begun."""
        return id(content) in self._begun

    def name(self, content: bytes, place: Path) -> None:
        """Put content that was begun at `place`, durable but for the folder's entry.

        Raises:
            OSError: it could not be written.
        """
        self._begun.pop(id(content))[1].result().replace(place)

    def clear(self) -> None:
        """Remove what got no name."""
        for _, written in self._begun.values():
            if written.exception() is None:
                written.result().unlink(missing_ok=True)
        self._begun.clear()

    def _written(self, content: bytes) -> Path:
        descriptor, temporary = new_file(self._folder, UNNAMED)
        try:
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                file.write(content)
                os.fsync(file.fileno())
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        return temporary
