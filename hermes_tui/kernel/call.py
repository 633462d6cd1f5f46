"""A tool call that is wanted, and its refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from hermes_tui.domain.errors import ToolError
from hermes_tui.domain.events import ToolRefused
from hermes_tui.domain.ids import CallId
from hermes_tui.domain.records import Place
from hermes_tui.domain.tasks import Effect
from hermes_tui.domain.values import frozen
from hermes_tui.kernel.billing import Settle, settled
from hermes_tui.kernel.kit import Kit


@frozen
class Call:
    """A call to carry out. `raised` is the effect that a plan asks for, never below the tool's own.

    `settle` is awaited before anything is done: then the reply that asks for the call is on disk. `is_task`: it is all
    that the task of its place does.
    """

    call_id: CallId
    tool: str
    arguments: str
    rationale: str = ""
    expectation: str = ""
    raised: Effect | None = None
    timeout_s: float | None = None
    key: str = ""
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    settle: Settle = settled
    is_task: bool = False


class Refused(ToolError):
    """A call was not run; `stage` says where it was stopped."""

    def __init__(self, message: str, *, stage: str) -> None:
        super().__init__(message, kind=f"refused_{stage}")
        self.stage = stage


def refuse(kit: Kit, call: Call, place: Place, stage: str, reason: str) -> Refused:
    """Put on record that a call is not run, and return what to raise."""
    match stage:
        case "schema" | "policy" | "critic" | "circuit" | "approval":
            event = ToolRefused(call_id=call.call_id, tool=call.tool, stage=stage, reason=reason)
        case _:
            event = ToolRefused(call_id=call.call_id, tool=call.tool, stage="sandbox", reason=reason)
    kit.session.emit(event, place)
    return Refused(reason, stage=stage)
