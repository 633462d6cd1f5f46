"""Loops under watch while a run is open: what blocks one goes to the log."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from hermes_tui.kernel.watchdog import Blocked, Watchdog
from hermes_tui.kernel.worker import Workers
from hermes_tui.services.logs import JsonLog


@asynccontextmanager
async def under_watch(log: JsonLog, workers: Workers) -> AsyncGenerator[None]:
    """Watch the running loop, and each of `workers`, while the block runs."""

    def report(blocked: Blocked) -> None:
        log.note("warning", "kernel.loop", "turn", "blocked", loop=blocked.loop, stack=list(blocked.stack))

    dog = workers.watchdog = Watchdog(report)
    dog.watch(asyncio.get_running_loop(), threading.get_ident(), "kernel")
    try:
        yield
    finally:
        workers.watchdog = None
        dog.close()
