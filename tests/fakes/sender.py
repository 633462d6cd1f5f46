"""One response on its way out: framing, pace, and rude ways to stop."""

import asyncio
import socket
import struct
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tests.fakes import wire
from tests.fakes.frames import TOKENS, Frame

BATCH_BYTES = 16_384
"""Frames without a delay between them travel together up to this size."""

READ_BYTES = 65_536


class Framing(StrEnum):
    """How the client learns where the body ends."""

    CHUNKED = "chunked"
    LENGTH = "length"
    UNTIL_CLOSE = "until_close"


class ClientLeft(Exception):
    """The client closed the connection before the answer was complete."""


@dataclass(slots=True)
class Pace:
    """Delays of one answer, in seconds; `drip_s` is the delay between bytes."""

    first_token_s: float = 0.0
    token_s: float = 0.0
    drip_s: float | None = None

    def next_token_s(self) -> float:
        """Return the delay before the next token."""
        delay, self.first_token_s = self.first_token_s or self.token_s, 0.0
        return delay


class Sender:
    """Writes one response to one connection.

    Attributes:
        first_byte_s: Monotonic time of the first byte, `None` before.
        last_byte_s: Monotonic time of the latest byte.
        sent_bytes: Bytes handed to the network, heads and framing included.
        open: Whether the connection can carry another request.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, released: asyncio.Event) -> None:
        self._reader = reader
        self._writer = writer
        self._released = released
        self._framing = Framing.LENGTH
        self.pace = Pace()
        self.first_byte_s: float | None = None
        self.last_byte_s: float | None = None
        self.sent_bytes = 0
        self.open = True
        # `drain` must mean "handed to the kernel", or a reset would eat what was sent.
        writer.transport.set_write_buffer_limits(high=0)

    async def head(self, status: int, headers: Mapping[str, str], framing: Framing) -> None:
        """Send the status line and the headers."""
        await self.raw(self.spell_head(status, headers, framing))

    def spell_head(self, status: int, headers: Mapping[str, str], framing: Framing) -> bytes:
        """Choose the framing and spell the head that announces it."""
        self._framing = framing
        extra = dict(headers)
        if framing is Framing.CHUNKED:
            extra["transfer-encoding"] = "chunked"
        if framing is Framing.UNTIL_CLOSE:
            extra["connection"] = "close"
        return wire.head(status, extra)

    async def frames(self, frames: Iterable[Frame]) -> None:
        """Send frames at the chosen pace."""
        batch: list[bytes] = []
        size = 0
        for frame in frames:
            delay = self.pace.next_token_s() if frame.part in TOKENS else 0.0
            if delay or size > BATCH_BYTES:
                await self.raw(b"".join(batch))
                batch, size = [], 0
            if delay:
                await self.pause(delay)
            data = self._framed(frame.data)
            batch.append(data)
            size += len(data)
        await self.raw(b"".join(batch))

    async def body(self, data: bytes) -> None:
        """Send a piece of the body."""
        await self.raw(self._framed(data))

    def _framed(self, data: bytes) -> bytes:
        if self._framing is Framing.CHUNKED and data:
            return wire.chunk(data)
        return data

    async def finish(self) -> None:
        """End the body the way the client was promised."""
        if self._framing is Framing.CHUNKED:
            await self.raw(wire.LAST_CHUNK)
        if self._framing is Framing.UNTIL_CLOSE:
            self.open = False

    async def raw(self, data: bytes) -> None:
        """Send bytes as they are.

        Raises:
            ClientLeft: The client closed the connection.
        """
        if not data:
            return
        if self.pace.drip_s is None:
            await self._write(data)
            return
        for index in range(len(data)):
            await self._write(data[index : index + 1])
            await self.pause(self.pace.drip_s)

    async def _write(self, data: bytes) -> None:
        try:
            self._writer.write(data)
            if self.first_byte_s is None:
                self.first_byte_s = time.monotonic()
            await self._writer.drain()
        except ConnectionError as error:
            raise ClientLeft from error
        self.last_byte_s = time.monotonic()
        self.sent_bytes += len(data)

    async def pause(self, seconds: float) -> None:
        """Wait, unless the client leaves meanwhile.

        Raises:
            ClientLeft: The client closed the connection.
        """
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        try:
            async with asyncio.timeout(seconds):
                await self._client_leaves()
        except TimeoutError:
            return

    async def stall(self, seconds: float | None) -> None:
        """Say nothing for `seconds`, or until stalls are released.

        Raises:
            ClientLeft: The client closed the connection.
        """
        leaves = asyncio.create_task(self._client_leaves(), name="stall:client")
        released = asyncio.create_task(self._released.wait(), name="stall:release")
        try:
            done, _ = await asyncio.wait({leaves, released}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaves.cancel()
            released.cancel()
            await asyncio.gather(leaves, released, return_exceptions=True)
        if leaves in done:
            leaves.result()

    async def _client_leaves(self) -> None:
        """Return never; pipelined requests are not supported and dropped."""
        try:
            while await self._reader.read(READ_BYTES):
                pass
        except ConnectionError as error:
            raise ClientLeft from error
        raise ClientLeft

    def hang_up(self) -> None:
        """Close with FIN, as if the answer had ended."""
        self.open = False

    def reset(self) -> None:
        """Close with RST: no linger, then abort."""
        self.open = False
        transport = self._writer.transport
        raw: socket.socket | None = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
