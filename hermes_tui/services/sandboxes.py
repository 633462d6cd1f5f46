"""The sandbox of a run, tried out when a call first needs it: most runs never start one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from threading import Lock
from typing import Final

from hermes_tui.domain.ports import Sandbox
from hermes_tui.domain.processes import ProcessResult, SandboxCommand, SandboxLevel

UNTRIED: Final = SandboxLevel(name="untried", confines=False, why="it was not tried out yet")
"""What counts until something ran in it: as if nothing confined."""


class LazySandbox:
    """The sandbox that `find` finds by running something in it; implements `ports.Sandbox`.

    Agents on several threads may need it at once: one of them tries, the others wait.
    """

    def __init__(self, find: Callable[[], Awaitable[Sandbox]]) -> None:
        self._find = find
        self._lock = Lock()
        self._found: Sandbox | None = None
        self._turn: Future[None] | None = None

    @property
    def level(self) -> SandboxLevel:
        return UNTRIED if self._found is None else self._found.level

    async def ready(self) -> Sandbox:
        """Return what was found, once.

        Raises:
            SandboxUnavailable: a level was demanded and does not work here; the next call tries again.
        """
        while self._found is None:
            with self._lock:
                mine, turn = self._turn is None, self._turn or Future()
                self._turn = turn
            if mine:
                await self._try(turn)
            else:
                await asyncio.shield(asyncio.wrap_future(turn))
        return self._found

    async def _try(self, turn: Future[None]) -> None:
        try:
            self._found = await self._find()
        finally:
            self._turn = None
            turn.set_result(None)

    async def run(self, command: SandboxCommand) -> ProcessResult:
        """Run `command` in it; see `ports.Sandbox`.

        Raises:
            SandboxUnavailable: the confinement could not be set up.
        """
        return await (await self.ready()).run(command)
