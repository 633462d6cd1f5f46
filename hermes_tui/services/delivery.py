"""What leaves the process: records reach their readers once they are on disk, in order, and never before."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Protocol, TypeVar

from hermes_tui.domain.ids import Seq
from hermes_tui.domain.records import Record
from hermes_tui.kernel.schedule import first_of

T = TypeVar("T")


class Durable(Protocol):
    """The part of a journal that knows what is on disk."""

    @property
    def last_durable(self) -> Seq:
        """The seq up to which everything is on disk."""
        ...

    def durable(self, seq: Seq, /) -> Awaitable[None]:
        """Return when every record up to `seq` is on disk.

        Raises:
            JournalPoisoned: it never will be.
        """
        ...


class Delivery:
    """Keeps published records back until they are durable; each reader then gets each of them once.

    A screen may draw what was appended; what a crash could still take back must not be seen outside.
    """

    def __init__(self, readers: Sequence[Callable[[Record], None]]) -> None:
        self._readers = tuple(readers)
        self._waiting: deque[Record] = deque()
        self._more = asyncio.Event()

    def take(self, record: Record) -> None:
        """Accept a record at its append; call it on the loop's own thread."""
        self._waiting.append(record)
        self._more.set()

    async def during(self, journal: Durable, work: Coroutine[Any, Any, T]) -> T:
        """Return what `work` returns, when all that it appended has been handed on.

        A failed commit cancels `work`: nothing that it does after that would count.

        Raises:
            JournalPoisoned: a commit failed; nothing after the last durable record was handed on.
        """
        try:
            async with asyncio.TaskGroup() as group:
                handing = group.create_task(self._hand_on(journal), name="delivery")
                try:
                    result = await work
                finally:
                    await self._rest(journal)
                handing.cancel()
        except BaseExceptionGroup as failed:
            raise first_of(failed) from failed
        return result

    async def _hand_on(self, journal: Durable) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            await self._rest(journal)

    async def _rest(self, journal: Durable) -> None:
        while self._waiting:
            await journal.durable(self._waiting[0].seq)
            while self._waiting and self._waiting[0].seq <= journal.last_durable:
                record = self._waiting.popleft()
                for reader in self._readers:
                    reader(record)
