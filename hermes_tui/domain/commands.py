"""What an operator orders; the desk carries each command out and the journal says what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from hermes_tui.domain.approval import Scope
from hermes_tui.domain.events.plan import PlanOp
from hermes_tui.domain.ids import AgentId, ApprovalId, Seq
from hermes_tui.domain.tasks import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """A goal or a message. While a run is live it steers: the model reads it before its next reply.

    `path` names a goal file, whose text, caps, criteria and plan then make the run; it is refused while a run is live.
    """

    text: str
    path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupt:
    """Stop what runs at once; finished work is kept and the run can go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoOn:
    """Take the interrupted or limited run up again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide:
    """Answer an approval; `reason` is what the model reads, or the answer to its question."""

    approval_id: ApprovalId
    allow: bool
    scope: Scope = Scope.ONCE
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchBrain:
    """Let `provider:model` (or `auto`, a tier, a role) answer from the next step on; `now` asks the step again."""

    model: str
    now: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SetMode:
    """Choose how much runs without a question."""

    mode: Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseCap:
    """Let the run spend up to `usd` US dollars in all."""

    usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EditPlan:
    """Change the task graph of revision `base_rev`; an edit of an older one is refused."""

    base_rev: int
    why: str
    ops: tuple[PlanOp, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoEdit:
    """Take the latest edit of the plan back that is not taken back yet; refused where `base_rev` is an older one."""

    base_rev: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Abandon:
    """Give the run up for good: what it did is undone as far as its plan says how, in reverse order."""

    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """Dispatch nothing more until `Thaw`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thaw:
    """Go on after `Freeze`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SteerAgent:
    """Tell a subagent something; it reads it before its next reply."""

    agent: AgentId
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseAgent:
    """Let a subagent start nothing new."""

    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeAgent:
    """Let a paused subagent go on."""

    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class KillAgent:
    """End a subagent with everything it runs; what it did stands, and its parent is told."""

    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class NameSession:
    """Call the session by a name; an empty one takes it back."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoFiles:
    """Put the workspace's files back as they were at record `after`; refused while a run is live."""

    after: Seq


AgentCommand = SteerAgent | PauseAgent | ResumeAgent | KillAgent
Command = (
    AgentCommand
    | Submit
    | Interrupt
    | GoOn
    | Decide
    | SwitchBrain
    | SetMode
    | RaiseCap
    | EditPlan
    | UndoEdit
    | Abandon
    | Freeze
    | Thaw
    | NameSession
    | UndoFiles
)
