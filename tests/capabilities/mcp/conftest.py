"""A tool server that misbehaves on demand, without a sandbox around it: what holds it is tested elsewhere."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hermes_tui.capabilities.mcp.catalog import Catalog, digests
from hermes_tui.capabilities.mcp.post import Answer
from hermes_tui.capabilities.mcp.rpc import Fields
from hermes_tui.capabilities.mcp.server import ServerConfig, ToolServer
from hermes_tui.capabilities.sandbox import process
from hermes_tui.domain.processes import ProcessResult, SandboxCommand, SandboxLevel
from hermes_tui.domain.values import replace
from tests.fakes import tool_server

COMMAND = (sys.executable, "-I", tool_server.__file__)


@dataclass
class Bare:
    """Starts what it is given and confines nothing, but says that it does."""

    level: SandboxLevel = field(default_factory=lambda: SandboxLevel(name="bare", confines=True, why="a test"))
    running: int = 0
    starts: int = 0

    async def run(self, command: SandboxCommand) -> ProcessResult:
        self.starts += 1
        self.running += 1
        try:
            launch = process.Launch(
                argv=command.argv,
                env={"PATH": os.environ["PATH"], **command.env},
                cwd=command.cwd,
                stdin=command.stdin,
                stdio=command.stdio,
                timeout_s=command.timeout_s,
                output_limit_bytes=command.output_limit_bytes,
            )
            return (await process.run(launch))[0]
        finally:
            self.running -= 1


@dataclass
class Stage:
    """One server with its habits, and what became of it."""

    root: Path
    server: ToolServer
    sandbox: Bare
    slept: list[float]
    troubles: list[str]
    catalog: Catalog = field(default_factory=lambda: Catalog(tools=()))

    async def look(self) -> Catalog:
        """List the tools and trust them as they are."""
        self.catalog = await self.server.look(self.sandbox)
        self.server.hold_to(digests(self.catalog))
        return self.catalog

    async def call(self, name: str = "echo", *, timeout_s: float = 20.0, **arguments: object) -> Fields:
        """Call a tool by the server's own name for it."""
        listing = next(one for one in self.catalog.tools if one.name == name)
        return await self.server.call(listing, dict(arguments), self.sandbox, timeout_s)

    async def text(self, name: str = "echo", *, timeout_s: float = 20.0, **arguments: object) -> str:
        """Return the text that a tool answers with."""
        found = await self.call(name, timeout_s=timeout_s, **arguments)
        return str(found["content"][0]["text"])


Staged = Callable[..., Stage]


@pytest.fixture
async def staged(tmp_path: Path) -> AsyncIterator[Staged]:
    made: list[Stage] = []

    def make(*habits: str, config: ServerConfig | None = None) -> Stage:
        slept: list[float] = []
        troubles: list[str] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)

        wanted = config or ServerConfig(name="fake", argv=(*COMMAND, *habits))
        server = ToolServer(
            replace(wanted, env={"LANG": "C.UTF-8", **wanted.env}),
            {},
            root=tmp_path,
            send=_nobody,
            sleep=sleep,
            report=lambda _, why: troubles.append(why),
        )
        made.append(Stage(tmp_path, server, Bare(), slept, troubles))
        return made[-1]

    yield make
    await asyncio.gather(*(stage.server.close() for stage in made))
    assert [stage.sandbox.running for stage in made] == [0] * len(made)


def _nobody(*_: object) -> Answer:
    raise AssertionError("nothing is sent over the web")
