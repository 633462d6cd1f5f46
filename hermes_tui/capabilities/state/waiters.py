"""Who waits for which record to be durable, on any number of event loops."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import threading
from collections.abc import Sequence
from itertools import count

from hermes_tui.domain.errors import JournalPoisoned

_Heap = list[tuple[int, int, "asyncio.Future[None]"]]


class Waiters:
    """The last durable seq, and the futures that wait for more; each commit wakes a loop once."""

    def __init__(self, durable: int) -> None:
        self.durable = durable
        self._failure: JournalPoisoned | None = None
        self._lock = threading.Lock()
        self._heaps: dict[asyncio.AbstractEventLoop, _Heap] = {}
        self._order = count()

    async def wait(self, seq: int) -> None:
        """Return when `seq` is durable.

        Raises:
            JournalPoisoned: it never will be.
        """
        if seq <= self.durable:
            return
        loop = asyncio.get_running_loop()
        with self._lock:
            if seq <= self.durable:
                return
            if self._failure is not None:
                raise JournalPoisoned(self._failure.message, hint=self._failure.hint)
            future = loop.create_future()
            heapq.heappush(self._heaps.setdefault(loop, []), (seq, next(self._order), future))
        await future

    def reach(self, seq: int) -> None:
        """Everything up to `seq` is on disk; called by the writer thread."""
        with self._lock:
            self.durable = seq
            loops = [loop for loop, heap in self._heaps.items() if heap and heap[0][0] <= seq]
        self._call(loops)

    def fail(self, failure: JournalPoisoned) -> None:
        """Nothing after the last durable seq will be; called by the writer thread."""
        with self._lock:
            self._failure = failure
            loops = list(self._heaps)
        self._call(loops)

    def _call(self, loops: Sequence[asyncio.AbstractEventLoop]) -> None:
        for loop in loops:
            # A closed loop has nobody left who waits.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._wake, loop)

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        ready: list[asyncio.Future[None]] = []
        with self._lock:
            heap = self._heaps.get(loop, [])
            while heap and heap[0][0] <= self.durable:
                ready.append(heapq.heappop(heap)[2])
            lost = [entry[2] for entry in heap] if self._failure is not None else []
            failure = self._failure
            if failure is not None or not heap:
                self._heaps.pop(loop, None)
        for future in ready:
            if not future.done():
                future.set_result(None)
        for future in lost:
            if not future.done() and failure is not None:
                future.set_exception(JournalPoisoned(failure.message, hint=failure.hint))
