"""One tool server over a session: started when first needed, held to what was trusted, started again if it dies."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.mcp.catalog import Catalog, Listing, catalog_of, digests
from hermes_tui.capabilities.mcp.client import Client, Hello
from hermes_tui.capabilities.mcp.pipe import ERRORS_BYTES, LIFE_S, Pipe
from hermes_tui.capabilities.mcp.post import Post, Send
from hermes_tui.capabilities.mcp.rpc import Fields, ServerGone, Transport
from hermes_tui.domain.errors import HermesError, SandboxUnavailable, ToolError
from hermes_tui.domain.ports import Sandbox
from hermes_tui.domain.processes import SandboxCommand
from hermes_tui.domain.tasks import Effect
from hermes_tui.domain.values import frozen

START_S: Final = 60.0
"""How long a server may take until it has listed its tools."""
RESTARTS: Final = 3
"""How often a server that died is started again in a session."""
BACKOFF_S: Final = 0.5


@frozen
class ServerConfig:
    """How a server is reached, and what it may do: `argv` for a process, else `url`.

    `env` is what a process gets of the environment, `write` what it may change, `hosts` whom it may contact. `effect`
    is what its calls may do to the world by the operator's word, whatever it says of itself. `tools` allows those named
    and no others, all where there are none. `origin` says whose word all this is.
    """

    name: str
    argv: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    tools: tuple[str, ...] = ()
    timeout_s: float = 60.0
    effect: Effect = Effect.EXTERNAL
    write: tuple[Path, ...] = ()
    hosts: tuple[str, ...] = ()
    origin: str = "home"


Report = Callable[[str, str], None]
"""Is told of a server, by its name, what went wrong with it; empty once it works."""


class ToolServer:
    """The one owner of a server's life; used on one event loop.

    `pinned` is the digest of each tool that the operator trusted, by the server's own name for it.
    """

    def __init__(
        self,
        config: ServerConfig,
        pinned: Mapping[str, str],
        *,
        root: Path,
        send: Send,
        sleep: Callable[[float], Awaitable[None]],
        report: Report,
    ) -> None:
        self.config = config
        self.hello: Hello | None = None
        self.trouble = ""
        self._pinned = pinned
        self._root = root
        self._send = send
        self._sleep = sleep
        self._report = report
        self._client: Client | None = None
        self._starting: asyncio.Task[Client] | None = None
        self._starts = 0
        self._now: Mapping[str, str] = {}

    def hold_to(self, pinned: Mapping[str, str]) -> None:
        """Call only tools that are as the operator trusted them: their digests by the server's own names."""
        self._pinned = pinned

    @property
    def state(self) -> str:
        """How it stands: `ready`, `running` or `failed`."""
        if self._client is not None and not self._client.gone:
            return "running"
        return "failed" if self.trouble else "ready"

    async def call(self, listing: Listing, arguments: Fields, sandbox: Sandbox, timeout_s: float) -> Fields:
        """Return the result of a tool, if it is still the one that was trusted.

        Raises:
            ToolError: the server or the call failed, or the tool has changed.
        """
        client = await self._ready(sandbox)
        now = self._now.get(listing.name)
        if now != self._pinned.get(listing.name):
            changed = "has changed since it was trusted" if now else "is no longer there"
            hint = f"The operator can look at it with `hermes mcp trust {self.config.name}`."
            raise ToolError(f"{listing.called} {changed}; it was not called.", hint=hint, kind="changed")
        try:
            return await client.call(listing.name, arguments, timeout_s)
        except ServerGone as gone:
            self.fail(gone.message)
            unknown = f"The server {self.config.name} is gone, and whether the call was carried out is not known."
            raise ServerGone(f"{unknown} {gone.message}") from gone

    async def look(self, sandbox: Sandbox) -> Catalog:
        """Start the server and return what it lists now.

        Raises:
            ToolError: it cannot be reached.
            SandboxUnavailable: it would have to run unconfined.
        """
        client = await self._ready(sandbox)
        return catalog_of(self.config.name, await client.tools(START_S), self.config.tools)

    async def close(self) -> None:
        """End the server and all that it started."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        if self._client is not None:
            await self._client.close()
        self._client = self._starting = None

    async def _ready(self, sandbox: Sandbox) -> Client:
        """Return the client of the living server; whoever comes while it starts waits for the same start."""
        client = self._client
        if client is not None and not client.gone:
            if client.changed:
                self._now = digests(catalog_of(self.config.name, await client.tools(START_S), self.config.tools))
            return client
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(self._start(sandbox), name=f"mcp-start:{self.config.name}")
        # A caller that is cancelled does not take the start away from the others.
        return await asyncio.shield(self._starting)

    async def _start(self, sandbox: Sandbox) -> Client:
        name = self.config.name
        if self._starts > RESTARTS:
            hint = f"`hermes mcp test {name}` shows what is wrong; it is tried again in the next session."
            raise ServerGone(
                f"The server {name} was started {self._starts} times and is down. {self.trouble}", hint=hint
            )
        if self._client is not None:
            await self._client.close()
        if self._starts:
            await self._sleep(BACKOFF_S * 2 ** (self._starts - 1))
        self._starts += 1
        client, transport = await self._connected(sandbox)
        try:
            async with asyncio.timeout(START_S):
                hello = await client.greet(START_S)
                if isinstance(transport, Post):
                    transport.version = hello.protocol
                self._now = digests(catalog_of(name, await client.tools(START_S), self.config.tools))
        except (ToolError, TimeoutError, asyncio.CancelledError) as error:
            why = client.gone or (
                error.message if isinstance(error, HermesError) else f"no answer within {START_S:g} s"
            )
            self.fail(why)
            await client.close()
            if isinstance(error, asyncio.CancelledError):
                raise
            raise ServerGone(f"The server {name} did not start. {why}") from error
        self.hello, self.trouble, self._client = hello, "", client
        self._report(name, "")
        return client

    async def _connected(self, sandbox: Sandbox) -> tuple[Client, Transport]:
        """Return a client with its way to the server; nothing was said yet."""
        config = self.config
        if config.url:
            post = Post(self._send, config.headers, config.timeout_s)
            return Client(post), post
        if not sandbox.level.confines:
            self.fail("There is no sandbox here that confines it.")
            raise SandboxUnavailable(f"{config.name} is not started: {sandbox.level.why}.", hint=sandbox.level.remedy)
        pipe = Pipe()
        client = Client(pipe)
        command = SandboxCommand(
            argv=config.argv,
            cwd=self._root,
            write=config.write,
            env=config.env,
            timeout_s=LIFE_S,
            output_limit_bytes=ERRORS_BYTES,
            egress=config.hosts,
        )
        await pipe.start(sandbox, command)
        return client, pipe

    def fail(self, why: str) -> None:
        """Note what went wrong."""
        self.trouble = why
        self._report(self.config.name, why)
