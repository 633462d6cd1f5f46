"""Commands that agents let run in the background: judged as any, read on as they print, gone when their run ends."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hermes_tui.domain.errors import ToolError, UsageInvalid
from hermes_tui.domain.events import AgentEnded, ShellEnded, ShellStarted
from hermes_tui.domain.events.shell import OPERATOR
from hermes_tui.domain.ids import AgentId, CallId
from hermes_tui.domain.messages import Source
from hermes_tui.domain.processes import Background, Printed, SandboxCommand
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.state.shells import Shell, well
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.domain.values import frozen, replace
from hermes_tui.kernel import taint
from hermes_tui.kernel.kit import Kit
from hermes_tui.services.shells import Running, Shells, said, tell

READ_BYTES: Final = 200_000
"""How much of what is new is read at once; of more, the end."""
RUN_ENDED: Final = "its run ended"


class AgentShells:
    """What the agents of one run let run in the background, as `kit.RunShells`; it lives on the run's own loop.

    A command ends with its run and with the subagent that began it. Each agent reads on where it stopped reading.
    """

    def __init__(self, shells: Shells, kit: Kit) -> None:
        self.shells = shells
        self.kit = kit
        self._loop = asyncio.get_running_loop()
        self._awaited: Counter[str] = Counter()
        self._leave = kit.session.bus.subscribe(self._hear, (AgentEnded,))

    def of(self, place: Place, call_id: CallId) -> Background:
        """Return the commands as a call of the agent at `place` uses them."""
        return _OfCall(self, place, call_id)

    async def end(self) -> None:
        """End all of them; return when they are gone and on record."""
        self._leave()
        await self.shells.close(only=lambda one: one.started.by != OPERATOR, why=RUN_ENDED)

    def _hear(self, record: Record) -> None:
        self._loop.call_soon_threadsafe(self._end_of, record.place.agent)

    def _end_of(self, agent: AgentId) -> None:
        for one in tuple(self.shells.running.values()):
            if one.started.by == agent:
                self.shells.stop(one.started.shell_id, why="its agent ended")

    async def start(self, place: Place, started: ShellStarted, command: SandboxCommand) -> str:
        """Begin a command; see `Background.start`."""
        try:
            shell_id, output = self.shells.next()
        except UsageInvalid as full:
            raise ToolError(full.message, hint="`shells` lists yours and stops one.", kind="full") from full
        started = replace(started, shell_id=shell_id, output=output)
        opened = self.kit.session.state.calls.intents.get(started.call_id) if started.call_id is not None else None
        image = opened.intent.before_image if opened is not None else ""

        async def closed(ended: ShellEnded) -> None:
            await self._closed(started, ended, image, place)

        running = Running(started=started, command=command, closed=closed)
        return await self.shells.begin(running, self.kit.sandbox, place)

    async def _closed(self, started: ShellStarted, ended: ShellEnded, image: str, place: Place) -> None:
        """Put an end on record with what changed meanwhile; tell the agent, unless it waits for this very end."""
        changed = await self.kit.images.changes(image) if image else ()
        await taint.leave(self.kit, Source.WEB if started.hosts else Source.WORKSPACE, changed, place)
        self.kit.session.emit(replace(ended, changed=changed), place)
        if not self._awaited[started.shell_id]:
            text = f"{said(ended)} `shells` reads what it printed."
            tell(self.kit.session, AgentId(started.by), replace(place, turn=None), text)

    async def read(self, agent: AgentId, shell_id: str, wait_s: float) -> Printed:
        """Return what is new; see `Background.read`."""
        self._known(shell_id)
        one = self.shells.running.get(shell_id)
        if one is not None and one.task is not None and wait_s > 0:
            await self._ended(one.task, shell_id, wait_s)
        return await self._new(agent, shell_id)

    async def _ended(self, task: asyncio.Task[None], shell_id: str, wait_s: float) -> None:
        """Wait until a command has ended, or so long."""
        over = asyncio.ensure_future(self.kit.clock.sleep(wait_s))
        try:
            with self._awaiting(shell_id):
                await asyncio.wait({task, over}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()

    @contextmanager
    def _awaiting(self, shell_id: str) -> Generator[None]:
        """Let nobody be told of an end that is waited for; who stops waiting is told again."""
        self._awaited[shell_id] += 1
        try:
            yield
        finally:
            self._awaited[shell_id] -= 1

    async def stop(self, agent: AgentId, shell_id: str) -> Printed:
        """End a command; see `Background.stop`."""
        self._known(shell_id)
        one = self.shells.running.get(shell_id)
        if one is not None and one.task is not None:
            with self._awaiting(shell_id):
                self.shells.stop(shell_id, why="by its agent")
                await asyncio.wait({one.task})
        return await self._new(agent, shell_id)

    def listed(self) -> tuple[str, ...]:
        """Return a line for each command that an agent began."""
        known = self.kit.session.state.shells.by_id.values()
        return tuple(f"{self._standing(shell)} {shell.started.command}" for shell in known if shell.is_agents)

    def _known(self, shell_id: str) -> Shell:
        known = self.kit.session.state.shells.by_id
        shell = known.get(shell_id)
        if shell is None or not shell.is_agents:
            ids = ", ".join(name for name, one in known.items() if one.is_agents) or "none"
            raise ToolError(f"There is no shell {shell_id[:40]!r} in the background. Known: {ids}.", kind="unknown")
        return shell

    async def _new(self, agent: AgentId, shell_id: str) -> Printed:
        shell = self._known(shell_id)
        before = self.shells.read_to.get((agent, shell_id), 0)
        text, skipped, now = await asyncio.to_thread(_tail, Path(shell.started.output), before)
        self.shells.read_to[agent, shell_id] = now
        return Printed(
            shell_id=shell_id,
            standing=self._standing(shell),
            text=text,
            output=shell.started.output,
            ok=None if shell.ended is None else well(shell.ended),
            left_out=skipped,
            hosts=shell.started.hosts,
        )

    def _standing(self, shell: Shell) -> str:
        if shell.ended is not None:
            return said(shell.ended)
        ran_s = max(self.kit.clock.now() - shell.started_at, 0.0)
        return f"{shell.started.shell_id}: running, {ran_s:.0f} s of {shell.started.timeout_s:.0f}."


@frozen(kw_only=False)
class _OfCall:
    """The commands of a run as one call uses them; implements `Background`."""

    shells: AgentShells
    place: Place
    call_id: CallId

    async def start(self, command: SandboxCommand, *, text: str, effect: Effect, reach: Reach) -> str:
        started = ShellStarted(
            shell_id="",
            command=text,
            output="",
            effect=effect,
            reach=reach,
            targets=tuple(str(path) for path in command.write),
            timeout_s=command.timeout_s,
            by=self.place.agent,
            call_id=self.call_id,
            hosts=command.egress,
        )
        return await self.shells.start(self.place, started, command)

    async def read(self, shell_id: str, wait_s: float) -> Printed:
        return await self.shells.read(self.place.agent, shell_id, wait_s)

    async def stop(self, shell_id: str) -> Printed:
        return await self.shells.stop(self.place.agent, shell_id)

    def listed(self) -> tuple[str, ...]:
        return self.shells.listed()


def _tail(path: Path, before: int) -> tuple[str, int, int]:
    """Return what a file holds after byte `before`, how much of that was passed over, and where it ends now."""
    try:
        with path.open("rb") as stream:
            end = stream.seek(0, os.SEEK_END)
            begin = max(before, end - READ_BYTES)
            stream.seek(begin)
            return stream.read(end - begin).decode("utf-8", "replace"), begin - before, end
    except OSError:
        return "", 0, before
