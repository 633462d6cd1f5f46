"""An operator is asked and answers."""

from __future__ import annotations

from dataclasses import dataclass

from hermes_tui.domain.approval import Decision, Scope
from hermes_tui.domain.ids import ApprovalId, CallId
from hermes_tui.domain.tasks import Reach


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalAsked:
    """An operator must decide about a call, or answer a question (`tool` is then `ask`).

    `digest` binds the answer to exactly what was shown.
    """

    approval_id: ApprovalId
    call_id: CallId
    tool: str
    what: str
    why: str
    reach: Reach
    undo: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalGiven:
    """The answer; `by` is operator, goal or policy. `reason` is read by the model; for `ask` it is the answer."""

    approval_id: ApprovalId
    decision: Decision
    scope: Scope
    by: str
    reason: str = ""


ApprovalEvent = ApprovalAsked | ApprovalGiven
