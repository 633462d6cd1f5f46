"""Commands that run beside a session: begun on record, spooled to a file as they print, stopped with the session."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar

from hermes_tui.domain.errors import HermesError, SandboxUnavailable, UsageInvalid
from hermes_tui.domain.events import MessageGiven, ShellEnded, ShellEnding, ShellStarted
from hermes_tui.domain.events.shell import OPERATOR
from hermes_tui.domain.ids import AgentId
from hermes_tui.domain.late import late
from hermes_tui.domain.messages import Source
from hermes_tui.domain.ports import Clock, Redactor, Sandbox
from hermes_tui.domain.processes import ProcessEnd, SandboxCommand
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.state.shells import Shell, ending
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.domain.values import frozen, mutable, replace
from hermes_tui.kernel.session import Session

if TYPE_CHECKING:
    from hermes_tui.domain import commands
else:
    commands = late("hermes_tui.domain.commands")

MOST: Final = 8
"""How many run at once."""
LONGEST_S: Final = 8 * 3600.0
OUTPUT_BYTES: Final = 1_000_000
"""What is kept in memory of each stream; a command that prints ten times as much is ended."""
PENDING_BYTES: Final = 65_536
TAIL_BYTES: Final = 400_000
T = TypeVar("T")


@frozen
class ShellGround:
    """Where commands run, and what is kept of them; `session` and `place` say whose record they are on."""

    session: Session
    place: Callable[[], Place]
    sandbox: Callable[[], Awaitable[Sandbox]]
    root: Path
    folder: Path
    redactor: Redactor
    clock: Clock


@mutable(kw_only=True)
class Spool:
    """A file that output goes to line by line, so that no secret is cut in two before it is found."""

    stream: IO[bytes]
    redactor: Redactor
    written: int = 0
    _pending: bytearray = field(default_factory=bytearray)

    def take(self, chunk: bytes) -> None:
        """Write the lines that are whole; of an endless one, what there is."""
        self._pending += chunk
        end = max(self._pending.rfind(b"\n"), self._pending.rfind(b"\r")) + 1
        if end or len(self._pending) > PENDING_BYTES:
            self._write(end or len(self._pending))

    def close(self) -> None:
        """Write what is left."""
        self._write(len(self._pending))
        self.stream.close()

    def _write(self, size: int) -> None:
        text = bytes(self._pending[:size]).decode("utf-8", "replace")
        del self._pending[:size]
        self.written += self.stream.write(self.redactor.redact(text).encode())
        self.stream.flush()


@mutable(kw_only=True)
class Running:
    """A command under way; `closed` puts its end on record, which says `why` it was stopped, where somebody did."""

    started: ShellStarted
    command: SandboxCommand
    closed: Callable[[ShellEnded], Awaitable[None]]
    why: str = ""
    halt: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class Shells:
    """The commands of one session, the operator's and its agents'. All of them end when it closes.

    `read_to` says up to which byte of its output an agent has read a command.
    """

    def __init__(self, ground: ShellGround) -> None:
        self.ground = ground
        self.running: dict[str, Running] = {}
        self.read_to: dict[tuple[AgentId, str], int] = {}

    def settle(self) -> None:
        """Put on record that what ran when Hermes ended without closing has no known end; its agent is told."""
        session = self.ground.session
        for shell in session.state.shells.running:
            started = shell.started
            if started.shell_id in self.running:
                continue
            why = "Hermes ended before it did"
            lost = ShellEnded(
                shell_id=started.shell_id, end="lost", exit_code=None, output_bytes=0, seconds=0.0, why=why
            )
            session.emit(lost, self.ground.place())
            tell(session, AgentId(started.by), self.ground.place(), f"{said(lost)} It was not begun again.")

    async def carry_out(self, command: commands.ShellCommand) -> None:
        """Begin a command or stop one; see `start` and `stop`."""
        if isinstance(command, commands.StartShell):
            await self.start(command.command)
        else:
            self.stop(command.shell_id, why="by the operator" if self._is_agents(command.shell_id) else "")

    async def start(self, command: str) -> str:
        """Begin a command of the operator once its intent is on disk; return its id.

        Raises:
            UsageInvalid: too many run already.
            SandboxUnavailable: nothing here confines.
        """
        ground = self.ground
        sandbox = await ground.sandbox()
        if not sandbox.level.confines:
            raise SandboxUnavailable(f"There is no sandbox here: {sandbox.level.why}.", hint=sandbox.level.remedy)
        shell_id, output = self.next()
        started = ShellStarted(
            shell_id=shell_id,
            command=command,
            output=output,
            effect=Effect.WRITE,
            reach=Reach.SANDBOX,
            targets=(str(ground.root),),
            timeout_s=LONGEST_S,
        )
        confined = SandboxCommand(
            argv=("/bin/sh", "-c", command), cwd=ground.root, write=(ground.root,), timeout_s=LONGEST_S
        )

        async def closed(ended: ShellEnded) -> None:
            ground.session.emit(ended, ground.place())

        return await self.begin(Running(started=started, command=confined, closed=closed), sandbox, ground.place())

    def next(self) -> tuple[str, str]:
        """Return the name of the next command, and the file for its output.

        Raises:
            UsageInvalid: too many run already.
        """
        shells = self.ground.session.state.shells
        if len(shells.running) >= MOST:
            raise UsageInvalid(f"{MOST} shells run already.", hint="/shells lists them and stops one.")
        shell_id = f"s{len(shells.by_id) + 1}"
        return shell_id, str(self.ground.folder / f"shell-{shell_id}.txt")

    async def begin(self, one: Running, sandbox: Sandbox, place: Place) -> str:
        """Let a command run once its beginning is on disk; return its id."""
        session, shell_id = self.ground.session, one.started.shell_id
        self.running[shell_id] = one
        record = session.emit(one.started, place)
        one.task = asyncio.create_task(self._run(one, sandbox, record), name=f"shell:{shell_id}")
        await session.commit(record)
        return shell_id

    def stop(self, shell_id: str, *, why: str = "") -> None:
        """End a command with everything it started.

        Raises:
            UsageInvalid: no such command runs.
        """
        one = self.running.get(shell_id)
        if one is None or one.task is None:
            running = ", ".join(self.running) or "none"
            raise UsageInvalid(f"No shell {shell_id!r} runs. Running: {running}.", hint="/shells lists them.")
        one.why = one.why or why
        one.halt.set()

    async def close(self, *, only: Callable[[Running], bool] = lambda _: True, why: str = "") -> None:
        """End every command, or those that `only` is true of; return when they are gone and on record."""
        tasks: list[asyncio.Task[None]] = []
        for one in tuple(self.running.values()):
            if one.task is not None and only(one):
                self.stop(one.started.shell_id, why=why)
                tasks.append(one.task)
        await asyncio.gather(*tasks, return_exceptions=True)

    def _is_agents(self, shell_id: str) -> bool:
        one = self.running.get(shell_id)
        return one is not None and one.started.by != OPERATOR

    async def _run(self, one: Running, sandbox: Sandbox, record: Record) -> None:
        began, written = self.ground.clock.monotonic(), 0
        end: ShellEnding = "stopped"
        code, why = None, ""
        try:
            await self.ground.session.commit(record)
            with _spooled(Path(one.started.output), self.ground.redactor) as spool:
                command = replace(one.command, output_limit_bytes=OUTPUT_BYTES, heard=spool.take)
                done = await _unless(one.halt, sandbox.run(command))
            written = spool.written
            if done is not None:
                end, code = _ENDINGS[done.end], done.exit_code if done.end is ProcessEnd.EXITED else None
        except OSError as error:
            end, why = "refused", f"its output cannot be kept: {error.strerror}"
        except HermesError as error:
            end, why = "refused", error.message
        finally:
            ended = ShellEnded(
                shell_id=one.started.shell_id,
                end=end,
                exit_code=code,
                output_bytes=written,
                seconds=self.ground.clock.monotonic() - began,
                why=why or (one.why if end == "stopped" else ""),
            )
            try:
                await one.closed(ended)
            finally:
                self.running.pop(one.started.shell_id, None)


async def _unless(halt: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Return what `work` returns, None where it was ended as `halt` was set first."""
    working, halted = asyncio.ensure_future(work), asyncio.ensure_future(halt.wait())
    try:
        await asyncio.wait({working, halted}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        working.cancel()
        halted.cancel()
        await asyncio.wait({working, halted})


def said(ended: ShellEnded) -> str:
    """Say how a command ended, as its agent reads it."""
    took = f" after {ended.seconds:.1f} s" if ended.seconds else ""
    return f"{ended.shell_id}: {ending(ended)}{took}."


def tell(session: Session, agent: AgentId, place: Place, text: str) -> None:
    """Let an agent that has a conversation read what became of its command."""
    if agent in session.state.talk.by_agent:
        session.emit(MessageGiven(text=text, source=Source.KERNEL), replace(place, agent=agent))


@asynccontextmanager
async def beside(ground: ShellGround) -> AsyncGenerator[Shells]:
    """Let commands run beside a session; every one has ended when this returns."""
    shells = Shells(ground)
    shells.settle()
    try:
        yield shells
    finally:
        await shells.close()


_ENDINGS: Final[dict[ProcessEnd, ShellEnding]] = {
    ProcessEnd.EXITED: "exited",
    ProcessEnd.DEADLINE: "deadline",
    ProcessEnd.OUTPUT_LIMIT: "output_limit",
}


@contextmanager
def _spooled(path: Path, redactor: Redactor) -> Generator[Spool]:
    """Open the file that a command prints to, which only the operator may read.

    Raises:
        OSError: it cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    stream = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
    spool = Spool(stream=stream, redactor=redactor)
    try:
        yield spool
    finally:
        spool.close()


def printed(shell: Shell) -> str:
    """Return what a command printed so far, the end of it where that is long; empty if there is nothing to read."""
    try:
        with Path(shell.started.output).open("rb") as stream:
            stream.seek(max(stream.seek(0, os.SEEK_END) - TAIL_BYTES, 0))
            return stream.read().decode("utf-8", "replace")
    except OSError:
        return ""
