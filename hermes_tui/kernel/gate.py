"""The gate that every task, step and call passes; while it is frozen, nothing new starts."""

from __future__ import annotations

import asyncio
import contextlib
import threading


class Gate:
    """Open until someone freezes it. What already runs goes on; what would start waits until it is thawed.

    It may be passed on any event loop and turned from any thread. A gate inside an `outer` one is open only where
    both are.
    """

    def __init__(self, outer: Gate | None = None) -> None:
        self._outer = outer
        self._lock = threading.Lock()
        self._frozen = False
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def closed(self) -> bool:
        """Whether anything new has to wait, here or outside."""
        return self._frozen or (self._outer is not None and self._outer.closed)

    @property
    def frozen(self) -> bool:
        """Whether anything new has to wait at this very gate."""
        return self._frozen

    def freeze(self) -> None:
        """Let nothing new start from now on."""
        self._frozen = True

    def thaw(self) -> None:
        """Let everything that waits start, in the order it came."""
        with self._lock:
            self._frozen = False
            waiting, self._waiting = self._waiting, []
        for future in waiting:
            # A loop that was closed meanwhile has nobody left who waits.
            with contextlib.suppress(RuntimeError):
                future.get_loop().call_soon_threadsafe(_release, future)

    async def passed(self) -> None:
        """Return as soon as the gate is open; at once if it is."""
        while self.closed:
            if self._outer is not None:
                await self._outer.passed()
            if (future := self._queue()) is not None:
                await future

    def _queue(self) -> asyncio.Future[None] | None:
        with self._lock:
            if not self._frozen:
                return None
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            return future


def _release(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
