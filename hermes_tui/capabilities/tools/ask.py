"""`ask`: a question to the operator; the kernel answers it."""

# ruff: noqa: D417 - the kernel gives `context`; the model never reads of it

from __future__ import annotations

from typing import Annotated

from hermes_tui.capabilities.tools._schema import Bounds
from hermes_tui.capabilities.tools._tool import tool
from hermes_tui.domain.errors import ToolError
from hermes_tui.domain.ports import ToolContext
from hermes_tui.domain.tasks import Effect, Reach


@tool(effect=Effect.PURE, reach=Reach.NONE)
async def ask(question: Annotated[str, Bounds(min_length=1, max_length=2000)], context: ToolContext) -> str:  # noqa: ARG001 - both are the kernel's
    """Ask the operator, where only they can know or decide.

    Args:
        question: The question, with the choices.
    """
    raise ToolError("A question is answered by the kernel, never run.", kind="kernel")
