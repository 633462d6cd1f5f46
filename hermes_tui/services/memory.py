"""Memory for agents and interfaces; nothing of it is loaded or opened before it is first used."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hermes_tui.domain.errors import ProviderError
from hermes_tui.domain.memory import Embedder, NoteDraft, Origin, Recalled, Remembered
from hermes_tui.domain.values import frozen

if TYPE_CHECKING:
    from hermes_tui.services.memory_store import OpenMemory

QUERY_S: Final = 3.0
"""How long a search waits for the vector of its query."""
CATCH_UP_S: Final = 20.0
AT_ONCE: Final = 64


@frozen
class MemorySettings:
    """What the config says of memory.

    `workspace` is the folder whose notes are looked at besides the home's, `report` hears why git did not follow.
    `brief` is how many notes are put before a turn at most. `embedder` None searches by words and structure alone.
    """

    workspace: Path
    report: Callable[[str], None]
    policy: str = "auto"
    index_bytes: int = 4096
    brief: int = 6
    embedder: Embedder | None = None


class HomeMemory:
    """Implements `memory.Memory` on threads of its own."""

    def __init__(self, notes: Path, settings: MemorySettings, open_memory: Callable[[], OpenMemory]) -> None:
        """Find notes in the folder `notes`; `open_memory` opens the rest when it is needed."""
        self._notes = notes
        self._embedder = settings.embedder
        self._report = settings.report
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
        vector = await self.vector_of(query)
        return await asyncio.to_thread(lambda: self.store.brief(query, vector))

    async def recall(self, query: str, most: int, place: str) -> Sequence[Recalled]:  # noqa: ARG002 - the journal has it
        """Find notes and documents."""
        vector = await self.vector_of(query)
        return await asyncio.to_thread(lambda: self.store.recall(query, most, vector))

    async def search_sessions(self, query: str, most: int, place: str) -> Sequence[Recalled]:  # noqa: ARG002 - as above
        """Find what was said and done in any session."""
        vector = await self.vector_of(query)
        return await asyncio.to_thread(lambda: self.store.search_sessions(query, most, vector))

    async def vector_of(self, query: str) -> bytes:
        """Return the vector of a query; empty where there is no embedder or it does not answer, which is reported."""
        if self._embedder is None:
            return b""
        try:
            async with asyncio.timeout(QUERY_S):
                (vector,) = await self._embedder.embed([query])
        except (ProviderError, TimeoutError) as error:
            self._report(f"{self._embedder.name} did not answer; search goes by words alone. {error}".strip())
            return b""
        return vector

    async def catch_up(self, limit_s: float = CATCH_UP_S) -> int:
        """Make the vectors that are missing, as far as `limit_s` seconds go; return how many were made.

        Search never waits for them, and nothing is opened for them alone. Once the embedder has seen every text, the
        vectors of another one are dropped.
        """
        if self._embedder is None or self._opened is None:
            return 0
        made = 0
        try:
            async with asyncio.timeout(limit_s):
                while pending := await asyncio.to_thread(self.store.without_vector, AT_ONCE):
                    bodies = await self._embedder.embed([text for _, text in pending])
                    found = {digest: body for (digest, _), body in zip(pending, bodies, strict=True)}
                    await asyncio.to_thread(self.store.keep_vectors, found)
                    made += len(found)
        except (ProviderError, TimeoutError) as error:
            self._report(f"{self._embedder.name} is behind. {error}".strip())
        return made

    def close(self) -> None:
        """Commit what is left and let go; it opens again when it is used again."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()
