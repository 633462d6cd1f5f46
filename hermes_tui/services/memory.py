"""Memory for agents and interfaces; nothing of it is loaded or opened before it is first used."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hermes_tui.domain.memory import NoteDraft, Origin, Recalled, Remembered

if TYPE_CHECKING:
    from hermes_tui.services.memory_store import OpenMemory


@dataclass(frozen=True, slots=True, kw_only=True)
class MemorySettings:
    """What the config says of memory.

    `workspace` is the folder whose notes are looked at besides the home's, `report` hears why git did not follow.
    `brief` is how many notes are put before a turn at most.
    """

    workspace: Path
    report: Callable[[str], None]
    policy: str = "auto"
    index_bytes: int = 4096
    brief: int = 6


class HomeMemory:
    """Implements `memory.Memory` on threads of its own."""

    def __init__(self, notes: Path, open_memory: Callable[[], OpenMemory]) -> None:
        """Find notes in the folder `notes`; `open_memory` opens the rest when it is needed."""
        self._notes = notes
        self._open = open_memory
        self._lock = threading.Lock()
        self._opened: OpenMemory | None = None

    @property
    def store(self) -> OpenMemory:
        """Everything, opened if it was not."""
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    async def remember(self, draft: NoteDraft, origin: Origin) -> Remembered:
        """Keep a note, durable on return; git follows in the background."""
        return await asyncio.to_thread(lambda: self.store.remember(draft, origin))

    async def brief(self, query: str) -> str:
        """Return the notes that matter before a turn, marked as recalled; a home without notes costs nothing."""
        if not any(self._notes.rglob("*.md")):
            return ""
        return await asyncio.to_thread(lambda: self.store.brief(query))

    async def recall(self, query: str, most: int, place: str) -> Sequence[Recalled]:  # noqa: ARG002 - the journal has it
        """Find notes and documents."""
        return await asyncio.to_thread(lambda: self.store.recall(query, most))

    async def search_sessions(self, query: str, most: int, place: str) -> Sequence[Recalled]:  # noqa: ARG002 - as above
        """Find what was said and done in any session."""
        return await asyncio.to_thread(lambda: self.store.search_sessions(query, most))

    def close(self) -> None:
        """Commit what is left and let go; it opens again when it is used again."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()
