"""The gate that every task, step and call passes; while it is frozen, nothing new starts."""

from __future__ import annotations

import asyncio


class Gate:
    """Open until someone freezes it. What already runs goes on; what would start waits until it is thawed."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()

    @property
    def frozen(self) -> bool:
        """Whether anything new has to wait."""
        return not self._open.is_set()

    def freeze(self) -> None:
        """Let nothing new start from now on."""
        self._open.clear()

    def thaw(self) -> None:
        """Let everything that waits start, in the order it came."""
        self._open.set()

    async def passed(self) -> None:
        """Return as soon as the gate is open; at once if it is."""
        if self.frozen:
            await self._open.wait()
