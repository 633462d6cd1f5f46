"""Memory for agents and interfaces; nothing of it is loaded or opened before it is first used."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hermes_tui.domain.errors import HermesError, ProviderError
from hermes_tui.domain.memory import Embedder, NoteDraft, Origin, Recalled, Remembered
from hermes_tui.domain.ports import Clock
from hermes_tui.domain.values import frozen

if TYPE_CHECKING:
    from hermes_tui.services.memory.store import OpenMemory

QUERY_S: Final = 3.0
"""How long a search waits for the vector of its query."""
CATCH_UP_S: Final = 5.0
"""How long the end of a run waits for missing vectors; the next process goes on where it stopped."""
LOOK_S: Final = 1.0
"""How often the files are looked at while memory is in use."""
AT_ONCE: Final = 32
MOST_CHARS: Final = 6_000
"""So much of a text goes to an embedder; every one reads less, and some refuse more."""
MOST_SKIPPED: Final = 60
SEEK_LOOKS: Final = 60
"""So many looks after an embedder was sought in vain it is sought again."""
Seek = Callable[[], Awaitable[Embedder | None]]
"""Looks for an embedder; it answers soon, or with None."""


@frozen
class MemorySettings:
    """What the config says of memory.

    `workspace` is the folder whose notes are looked at besides the home's, `report` hears why git did not follow.
    `brief` is how many notes are put before a turn at most. `embedder` None searches by words and structure alone,
    until `seek` finds one. `git` is the program that keeps history; None looks for it, an empty name is none.
    """

    workspace: Path
    report: Callable[[str], None]
    policy: str = "auto"
    index_bytes: int = 4096
    brief: int = 6
    embedder: Embedder | None = None
    seek: Seek | None = None
    git: str | None = None


@frozen
class Within:
    """What a search is narrowed to; times are Unix seconds, from `since` on and before `until`.

    `by` is who said it: operator, model or tool. `tool` is the one that returned it.
    """

    by: str = ""
    tool: str = ""
    since: float | None = None
    until: float | None = None


EVERYWHERE: Final = Within()


class HomeMemory:
    """Implements `memory.Memory` on threads of its own."""

    def __init__(self, notes: Path, settings: MemorySettings, open_memory: Callable[[], OpenMemory]) -> None:
        """Find notes in the folder `notes`; `open_memory` opens the rest when it is needed."""
        self._notes = notes
        self._embedder = settings.embedder
        self.report = settings.report
        self._open = open_memory
        self._lock = threading.Lock()
        self._opened: OpenMemory | None = None
        self._misses = self._skip = 0
        self._seek, self._seek_in = settings.seek, 0

    @property
    def store(self) -> OpenMemory:
        """Everything, opened if it was not."""
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
                if self._embedder is not None:
                    self._opened.use_embedder(self._embedder.name)
            return self._opened

    async def remember(self, draft: NoteDraft, origin: Origin) -> Remembered:
        """Keep a note, durable on return; git follows in the background."""
        vector = await self.vector_of_draft(draft, origin)
        return await asyncio.to_thread(lambda: self.store.remember(draft, origin, vector))

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
        embedder = await self.find_embedder()
        if embedder is None:
            return b""
        try:
            async with asyncio.timeout(QUERY_S):
                (vector,) = await embedder.embed([query])
        except (ProviderError, TimeoutError) as error:
            self.report(f"{embedder.name} did not answer; search goes by words alone. {error}".strip())
            return b""
        return vector

    async def vector_of_draft(self, draft: NoteDraft, origin: Origin) -> bytes:
        """Return the vector of what is to be remembered; no embedder sees what a note may not hold.

        Raises:
            ToolError: it may not be remembered; a secret, for one.
        """
        await asyncio.to_thread(lambda: self.store.check(draft, origin))
        return b"" if self._misses else await self.vector_of(draft.text[:MOST_CHARS])

    async def tend(self) -> None:
        """Take in what was changed outside, and make the next of the missing vectors; nothing is opened for it.

        An embedder that fails is asked again after twice as many looks each time, so that a run does not fill its log.
        """
        opened = self._opened
        if opened is None:
            return
        await asyncio.to_thread(opened.look_around)
        if self._skip:
            self._skip -= 1
            return
        try:
            while await self._embed_some(opened):
                pass
        except ProviderError as error:
            self._misses += 1
            self._skip = min(2**self._misses, MOST_SKIPPED)
            self.report(f"{opened.embedder} is behind. {error}")
        else:
            self._misses = 0

    async def catch_up(self, limit_s: float | None = CATCH_UP_S) -> int:
        """Make the vectors that are missing, as far as `limit_s` seconds go; return how many were made.

        Search never waits for them, and nothing is opened for them alone. Once the embedder has seen every text, the
        vectors of another one are dropped.
        """
        opened, made = self._opened, 0
        if opened is None:
            return 0
        try:
            async with asyncio.timeout(limit_s):
                while done := await self._embed_some(opened):
                    made += done
        except (ProviderError, TimeoutError) as error:
            self.report(f"{opened.embedder} is behind. {error}".strip())
        return made

    async def _embed_some(self, opened: OpenMemory) -> int:
        """Make some of the missing vectors; return how many, 0 once there are none."""
        embedder = await self.find_embedder()
        if embedder is None:
            return 0
        pending = await asyncio.to_thread(opened.without_vector, AT_ONCE)
        if not pending:
            return 0
        bodies = await embedder.embed([text[:MOST_CHARS] for _, text in pending])
        found = {digest: body for (digest, _), body in zip(pending, bodies, strict=True)}
        await asyncio.to_thread(opened.keep_vectors, found)
        return len(found)

    async def find_embedder(self) -> Embedder | None:
        """Return the embedder; one that was not configured is looked for now and then, so it may come later."""
        if self._embedder is not None or self._seek is None:
            return self._embedder
        if self._seek_in:
            self._seek_in -= 1
            return None
        self._seek_in = SEEK_LOOKS
        self._embedder = await self._seek()
        if self._embedder is not None:
            with self._lock:
                if self._opened is not None:
                    self._opened.use_embedder(self._embedder.name)
        return self._embedder

    def close(self) -> None:
        """Commit what is left and let go; it opens again when it is used again."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()


@asynccontextmanager
async def tended(memory: HomeMemory, clock: Clock) -> AsyncGenerator[None]:
    """Look after `memory` every `LOOK_S` while the block runs: edits from outside and missing vectors."""

    async def follow() -> None:
        while True:
            await clock.sleep(LOOK_S)
            try:
                await memory.tend()
            except HermesError as error:
                memory.report(str(error))

    following = asyncio.create_task(follow(), name="memory")
    try:
        yield
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
