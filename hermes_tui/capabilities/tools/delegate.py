"""`delegate`, `board`, `earlier`, `more`: subagents, what they share, what is not in view; the kernel does the work."""

# ruff: noqa: ARG001, D417, PLR0913, PLR0917 - a signature is the schema; the kernel does the work and gives `context`

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

from hermes_tui.capabilities.tools._schema import Bounds
from hermes_tui.capabilities.tools._tool import tool
from hermes_tui.domain.approval import ResolvedCall
from hermes_tui.domain.errors import PathRefused, ToolError
from hermes_tui.domain.ports import ToolContext
from hermes_tui.domain.tasks import Effect, Reach

BOARD_WAIT_S: Final = 300.0
Names = Annotated[list[str], Bounds(max_length=50)]
Short = Annotated[str, Bounds(max_length=200)]


def _resolve(*, task: str, context: ToolContext, title: str, write: list[str] | None, **_: object) -> ResolvedCall:
    """Say which paths the subagent may change; all of them must be the caller's own."""
    own = context.workspace.write
    wanted = own if write is None else tuple(_real(name, context) for name in write)
    for path in wanted:
        if not any(path == scope or path.is_relative_to(scope) for scope in own):
            raise PathRefused(f"{path} is outside your write scope.", hint="Give what you may write yourself.")
    return ResolvedCall(
        tool="delegate",
        effect=Effect.PURE,
        reach=Reach.NONE,
        summary=title or task,
        targets=tuple(str(path) for path in wanted),
    )


def _real(name: str, context: ToolContext) -> Path:
    return Path(os.path.realpath(context.workspace.root / name))


@tool(effect=Effect.PURE, reach=Reach.NONE, resolve=_resolve)
async def delegate(
    task: Annotated[str, Bounds(min_length=1, max_length=20_000)],
    context: ToolContext,
    title: Short = "",
    role: Short = "",
    model: Short = "",
    tools: Names | None = None,
    write: Names | None = None,
    returns: Names | None = None,
    instructions: Annotated[str, Bounds(max_length=4000)] = "",
    budget_usd: Annotated[float, Bounds(gt=0)] | None = None,
    minutes: Annotated[float, Bounds(gt=0, le=1440)] | None = None,
    steps: Annotated[int, Bounds(ge=1, le=1000)] | None = None,
) -> str:
    """Send out a subagent for a task with much to read or that can run beside yours; only its short report comes back.

    Args:
        task: All it must know; it sees nothing of this conversation.
        title: A few words for the operator.
        role: Which brain, such as cerebellum.web_extraction.
        model: provider:model instead.
        tools: Tools it may call; left out, yours.
        write: Paths it may change; left out, yours; [] for none.
        returns: Fields of the JSON object it must answer with.
        instructions: How it is to work.
        budget_usd: Its slice of your budget.
        minutes: Its deadline.
        steps: Its most model steps.
    """
    raise ToolError("A subagent is sent out by the kernel.", kind="kernel")


@tool(effect=Effect.PURE, reach=Reach.NONE)
async def earlier(query: Annotated[str, Bounds(min_length=1, max_length=500)], context: ToolContext) -> str:
    """Find what was said or seen earlier in this conversation and is no longer in view.

    Args:
        query: Words that stood in it.
    """
    raise ToolError("The kernel keeps the conversation.", kind="kernel")


@tool(effect=Effect.PURE, reach=Reach.NONE)
async def more(name: Annotated[str, Bounds(min_length=1, max_length=64)], context: ToolContext) -> str:
    """Have one of the further tools, so that it can be called from your next reply on.

    Args:
        name: The tool, or `mcp.NAME` for a list of a server's.
    """
    raise ToolError("The kernel chooses what a request carries.", kind="kernel")


@tool(effect=Effect.PURE, reach=Reach.NONE, timeout_s=BOARD_WAIT_S)
async def board(
    context: ToolContext,
    key: Annotated[str, Bounds(max_length=100)] = "",
    value: Annotated[str, Bounds(max_length=20_000)] | None = None,
    version: Annotated[int, Bounds(ge=0)] | None = None,
    since: Annotated[int, Bounds(ge=0)] | None = None,
    wait_s: Annotated[float, Bounds(ge=0, le=BOARD_WAIT_S)] = 0,
) -> str:
    """Read or write what all agents of this run share. Without a key: all keys; without a value: read.

    Args:
        key: The entry.
        value: New text.
        version: The version you read; 0 for a new entry. Refused if it has moved on.
        since: Only what changed after this revision of the board.
        wait_s: Wait so long for such a change.
    """
    raise ToolError("The board is the kernel's.", kind="kernel")
