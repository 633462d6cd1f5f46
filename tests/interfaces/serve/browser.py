"""A real Chromium without a window, driven over its own protocol."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

WAIT_S = 60.0
NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((found for name in NAMES if (found := shutil.which(name))), "")
OPTIONS = ("--headless=new", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage", "--remote-debugging-port=0")


class Tab:
    """One page: where it is, what its scripts say, what is typed into it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = count(1)

    async def call(self, method: str, **params: object) -> dict[str, Any]:
        """Call a method of the DevTools protocol; return its result."""
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        async with asyncio.timeout(WAIT_S):
            while (answer := await self._socket.receive_json()).get("id") != number:
                pass
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    async def open(self, address: str) -> None:
        """Go to an address."""
        await self.call("Page.navigate", url=address)

    async def say(self, script: str) -> Any:  # noqa: ANN401 - whatever the page says
        """Return what a script of the page says, awaited."""
        said = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        return said["result"].get("value")

    async def until(self, script: str) -> None:
        """Wait until a script of the page says yes."""
        async with asyncio.timeout(WAIT_S):
            while not await self.say(f"new Promise(done => setTimeout(() => done({script}), 20))"):
                pass

    async def type(self, text: str) -> None:
        """Type a text and Enter."""
        await self.call("Input.insertText", text=text)
        enter = {"key": "Enter", "code": "Enter", "text": "\r", "windowsVirtualKeyCode": 13}
        await self.call("Input.dispatchKeyEvent", type="keyDown", **enter)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **enter)

    async def picture(self, path: Path) -> None:
        """Keep what is on the page."""
        taken = await self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(taken["data"]))


@asynccontextmanager
async def chromium(folder: Path) -> AsyncGenerator[Tab]:
    """Run a browser with a profile of its own and one tab."""
    root = ("--no-sandbox",) if os.geteuid() == 0 else ()
    process = await asyncio.create_subprocess_exec(
        *(CHROMIUM, *OPTIONS, *root, f"--user-data-dir={folder}", "--window-size=1200,800", "about:blank"),
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "HOME": str(folder)},
    )
    try:
        async with aiohttp.ClientSession() as session, session.ws_connect(await _tab(process, session)) as socket:
            yield Tab(socket)
    finally:
        process.kill()
        await process.communicate()


async def _tab(process: asyncio.subprocess.Process, session: aiohttp.ClientSession) -> str:
    """Return where the first tab listens."""
    assert process.stderr is not None
    async with asyncio.timeout(WAIT_S):
        while b"DevTools listening on " not in (line := await process.stderr.readline()):
            assert line, "the browser ended"
    port = line.split(b"127.0.0.1:")[1].split(b"/")[0].decode()
    async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
        tabs: list[dict[str, str]] = json.loads(await answer.text())
    return next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
