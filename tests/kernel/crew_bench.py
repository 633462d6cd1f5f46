"""A kernel with subagents on a bench: replies by task, so that children may answer in any order and after any crash."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from hermes_tui.domain.approval import ResolvedCall
from hermes_tui.domain.errors import ProviderError
from hermes_tui.domain.events import AgentEnded, AgentSpawned, RunEnded
from hermes_tui.domain.ids import AgentId
from hermes_tui.domain.messages import Role, Text, ToolResult
from hermes_tui.domain.parts import ModelRequest, Part, TextDelta
from hermes_tui.domain.ports import Tool, ToolContext
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.kernel.agents.crew import LoopCrew
from hermes_tui.kernel.worker import Workers
from tests.kernel.bench import FakeProvider, FakeTool, KernelBench, Reply, echo


@dataclass
class Scripts:
    """Answers a conversation by the first word of its first message; reply n answers its n-th step.

    A parent whose children are all back already does not say that it waits for them.
    """

    replies: Mapping[str, Sequence[Reply]]
    requests: list[ModelRequest] = field(default_factory=list[ModelRequest])
    threads: set[int] = field(default_factory=set[int])

    async def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        self.requests.append(request)
        self.threads.add(threading.get_ident())
        script = self.replies[request.messages[0].text.split()[0]]
        step = sum(message.role is Role.MODEL for message in request.messages)
        waits = any(isinstance(part, TextDelta) and part.text == "Waiting." for part in script[step])
        for part in script[step + (waits and _all_back(request))]:
            if isinstance(part, ProviderError):
                raise part
            yield part

    def of(self, name: str) -> list[ModelRequest]:
        """Return the requests of one conversation."""
        return [one for one in self.requests if one.messages[0].text.startswith(name)]


def _all_back(request: ModelRequest) -> bool:
    """Whether a parent has a report of each child that it sent out."""
    parts = [part for message in request.messages for part in message.content]
    sent = sum(isinstance(part, ToolResult) and "is on its way" in part.output for part in parts)
    return sent == sum(isinstance(part, Text) and part.text.startswith("[subagent ") for part in parts)


class DelegateTool(FakeTool):
    """`delegate` without its schema: every path of the scope may be written."""

    def __init__(self) -> None:
        super().__init__("delegate", echo, effect=Effect.PURE, reach=Reach.NONE)

    def resolve(self, arguments: str, context: ToolContext) -> ResolvedCall:
        values = self._parsed(arguments)
        names = cast("list[str] | None", values.get("write"))
        paths = context.workspace.write if names is None else tuple(context.workspace.root / name for name in names)
        return ResolvedCall(
            tool="delegate",
            effect=Effect.PURE,
            reach=Reach.NONE,
            summary=str(values["task"]),
            targets=tuple(str(path) for path in paths),
        )


def crew_tools(**more: Tool) -> dict[str, Tool]:
    """Return what a parent needs, and more."""
    board = FakeTool("board", echo, effect=Effect.PURE, reach=Reach.NONE)
    return {"delegate": DelegateTool(), "board": board, "echo": FakeTool("echo", echo), **more}


class CrewBench:
    """A kernel bench whose agents may send out others."""

    def __init__(self, scripts: Scripts, kernel: KernelBench | None = None, **tools: Tool) -> None:
        self.scripts = scripts
        provider = FakeProvider([])
        self.kernel = kernel or KernelBench(provider=provider, tools=crew_tools(**tools))
        provider.stream = scripts.stream  # type: ignore[method-assign] # the same port, other replies
        self.kernel.provider.stream = scripts.stream  # type: ignore[method-assign]
        self.workers = Workers(2)
        self.kernel.kit.crew = LoopCrew(self.workers)

    async def run(self) -> RunEnded:
        """Pursue the goal to its end, and close the threads."""
        try:
            return await self.kernel.run()
        finally:
            await self.workers.close()

    async def until(self, seen: Callable[[], bool]) -> None:
        """Return as soon as `seen` holds after some record."""
        moved = asyncio.Event()
        leave = self.kernel.kit.session.bus.subscribe(lambda _: moved.set())
        while not seen():
            moved.clear()
            await moved.wait()
        leave()

    def crash(self, upto: int) -> CrewBench:
        """Return a bench that resumes from the first `upto` records, on new threads."""
        return CrewBench(self.scripts, self.kernel.crash(upto))

    def spawned(self) -> list[AgentId]:
        """Return who was sent out, in order."""
        return [record.place.agent for record in self.kernel.journal.records if isinstance(record.body, AgentSpawned)]

    def ended(self) -> dict[AgentId, AgentEnded]:
        """Return how each child ended."""
        records = self.kernel.journal.records
        return {record.place.agent: record.body for record in records if isinstance(record.body, AgentEnded)}


class Held:
    """A tool that says when it begins and when it is cancelled, and ends only when it is let go; on any loop."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.cancelled = threading.Event()

    async def act(self, arguments: dict[str, object], context: ToolContext) -> object:
        self.entered.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled.set()
        raise AssertionError((arguments, context))
