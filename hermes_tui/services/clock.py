"""The machine's own clock."""

from __future__ import annotations

import asyncio
import time


class SystemClock:
    """Time as the machine has it."""

    # Each record, and each step of a plan several times, asks for these: they are the functions themselves.
    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
