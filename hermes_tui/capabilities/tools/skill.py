"""`skill`: the steps of a skill, read when they are wanted."""

# ruff: noqa: D417 - the kernel gives `context`; the model never reads of it

from __future__ import annotations

from typing import Annotated

from hermes_tui.capabilities.tools._schema import Bounds
from hermes_tui.capabilities.tools._tool import tool
from hermes_tui.domain.errors import ToolError
from hermes_tui.domain.ports import ToolContext
from hermes_tui.domain.tasks import Effect, Reach


@tool(effect=Effect.READ, reach=Reach.NONE, output_limit=110_000)
async def skill(name: Annotated[str, Bounds(min_length=1, max_length=64)], context: ToolContext) -> str:
    """Read how a kind of work is done here, step by step, before you do it.

    Args:
        name: The skill.
    """
    if context.skills is None:
        raise ToolError("There are no skills here.", kind="skill")
    return context.skills.text(name)
