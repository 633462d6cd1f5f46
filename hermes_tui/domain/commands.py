"""What an operator orders; the desk carries each command out and the journal says what came of it."""

from __future__ import annotations

from enum import StrEnum

from hermes_tui.domain.approval import Scope
from hermes_tui.domain.events.plan import PlanOp
from hermes_tui.domain.ids import AgentId, ApprovalId, Seq
from hermes_tui.domain.messages import Image
from hermes_tui.domain.parts import Effort
from hermes_tui.domain.tasks import Mode
from hermes_tui.domain.values import frozen


@frozen
class Submit:
    """A goal or a message. While a run is live it steers: the model reads it before its next reply.

    `path` names a goal file, whose text, caps, criteria and plan then make the run; it is refused while a run is live.
    """

    text: str
    path: str | None = None
    images: tuple[Image, ...] = ()


@frozen
class Interrupt:
    """Stop what runs at once; finished work is kept and the run can go on."""


@frozen
class GoOn:
    """Take the interrupted or limited run up again."""


@frozen
class Decide:
    """Answer an approval; `reason` is what the model reads, or the answer to its question."""

    approval_id: ApprovalId
    allow: bool
    scope: Scope = Scope.ONCE
    reason: str = ""


@frozen
class SwitchBrain:
    """Let `provider:model` (or `auto`, a tier, a role) answer from the next step on; `now` asks the step again."""

    model: str
    now: bool = False


@frozen
class SetEffort:
    """Let the model of `role` reason so much from the next step on; None leaves it to the model."""

    effort: Effort | None
    role: str = "cortex"


@frozen
class SetMode:
    """Choose how much runs without a question."""

    mode: Mode


@frozen
class RaiseCap:
    """Let the run spend up to `usd` US dollars in all."""

    usd: float


@frozen
class EditPlan:
    """Change the task graph of revision `base_rev`; an edit of an older one is refused."""

    base_rev: int
    why: str
    ops: tuple[PlanOp, ...]


@frozen
class UndoEdit:
    """Take the latest edit of the plan back that is not taken back yet; refused where `base_rev` is an older one."""

    base_rev: int


@frozen
class Abandon:
    """Give the run up for good: what it did is undone as far as its plan says how, in reverse order."""

    why: str = ""


@frozen
class Freeze:
    """Dispatch nothing more until `Thaw`."""


@frozen
class Thaw:
    """Go on after `Freeze`."""


@frozen
class SteerAgent:
    """Tell a subagent something; it reads it before its next reply."""

    agent: AgentId
    text: str


@frozen
class PauseAgent:
    """Let a subagent start nothing new."""

    agent: AgentId


@frozen
class ResumeAgent:
    """Let a paused subagent go on."""

    agent: AgentId


@frozen
class KillAgent:
    """End a subagent with everything it runs; what it did stands, and its parent is told."""

    agent: AgentId


class WindowChange(StrEnum):
    """Condense older messages before the next request; undo the last compaction; pin a message, or no longer."""

    CONDENSE = "condense"
    UNDO = "undo"
    PIN = "pin"
    UNPIN = "unpin"


@frozen
class ChangeWindow:
    """Change what the next requests of an agent carry; None is the first that spoke. `index` is the message to pin."""

    what: WindowChange
    agent: AgentId | None = None
    index: int = 0


@frozen
class NameSession:
    """Call the session by a name; an empty one takes it back."""

    name: str


@frozen
class UndoFiles:
    """Put the workspace's files back as they were at record `after`; refused while a run is live."""

    after: Seq


@frozen
class StartShell:
    """Run a shell command in the sandbox, beside whatever else is done; it ends with the session."""

    command: str


@frozen
class StopShell:
    """End a command that runs beside the session."""

    shell_id: str


AgentCommand = SteerAgent | PauseAgent | ResumeAgent | KillAgent
SessionCommand = (
    AgentCommand
    | Submit
    | Interrupt
    | GoOn
    | Decide
    | SwitchBrain
    | SetEffort
    | SetMode
    | RaiseCap
    | EditPlan
    | UndoEdit
    | Abandon
    | Freeze
    | Thaw
    | ChangeWindow
    | NameSession
    | UndoFiles
)
ShellCommand = StartShell | StopShell
Command = SessionCommand | ShellCommand
