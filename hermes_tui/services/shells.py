"""Commands that run beside a session: begun on record, spooled to a file as they print, stopped with the session."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from hermes_tui.domain.commands import ShellCommand, StartShell
from hermes_tui.domain.errors import HermesError, SandboxUnavailable, UsageInvalid
from hermes_tui.domain.events import ShellEnded, ShellEnding, ShellStarted
from hermes_tui.domain.ports import Clock, Redactor, Sandbox
from hermes_tui.domain.processes import ProcessEnd, SandboxCommand
from hermes_tui.domain.records import Place
from hermes_tui.domain.state.shells import Shell
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.domain.values import frozen, mutable
from hermes_tui.kernel.session import Session
from hermes_tui.services import wiring

if TYPE_CHECKING:
    from hermes_tui.services.workstation import Workstation

MOST: Final = 8
"""How many run at once."""
LONGEST_S: Final = 8 * 3600.0
OUTPUT_BYTES: Final = 1_000_000
"""What is kept in memory of each stream; a command that prints ten times as much is ended."""
PENDING_BYTES: Final = 65_536
TAIL_BYTES: Final = 400_000


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


class Shells:
    """The commands of one session. All of them end when it closes."""

    def __init__(self, ground: ShellGround) -> None:
        self._ground = ground
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def settle(self) -> None:
        """Put on record that what ran when Hermes ended without closing has no known end."""
        for shell in self._ground.session.state.shells.running:
            if shell.started.shell_id not in self._tasks:
                why = "Hermes ended before it did"
                self._end(shell.started, "lost", why=why, seconds=0.0)

    async def carry_out(self, command: ShellCommand) -> None:
        """Begin a command or stop one; see `start` and `stop`."""
        if isinstance(command, StartShell):
            await self.start(command.command)
        else:
            self.stop(command.shell_id)

    async def start(self, command: str) -> str:
        """Begin a command once its intent is on disk; return its id.

        Raises:
            UsageInvalid: too many run already.
            SandboxUnavailable: nothing here confines.
        """
        ground = self._ground
        if len(self._tasks) >= MOST:
            raise UsageInvalid(f"{MOST} shells run already.", hint="/shells lists them and stops one.")
        sandbox = await ground.sandbox()
        if not sandbox.level.confines:
            raise SandboxUnavailable(f"There is no sandbox here: {sandbox.level.why}.", hint=sandbox.level.remedy)
        shell_id = f"s{len(ground.session.state.shells.by_id) + 1}"
        started = ShellStarted(
            shell_id=shell_id,
            command=command,
            output=str(ground.folder / f"shell-{shell_id}.txt"),
            effect=Effect.WRITE,
            reach=Reach.SANDBOX,
            targets=(str(ground.root),),
            timeout_s=LONGEST_S,
        )
        await ground.session.commit(ground.session.emit(started, ground.place()))
        task = asyncio.create_task(self._run(sandbox, started), name=f"shell:{shell_id}")
        self._tasks[shell_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(shell_id, None))
        return shell_id

    def stop(self, shell_id: str) -> None:
        """End a command with everything it started.

        Raises:
            UsageInvalid: no such command runs.
        """
        if shell_id not in self._tasks:
            running = ", ".join(self._tasks) or "none"
            raise UsageInvalid(f"No shell {shell_id!r} runs. Running: {running}.", hint="/shells lists them.")
        self._tasks[shell_id].cancel()

    async def close(self) -> None:
        """End every command; return when all of them are gone and on record."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, sandbox: Sandbox, started: ShellStarted) -> None:
        began = self._ground.clock.monotonic()
        try:
            spool = Spool(stream=_opened(Path(started.output)), redactor=self._ground.redactor)
        except OSError as error:
            self._end(started, "refused", why=f"its output cannot be kept: {error.strerror}", seconds=0.0)
            return
        end: ShellEnding = "stopped"
        code, why = None, ""
        command = SandboxCommand(
            argv=("/bin/sh", "-c", started.command),
            cwd=self._ground.root,
            write=(self._ground.root,),
            timeout_s=started.timeout_s,
            output_limit_bytes=OUTPUT_BYTES,
            heard=spool.take,
        )
        try:
            done = await sandbox.run(command)
            end, code = _ENDINGS[done.end], done.exit_code if done.end is ProcessEnd.EXITED else None
        except HermesError as error:
            end, why = "refused", error.message
        finally:
            spool.close()
            seconds = self._ground.clock.monotonic() - began
            self._end(started, end, code=code, why=why, seconds=seconds, written=spool.written)

    def _end(
        self,
        started: ShellStarted,
        end: ShellEnding,
        *,
        seconds: float,
        code: int | None = None,
        why: str = "",
        written: int = 0,
    ) -> None:
        ended = ShellEnded(
            shell_id=started.shell_id, end=end, exit_code=code, output_bytes=written, seconds=seconds, why=why
        )
        self._ground.session.emit(ended, self._ground.place())


@asynccontextmanager
async def beside(station: Workstation, session: Session, place: Callable[[], Place]) -> AsyncGenerator[Shells]:
    """Let commands run beside a session; every one has ended when this returns."""
    ground = ShellGround(
        session=session,
        place=place,
        sandbox=lambda: station.kits.sandbox(station.config),
        root=station.root,
        folder=station.home.state / "outputs" / place().session,
        redactor=wiring.redactor_of(station.config, station.home.state),
        clock=station.clock,
    )
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


def _opened(path: Path) -> IO[bytes]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def printed(shell: Shell) -> str:
    """Return what a command printed so far, the end of it where that is long; empty if there is nothing to read."""
    try:
        with Path(shell.started.output).open("rb") as stream:
            stream.seek(max(stream.seek(0, os.SEEK_END) - TAIL_BYTES, 0))
            return stream.read().decode("utf-8", "replace")
    except OSError:
        return ""
