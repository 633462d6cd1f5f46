"""Ports of the run as a child on another loop uses them: the work is done on the run's own loop, its home."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hermes_tui.domain.approval import ResolvedCall
from hermes_tui.domain.events import FileChange
from hermes_tui.domain.ids import CallId
from hermes_tui.domain.memory import Memory, NoteDraft, Origin, Recalled, Remembered
from hermes_tui.domain.ports import (
    BeforeImages,
    Brain,
    Brains,
    CallEnd,
    Tool,
    ToolContext,
    ToolOutcome,
    ToolSpec,
    Weigh,
)
from hermes_tui.domain.processes import Background, Printed, SandboxCommand
from hermes_tui.domain.records import Place
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.domain.values import frozen
from hermes_tui.kernel.kit import RunShells
from hermes_tui.kernel.worker import Door


@frozen(kw_only=False)
class HomeImages:
    """Before-images, one at a time."""

    home: Door
    images: BeforeImages

    async def take(self, targets: Sequence[Path]) -> str:
        return await self.home.call(self.images.take, targets)

    async def restore(self, image: str, *, entirely: bool = False) -> tuple[FileChange, ...]:
        return await self.home.call(self.images.restore, image, entirely=entirely)

    async def changes(self, image: str) -> tuple[FileChange, ...]:
        return await self.home.call(self.images.changes, image)


@frozen(kw_only=False)
class HomeBrains:
    """Brains, chosen where what was probed is kept; how a request ended may be told from any thread."""

    home: Door
    brains: Brains

    async def choose(
        self,
        role: str,
        tried: Mapping[str, str],
        *,
        size_bytes: int = 0,
        tier: str = "",
        weigh: Weigh | None = None,
    ) -> Brain:
        return await self.home.call(self.brains.choose, role, tried, size_bytes=size_bytes, tier=tier, weigh=weigh)

    def ended(self, brain: Brain, end: CallEnd) -> bool:
        return self.brains.ended(brain, end)


@frozen(kw_only=False)
class HomeTool:
    """A tool of a server, whose process is talked to on one loop."""

    home: Door
    tool: Tool

    @property
    def spec(self) -> ToolSpec:
        return self.tool.spec

    def resolve(self, arguments: str, context: ToolContext) -> ResolvedCall:
        return self.tool.resolve(arguments, context)

    async def run(self, arguments: str, context: ToolContext) -> ToolOutcome:
        return await self.home.call(self._run, arguments, context)

    async def _run(self, arguments: str, context: ToolContext) -> ToolOutcome:
        return await self.tool.run(arguments, context)


def at_home(home: Door, tool: Tool) -> Tool:
    """Return a tool as a child on another loop uses it."""
    return HomeTool(home, tool) if tool.spec.server else tool


@frozen(kw_only=False)
class HomeShells:
    """Commands in the background, which all run at home."""

    home: Door
    shells: RunShells

    def of(self, place: Place, call_id: CallId) -> Background:
        return HomeBackground(self.home, self.shells.of(place, call_id))

    async def end(self) -> None:
        await self.home.call(self.shells.end)


@frozen(kw_only=False)
class HomeBackground:
    """The same, as one call of a child uses them."""

    home: Door
    background: Background

    async def start(self, command: SandboxCommand, *, text: str, effect: Effect, reach: Reach) -> str:
        return await self.home.call(self.background.start, command, text=text, effect=effect, reach=reach)

    async def read(self, shell_id: str, wait_s: float) -> Printed:
        return await self.home.call(self.background.read, shell_id, wait_s)

    async def stop(self, shell_id: str) -> Printed:
        return await self.home.call(self.background.stop, shell_id)

    def listed(self) -> tuple[str, ...]:
        return self.background.listed()


@frozen(kw_only=False)
class HomeMemory:
    """Memory, whose files and index have one owner."""

    home: Door
    memory: Memory

    async def remember(self, draft: NoteDraft, origin: Origin) -> Remembered:
        return await self.home.call(self.memory.remember, draft, origin)

    async def brief(self, query: str) -> str:
        return await self.home.call(self.memory.brief, query)

    async def recall(self, query: str, most: int, place: str) -> Sequence[Recalled]:
        return await self.home.call(self.memory.recall, query, most, place)

    async def search_sessions(self, query: str, most: int, place: str) -> Sequence[Recalled]:
        return await self.home.call(self.memory.search_sessions, query, most, place)
