"""One tab of the browser and the process behind it, which opens one session after the other."""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
from asyncio.subprocess import PIPE
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from textual_serve.app_service import AppService

from hermes_tui.domain.text import printable

if TYPE_CHECKING:
    from asyncio import StreamReader
    from asyncio.subprocess import Process

    from aiohttp import web
    from textual_serve.download_manager import DownloadManager

CLOSING_S: Final = 5.0
"""How long apps have to put their sessions away."""
PRELUDE: Final = b"__GANGLION__\n"
"""What Textual's driver for browsers begins with."""
CLEARED: Final = "\x1b[0m\x1b[2J\x1b[H"
"""A tab whose app is gone must not look as if it were there."""
DRAWN: Final = b"D"
TOLD: Final = b"M"
ENDING: Final = "exit"
LEAVE: Final[dict[str, str | int | bool | None]] = {"type": "quit"}


class Tab(AppService):
    """One tab and its process, which ends with it: asked to, and after a while made to.

    An app that makes room for another session ends, and the next one begins in the same process and the same tab;
    Textual's own service takes the end of the first for the end of all.
    """

    def __init__(self, command: list[str], socket: web.WebSocketResponse, downloads: DownloadManager) -> None:
        super().__init__(
            shlex.join(command),
            write_bytes=socket.send_bytes,
            write_str=socket.send_str,
            close=self._close,
            download_manager=downloads,
        )
        self._argv = command
        self._socket = socket
        self._size = (80, 24)
        self._leaving = False

    async def _close(self) -> None:
        await self._socket.close()

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        """Start the process, without a shell."""
        self._size = (width, height)
        self._process = await asyncio.create_subprocess_exec(
            *self._argv, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=self._build_environment(width, height)
        )
        self._stdin = self._process.stdin
        return self._process

    async def set_terminal_size(self, width: int, height: int) -> None:
        """Tell the app how large it is; the next one in this tab begins with that."""
        self._size = (width, height)
        await super().set_terminal_size(width, height)

    async def run(self) -> None:
        """Hand on what each app draws until the process has ended; then say so, with the reason if it gave one."""
        process = self._process
        if process is None or process.stdout is None or process.stderr is None:
            return
        async with asyncio.TaskGroup() as group:
            said = group.create_task(process.stderr.read())
            with suppress(asyncio.IncompleteReadError):
                await self._show(process.stdout)
        lines = [printable(line) for line in said.result().decode("utf-8", "replace").splitlines()]
        sys.stderr.write("".join(f"{line}\n" for line in lines))
        with suppress(ConnectionError):
            await self.remote_write_bytes("\r\n".join([CLEARED, *lines]).encode())
            await self.remote_close()

    async def _show(self, drawn: StreamReader) -> None:
        """Hand on what each app draws; the next one is told what only the first was told by its environment."""
        while await _begins(drawn):
            await super().set_terminal_size(*self._size)
            if self._leaving:  # after the demo, say, another session follows by itself
                await self.send_meta(LEAVE)
            await self._hand_on(drawn)

    async def _hand_on(self, drawn: StreamReader) -> None:
        """Hand on what one app draws, to its end; a tab that is gone still lets it come to one.

        Raises:
            IncompleteReadError: the process ended without an end of the app.
        """
        while True:
            kind = await drawn.readexactly(1)
            payload = await drawn.readexactly(int.from_bytes(await drawn.readexactly(4), "big"))
            with suppress(ConnectionError):
                if kind == DRAWN:
                    await self.on_data(payload)
                elif kind == TOLD and json.loads(payload)["type"] == ENDING:
                    return
                elif kind == TOLD:
                    await self.on_meta(payload)

    async def stop(self) -> None:
        """End the process; what it runs is stopped resumably."""
        self._leaving = True
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_S):
                await super().stop()
        process = self._process
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()


async def _begins(drawn: StreamReader) -> bool:
    """Return whether another app begins; what is printed before it is none of the tab's business."""
    while line := await drawn.readline():
        if line == PRELUDE:
            return True
    return False
