"""The machine's own clock."""

from __future__ import annotations

import asyncio
import time


class SystemClock:
    """Time as the machine has it."""

    def now(self) -> float:
        """Return Unix seconds, UTC."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
