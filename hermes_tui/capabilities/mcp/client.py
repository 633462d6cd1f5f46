"""A conversation with one tool server: the handshake of either generation, its tools, and calls of them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from hermes_tui.capabilities.mcp.rpc import (
    METHOD_NOT_FOUND,
    Fields,
    ServerGone,
    ServerRefused,
    Transport,
    fields_of,
    items_of,
    notification,
    request,
    said,
    text_of,
)
from hermes_tui.domain.errors import DeadlinePassed
from hermes_tui.domain.values import frozen
from hermes_tui.version import VERSION

WITH_HANDSHAKE: Final = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
"""Revisions that begin with `initialize`, the newest first; what is used of them is the same in all."""
STATELESS: Final = "2026-07-28"
"""The revision without a handshake: each request says for itself who asks and what it understands."""
_US: Final = {"name": "hermes-tui", "version": VERSION}
_PREFIX: Final = "io.modelcontextprotocol/"
MOST_PAGES: Final = 20


@frozen
class Hello:
    """What a server says of itself."""

    name: str
    version: str
    protocol: str


class Client:
    """Asks one server, any number of things at once. What it did not wait for is dropped when it comes."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        transport.listen(self.heard, self.ended)
        self._waiting: dict[int, asyncio.Future[Fields]] = {}
        self._number = 0
        self._meta: Fields = {}
        self._gone = ""
        self._chores: set[asyncio.Task[None]] = set()
        self.changed = False
        """Whether the server says that its tools are others than those listed last."""

    @property
    def gone(self) -> str:
        """Why nothing can be asked any more; empty while it can."""
        return self._gone

    def heard(self, message: Fields) -> None:
        """Take a message of the server."""
        if "method" in message:
            self._asked(message)
            return
        number = message.get("id")
        waiting = self._waiting.pop(number, None) if isinstance(number, int) else None
        if waiting is None or waiting.done():
            return
        if "error" in message:
            waiting.set_exception(said(message["error"]))
        else:
            waiting.set_result(fields_of(message.get("result")))

    def ended(self, why: str) -> None:
        """Learn that nothing more will come."""
        self._gone = self._gone or why
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ServerGone(why))
        self._waiting.clear()

    def _asked(self, message: Fields) -> None:
        """Answer what a server asks of us: that we are there; nothing else is offered to it."""
        method, number = text_of(message.get("method")), message.get("id")
        self.changed = self.changed or method == "notifications/tools/list_changed"
        if number is None or len(self._chores) > MOST_PAGES:
            return
        error = {"code": METHOD_NOT_FOUND, "message": "This client offers no such thing."}
        answer: Fields = {"result": {}} if method == "ping" else {"error": error}
        chore = asyncio.create_task(self._tell({"jsonrpc": "2.0", "id": number, **answer}))
        self._chores.add(chore)
        chore.add_done_callback(self._chores.discard)

    async def _tell(self, message: Fields) -> None:
        with suppress(ServerGone):
            await self._transport.send(message)

    async def ask(self, method: str, params: Fields, timeout_s: float) -> Fields:
        """Return the result of a request; one that nobody waits for any longer is cancelled there too.

        Raises:
            ServerRefused: the server answered with an error.
            ServerGone: it ended, or cannot be reached.
            DeadlinePassed: it did not answer in time.
        """
        if self._gone:
            raise ServerGone(self._gone)
        self._number += 1
        number = self._number
        answer: asyncio.Future[Fields] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        if self._meta:
            params = {**params, "_meta": self._meta}
        try:
            async with asyncio.timeout(timeout_s):
                await self._transport.send(request(number, method, params))
                return await answer
        except TimeoutError as error:
            self._give_up(number)
            raise DeadlinePassed(f"The server did not answer within {timeout_s:g} s.") from error
        except asyncio.CancelledError:
            self._give_up(number)
            raise
        finally:
            self._waiting.pop(number, None)
            answer.cancel()

    def _give_up(self, number: int) -> None:
        note = notification("notifications/cancelled", {"requestId": number, "reason": "nobody waits for it"})
        chore = asyncio.create_task(self._tell(note))
        self._chores.add(chore)
        chore.add_done_callback(self._chores.discard)

    async def greet(self, timeout_s: float) -> Hello:
        """Agree on a revision of the protocol; return what the server says of itself.

        Raises:
            ServerGone, ServerRefused, DeadlinePassed: as `ask`; also where no revision is known to both.
        """
        wanted = {"protocolVersion": WITH_HANDSHAKE[0], "capabilities": {}, "clientInfo": _US}
        try:
            found = await self.ask("initialize", wanted, timeout_s)
        except ServerRefused:
            return await self._discover(timeout_s)
        version = text_of(found.get("protocolVersion"))
        if version not in WITH_HANDSHAKE:
            raise ServerGone(
                f"It speaks MCP {version[:20]!r}.", hint=f"Known: {', '.join(WITH_HANDSHAKE)}, {STATELESS}."
            )
        await self._transport.send(notification("notifications/initialized"))
        return _hello(fields_of(found.get("serverInfo")), version)

    async def _discover(self, timeout_s: float) -> Hello:
        """Greet a server that knows no handshake."""
        self._meta = {
            f"{_PREFIX}protocolVersion": STATELESS,
            f"{_PREFIX}clientCapabilities": {},
            f"{_PREFIX}clientInfo": _US,
        }
        found = await self.ask("server/discover", {}, timeout_s)
        if STATELESS not in items_of(found.get("supportedVersions")):
            raise ServerGone("It knows neither the handshake of MCP nor the revision without one.")
        about = fields_of(found.get("serverInfo")) or fields_of(
            fields_of(found.get("_meta")).get(f"{_PREFIX}serverInfo")
        )
        return _hello(about, STATELESS)

    async def tools(self, timeout_s: float) -> list[Fields]:
        """Return what the server lists, page by page.

        Raises:
            ServerGone, ServerRefused, DeadlinePassed: as `ask`.
        """
        self.changed = False
        found: list[Fields] = []
        cursor = ""
        for _ in range(MOST_PAGES):
            page = await self.ask("tools/list", {"cursor": cursor} if cursor else {}, timeout_s)
            found += [fields_of(each) for each in items_of(page.get("tools"))]
            cursor = text_of(page.get("nextCursor"))
            if not cursor:
                break
        return found

    async def call(self, name: str, arguments: Fields, timeout_s: float) -> Fields:
        """Return the result of a tool.

        Raises:
            ServerGone, ServerRefused, DeadlinePassed: as `ask`.
        """
        found = await self.ask("tools/call", {"name": name, "arguments": arguments}, timeout_s)
        if found.get("resultType") == "input_required":
            raise ServerRefused("The tool wants to ask the operator something, which servers cannot do here.")
        return found

    async def close(self) -> None:
        """Let go of the server."""
        self.ended("It was ended.")
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        await self._transport.close()


def _hello(about: Fields, protocol: str) -> Hello:
    return Hello(name=text_of(about.get("name"))[:80], version=text_of(about.get("version"))[:40], protocol=protocol)
