"""A server as a process of ours: it runs in the sandbox, is talked to line by line, and dies with all it started."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import IO, Final

from hermes_tui.capabilities.mcp.rpc import MESSAGE_LIMIT_BYTES, Fields, Gone, Heard, ServerGone, encoded, messages
from hermes_tui.domain.errors import SandboxUnavailable
from hermes_tui.domain.ports import Sandbox
from hermes_tui.domain.processes import SandboxCommand
from hermes_tui.domain.values import replace

LIFE_S: Final = 7 * 86_400.0
"""How long a server may live at most; it mostly ends with its session."""
ERRORS_BYTES: Final = 20_000
"""How much of what a server writes to its standard error is kept: the first and the last half."""
SEND_S: Final = 10.0
LAST_S: Final = 2.0
"""How long the end of what a server said is waited for after it ended; all of it is in the pipe by then."""
Ends = tuple[IO[bytes], IO[bytes]]
"""What is read from and what is written to."""
MOST_LINES: Final = 10_000
"""How many lines may come after one that was sent: whoever says more than that says it to keep us busy."""
BREATH_LINES: Final = 64
"""After so many lines that came at once others get their turn on the loop."""
STRAY_LINES: Final = 20
"""How many lines that are no messages are forgiven: some servers greet the terminal that they think is there."""


class Pipe:
    """The process of one server."""

    def __init__(self) -> None:
        self._heard: Heard = lambda _: None
        self._gone: Gone = lambda _: None
        self._writing: IO[bytes] | None = None
        self._turn = asyncio.Lock()
        self._unasked = 0
        """Lines since something was last sent."""
        self._life: asyncio.Task[None] | None = None

    def listen(self, heard: Heard, gone: Gone) -> None:
        self._heard, self._gone = heard, gone

    async def start(self, sandbox: Sandbox, command: SandboxCommand) -> None:
        """Start the process; return when it can be talked to."""
        ready = asyncio.get_running_loop().create_future()
        self._life = asyncio.create_task(self._live(sandbox, command, ready), name=f"mcp:{command.argv[0]}")
        await ready

    async def send(self, message: Fields) -> None:
        async with self._turn:
            self._unasked = 0
            if self._writing is None:
                raise ServerGone("It has ended.")
            try:
                async with asyncio.timeout(SEND_S):
                    await _write(self._writing.fileno(), encoded(message))
            except (OSError, TimeoutError) as error:
                # Half a line may be out: nothing that follows could be understood.
                self._writing = None
                raise ServerGone("It does not read what it is sent.") from error

    async def close(self) -> None:
        if self._life is not None:
            self._life.cancel()
            with suppress(asyncio.CancelledError):
                await self._life

    async def _live(self, sandbox: Sandbox, command: SandboxCommand, ready: asyncio.Future[None]) -> None:
        why = "It was ended."
        with _pipes() as (theirs, ours):
            try:
                reader, transport = await _reader(ours[0])
                os.set_blocking(ours[1].fileno(), False)
                self._writing = ours[1]
                ready.set_result(None)
                try:
                    why = await self._until_its_end(sandbox, command, theirs, reader)
                finally:
                    # The loop must forget the descriptor before its number is given to another.
                    transport.close()
            except (SandboxUnavailable, OSError) as error:
                why = str(error)
            finally:
                if not ready.done():
                    ready.set_result(None)
                self._writing = None
                self._gone(why)

    async def _until_its_end(
        self, sandbox: Sandbox, command: SandboxCommand, theirs: Ends, reader: asyncio.StreamReader
    ) -> str:
        """Run the process and read it; return why that ended, whichever of the two did first."""
        stdio = (theirs[0].fileno(), theirs[1].fileno())
        running = asyncio.create_task(sandbox.run(replace(command, stdio=stdio)))
        reading = asyncio.create_task(self._read(reader))
        try:
            await asyncio.wait((running, reading), return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                return reading.result()
            ended = running.result()
            # Nobody writes any more: what it said last is still read, up to the end of the pipe.
            theirs[1].close()
            await asyncio.wait((reading,), timeout=LAST_S)
            lines = ended.stderr.decode("utf-8", "replace").strip().splitlines()
            return f"It ended with {ended.exit_code}." + (f" Its last words: {lines[-1][:300]}" if lines else "")
        finally:
            reading.cancel()
            running.cancel()
            await asyncio.gather(running, reading, return_exceptions=True)

    async def _read(self, reader: asyncio.StreamReader) -> str:
        """Hand each message on; return why no more are taken. A few lines that are none are passed over."""
        stray = 0
        try:
            while line := await reader.readline():
                stray += not self._understood(line)
                self._unasked += 1
                if stray > STRAY_LINES:
                    return f"It sent {stray} lines that are no messages."
                if self._unasked > MOST_LINES:
                    return f"It sent {MOST_LINES:,} messages while nothing was asked."
                if self._unasked % BREATH_LINES == 0:
                    await asyncio.sleep(0)
        except ValueError:
            return f"It sent a line of more than {MESSAGE_LIMIT_BYTES:,} bytes."
        return "It closed its output."

    def _understood(self, line: bytes) -> bool:
        """Hand the messages of one line on; return whether it is none but such."""
        try:
            for message in messages(line) if line.strip() else ():
                self._heard(message)
        except ServerGone:
            return False
        return True


@contextmanager
def _pipes() -> Generator[tuple[Ends, Ends]]:
    """Yield the two ends of a server (what it reads, what it writes) and ours; all are closed afterwards."""
    asked, asking = _pipe()
    answers, answering = _pipe()
    try:
        yield (asked, answering), (answers, asking)
    finally:
        for end in (asked, asking, answers, answering):
            end.close()


def _pipe() -> Ends:
    reading, writing = os.pipe()
    return os.fdopen(reading, "rb", buffering=0), os.fdopen(writing, "wb", buffering=0)


async def _reader(pipe: IO[bytes]) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    reader = asyncio.StreamReader(limit=MESSAGE_LIMIT_BYTES)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader, transport


async def _write(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[await _written(descriptor, left) :]


async def _written(descriptor: int, data: memoryview) -> int:
    """Write as much as there is room for, once there is any; return how much it was."""
    loop = asyncio.get_running_loop()
    room = loop.create_future()
    loop.add_writer(descriptor, lambda: None if room.done() else room.set_result(None))
    try:
        await room
        return os.write(descriptor, data)
    finally:
        loop.remove_writer(descriptor)
