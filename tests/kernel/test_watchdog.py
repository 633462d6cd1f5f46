"""A loop that gets no turn is noticed, and what keeps it from one is named."""

from __future__ import annotations

import asyncio
import threading

from hermes_tui.kernel.watchdog import PATIENCE_S, Blocked, Watchdog
from hermes_tui.kernel.worker import Workers


class Named:
    """What was reported; `seen` lets go of whatever waits to be named."""

    def __init__(self) -> None:
        self.reports: list[Blocked] = []
        self.seen = threading.Event()

    def __call__(self, blocked: Blocked) -> None:
        self.reports.append(blocked)
        self.seen.set()

    def hold_the_loop(self) -> bool:
        """Block until somebody says who blocks."""
        return self.seen.wait(60)


async def test_what_blocks_a_loop_is_named_once() -> None:
    named = Named()
    dog = Watchdog(named)
    dog.watch(asyncio.get_running_loop(), threading.get_ident(), "kernel")

    held = named.hold_the_loop()
    await asyncio.sleep(0)
    dog.close()

    assert held
    assert [report.loop for report in named.reports] == ["kernel"]
    assert any("test_watchdog.py" in line and "hold_the_loop" in line for line in named.reports[0].stack)


async def test_a_loop_that_has_nothing_to_do_is_not_blocked() -> None:
    named = Named()
    dog = Watchdog(named)
    dog.watch(asyncio.get_running_loop(), threading.get_ident(), "kernel")

    await asyncio.sleep(6 * PATIENCE_S)
    dog.close()

    assert [report.stack[-1] for report in named.reports if "hermes_tui" in report.stack[-1]] == []


async def test_the_loops_of_subagents_are_watched_too() -> None:
    named, workers = Named(), Workers()
    workers.watchdog = Watchdog(named)

    async def hold() -> bool:
        return named.hold_the_loop()

    held = await workers.assign().call(hold)
    workers.watchdog.close()
    await workers.close()

    assert held
    assert [report.loop for report in named.reports] == ["worker-1"]
