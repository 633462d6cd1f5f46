"""Serves the workstation's page on 127.0.0.1 behind the gate; each tab is an app, and so a session, of its own."""

from __future__ import annotations

import asyncio
import shlex
import signal
import socket
import sys
from argparse import Namespace
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import aiohttp_jinja2
import jinja2
from aiohttp import web
from textual_serve.server import Server, to_int

from hermes_tui.domain.errors import HermesError, UsageInvalid
from hermes_tui.domain.text import printable
from hermes_tui.interfaces.serve.gate import ADDRESS, HEADERS, SOCKET, Gate
from hermes_tui.interfaces.serve.tab import CLOSING_S, Tab
from hermes_tui.services.premises import Premises, RunOptions

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

HEARTBEAT_S: Final = 15.0
PASTE_BYTES: Final = 64 * 1024 * 1024
"""The longest message of a page: a paste comes as one."""
REFUSED: Final = "Open the address that `hermes serve` printed; nothing else is let in.\n"
FOLDER: Final = Path(__file__).parent
SCRIPT: Final = "/page.js"
GATE: Final = web.AppKey("gate", Gate)


class Station(Server):
    """Textual's server with our page, our port and our gate before everything."""

    def __init__(self, command: list[str], gate: Gate) -> None:
        self._argv = command
        self._sockets: set[web.WebSocketResponse] = set()
        super().__init__(shlex.join(command), host=ADDRESS, port=gate.port, title="hermes")  # pyright: ignore[reportUnknownMemberType] its paths are untyped
        self.gate = gate

    async def _make_app(self) -> web.Application:
        """Return the server's routes behind the gate."""
        app = web.Application(middlewares=[guarded])
        app[GATE] = self.gate
        aiohttp_jinja2.setup(app, loader=jinja2.FileSystemLoader(FOLDER), autoescape=True)
        app.add_routes(
            [
                web.get("/", self.page, name="index"),
                web.get(SOCKET, self.handle_websocket, name="websocket"),
                web.get(SCRIPT, self.script, name="script"),
                web.static("/static", self.statics_path, name="static"),
            ]
        )
        app.on_shutdown.append(self.on_shutdown)
        return app

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Run an app for as long as its tab is open."""
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=PASTE_BYTES)
        await socket.prepare(request)
        self._sockets.add(socket)
        width, height = to_int(request.query.get("width", ""), 80), to_int(request.query.get("height", ""), 24)
        tab = Tab(self._argv, socket, self.download_manager)
        try:
            await tab.start(width, height)
            await self._process_messages(socket, tab)
        finally:
            self._sockets.discard(socket)
            await tab.stop()
        return socket

    async def on_shutdown(self, app: web.Application) -> None:  # noqa: ARG002 - the base class names it
        """Close every tab."""
        for opened in tuple(self._sockets):
            await opened.close()

    @aiohttp_jinja2.template("page.html")
    async def page(self, _: web.Request) -> dict[str, Any]:
        """Return what the page is made of."""
        return {
            "font_size": 16,
            "app_websocket_url": f"ws://{ADDRESS}:{self.gate.port}{SOCKET}",
            "script_url": SCRIPT,
            "config": {"static": {"url": "/static/"}},
            "application": {"name": self.title},
        }

    async def script(self, _: web.Request) -> web.FileResponse:
        """Return what the page does by itself; the policy lets it run no script that stands in the page."""
        return web.FileResponse(FOLDER / "page.js")


@web.middleware
async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a request pass, exchange its token, or refuse it; every answer says what a browser may do with it."""
    gate = request.app[GATE]
    passage = gate.judge(request.path, request.query, request.headers)
    if passage == "refuse":
        return web.Response(status=403, text=REFUSED, headers=HEADERS)
    if passage == "enter":
        return web.Response(status=303, headers={**HEADERS, "Location": "/", "Set-Cookie": gate.set_cookie})
    response = await handler(request)
    if not response.prepared:
        response.headers.update({**HEADERS, "Content-Security-Policy": gate.content_policy})
    return response


@asynccontextmanager
async def serving(command: list[str], port: int = 0) -> AsyncGenerator[Gate]:
    """Serve while the block runs; port 0 is any free one."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((ADDRESS, port))
        gate = Gate(listening.getsockname()[1])
        runner = web.AppRunner(
            await Station(command, gate)._make_app(), access_log=None, shutdown_timeout=CLOSING_S * 2
        )
        await runner.setup()
        await web.SockSite(runner, listening).start()
        try:
            yield gate
        finally:
            await runner.cleanup()


def command_of(args: Namespace) -> list[str]:
    """Return the command of the app that a tab opens."""
    command = [sys.executable, "-P", "-m", "hermes_tui", "--served", "-C", str(Path(args.cd).resolve())]
    command += ["--home", str(Path(args.home).resolve())] if args.home else []
    command += ["-m", args.model] if args.model else []
    command += ["--mode", args.mode] if args.mode else []
    return [*command, "-c"] if args.continue_ else command


def main(_: str, args: Namespace) -> int:
    """Serve until Ctrl+C; return the exit code."""
    home = Path(args.home) if args.home else None
    try:
        premises = Premises(RunOptions(workspace=Path(args.cd), home=home, model=args.model, mode=args.mode))
        _config = premises.config
    except HermesError as error:  # every tab would end with it as soon as it is opened
        sys.stderr.write(f"hermes: {printable(str(error))}\n")
        return 2 if isinstance(error, UsageInvalid) else 1
    try:
        asyncio.run(_serve(args))
    except OSError as error:
        sys.stderr.write(f"hermes: port {args.port} cannot be used: {error.strerror}.\n")
        return 2
    return 0


async def _serve(args: Namespace) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with serving(command_of(args), args.port) as gate:
        sys.stdout.write(f"{gate.address}\n\n")
        sys.stdout.write("Only this machine and only this address get in; it holds until this command ends.\n")
        sys.stdout.write("Each tab is a session of its own. Ctrl+C ends it; what runs is stopped resumably.\n")
        sys.stdout.flush()
        await ended.wait()
