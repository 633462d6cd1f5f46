"""Tools that the kernel itself carries out: a question to the operator, a subagent, the run's board."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from hermes_tui.domain.approval import ResolvedCall
from hermes_tui.domain.errors import ToolError
from hermes_tui.domain.ids import CallId
from hermes_tui.domain.late import late
from hermes_tui.domain.ports import Tool, ToolContext, ToolOutcome, ToolSpec
from hermes_tui.domain.provenance import SERVED
from hermes_tui.domain.records import Place
from hermes_tui.domain.values import frozen
from hermes_tui.kernel import tiers
from hermes_tui.kernel.kit import Kit

if TYPE_CHECKING:
    from hermes_tui.kernel import board, lookback
else:
    board = late("hermes_tui.kernel.board")
    lookback = late("hermes_tui.kernel.lookback")


@frozen(kw_only=False)
class Bound:
    """A tool whose work the kernel does for one call; everything else is the tool's own."""

    kit: Kit
    tool: Tool
    call_id: CallId
    resolved: ResolvedCall
    place: Place

    @property
    def spec(self) -> ToolSpec:
        return self.tool.spec

    def resolve(self, arguments: str, context: ToolContext) -> ResolvedCall:
        return self.tool.resolve(arguments, context)

    async def run(self, arguments: str, context: ToolContext) -> ToolOutcome:  # noqa: ARG002 - the shape of a tool
        return await _WORK[self.spec.schema.name](self, json.loads(arguments or "{}"))


def bound(kit: Kit, tool: Tool, call_id: CallId, resolved: ResolvedCall, place: Place) -> Tool:
    """Return the tool that carries the call out: the kernel's own part in it, or the tool as it is."""
    return Bound(kit, tool, call_id, resolved, place) if tool.spec.schema.name in _WORK else tool


async def _ask(call: Bound, _: dict[str, Any]) -> ToolOutcome:
    """Return the operator's answer to a question."""
    calls = call.kit.session.state.calls
    for approval_id, asked in calls.asked.items():
        given = calls.given.get(approval_id)
        if asked.call_id == call.call_id and given is not None:
            return ToolOutcome(output=given.reason or "yes", data="null")
    raise ToolError("Nobody answered.", kind="unanswered")


async def _delegate(call: Bound, wanted: dict[str, Any]) -> ToolOutcome:
    """Send a subagent out; its report comes as a message."""
    if call.kit.crew is None:
        raise ToolError("There are no subagents here.", hint="Do it yourself.", kind="no_crew")
    return await call.kit.crew.delegate(call.kit, wanted, call.resolved.targets, call.call_id, call.place)


async def _board(call: Bound, wanted: dict[str, Any]) -> ToolOutcome:
    """Read the board, wait for a change of it, or set an entry whose version is still the one that was read."""
    key, value, since = str(wanted.get("key", "")), wanted.get("value"), wanted.get("since")
    if value is None and since is not None:
        return await board.changes(call.kit, key, int(since), float(wanted.get("wait_s") or 0), call.place)
    if value is None:
        return board.shown(call.kit.session.state.agents, key)
    return await board.write(call.kit, call.call_id, (key, str(value), wanted.get("version")), call.place)


async def _earlier(call: Bound, wanted: dict[str, Any]) -> ToolOutcome:
    """Search what the agent's own conversation held before; the window may have left it out."""
    talk = call.kit.session.state.talk.of(call.place.agent)
    found = lookback.find(talk.messages, str(wanted.get("query", "")))
    return ToolOutcome(output="\n".join(found) or "Nothing like that was said.", data=json.dumps({"found": found}))


async def _more(call: Bound, wanted: dict[str, Any]) -> ToolOutcome:
    """Let a tool be in the agent's requests from now on; that it was asked for is all that is needed."""
    name = str(wanted.get("name", ""))
    tools = call.kit.tools
    if name not in tools and (listed := [tool for tool in tools.values() if name == f"{SERVED}{tool.spec.server}"]):
        return ToolOutcome(output="\n".join(map(tiers.served_line, listed)), data="null")
    if name not in tools:
        raise ToolError(f"There is no tool {name}.", hint=f"Tools: {', '.join(call.kit.tools)}.", kind="unknown")
    return ToolOutcome(output=f"`{name}` can be called from now on.", data="null")


_WORK: Final[dict[str, Callable[[Bound, dict[str, Any]], Awaitable[ToolOutcome]]]] = {
    "ask": _ask,
    "delegate": _delegate,
    "board": _board,
    "earlier": _earlier,
    "more": _more,
}
