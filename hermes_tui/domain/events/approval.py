"""An operator is asked and answers."""

from __future__ import annotations

from hermes_tui.domain.approval import DOUBT, Decision, Scope, SignedIntent
from hermes_tui.domain.ids import AgentId, ApprovalId, CallId
from hermes_tui.domain.tasks import Reach
from hermes_tui.domain.values import frozen


@frozen
class ApprovalAsked:
    """An operator must decide about a call, or answer a question (`tool` is then `ask`).

    `digest` binds the answer to exactly what was shown. `rule` is what would allow such calls from now on, empty where
    each must be asked about. With an `intent` leave counts only if the operator's own key countersigned it. `agent` is
    the subagent that asks and `errand` what it was sent out for; None and empty where the run's own agent or its plan
    asks.
    """

    approval_id: ApprovalId
    call_id: CallId
    tool: str
    what: str
    why: str
    reach: Reach
    undo: str
    digest: str
    rule: str = ""
    intent: SignedIntent | None = None
    agent: AgentId | None = None
    errand: str = ""

    @property
    def asker(self) -> str:
        """The subagent in words, empty if it is none."""
        return f"{self.agent} ({self.errand})" if self.agent is not None else ""

    @property
    def in_doubt(self) -> bool:
        """Whether it asks what became of a call that a crash cut off; to allow it means to run it again."""
        return self.approval_id.startswith(DOUBT)


@frozen
class ApprovalGiven:
    """The answer; `by` is operator, goal or policy. `reason` is read by the model; for `ask` it is the answer.

    `rule` is in force for the rest of the session where the scope is more than once. `signature` is the operator's own,
    in hexadecimal, over the text of the question's intent.
    """

    approval_id: ApprovalId
    decision: Decision
    scope: Scope
    by: str
    reason: str = ""
    rule: str = ""
    signature: str = ""


ApprovalEvent = ApprovalAsked | ApprovalGiven
