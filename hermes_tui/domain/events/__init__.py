"""Everything that can happen; one module and one closed union per family."""

from typing import Final

from hermes_tui.domain.events.agent import (
    AgentEnded,
    AgentEvent,
    AgentPaused,
    AgentSpawned,
    AgentUnpaused,
    BoardSet,
    Evidence,
)
from hermes_tui.domain.events.approval import ApprovalAsked, ApprovalEvent, ApprovalGiven
from hermes_tui.domain.events.budget import BoundPassed, BudgetEvent, BudgetRefused, CapRaised, OutputLowered
from hermes_tui.domain.events.context import (
    CompactionAsked,
    ContextCompacted,
    ContextEvent,
    ContextRestored,
    MessagePinned,
    OutputsPruned,
    Portion,
    WindowFilled,
)
from hermes_tui.domain.events.guard import CircuitMoved, GuardEvent, LoopNoticed
from hermes_tui.domain.events.model import (
    ModelAwaited,
    ModelChosen,
    ModelEscalated,
    ModelEvent,
    ModelFailed,
    ModelFinished,
    ModelRequested,
    RetryScheduled,
)
from hermes_tui.domain.events.operator import (
    ConfigApplied,
    ConfigRefused,
    InterruptAsked,
    MessageGiven,
    ModeChanged,
    OperatorEvent,
    RunPaused,
    RunUnpaused,
)
from hermes_tui.domain.events.plan import EditKind, Outcome, PlanEdited, PlanEvent, PlanOp
from hermes_tui.domain.events.run import (
    ArtifactMade,
    CriterionChecked,
    ReflectionBegun,
    RunAbandoned,
    RunEnded,
    RunEvent,
    RunResumed,
    RunStarted,
    SessionForked,
    SessionNamed,
    SessionOpened,
    StrategyChosen,
)
from hermes_tui.domain.events.shell import ShellEnded, ShellEnding, ShellEvent, ShellStarted
from hermes_tui.domain.events.task import (
    RecoveryTried,
    TaskCancelled,
    TaskEvent,
    TaskFailed,
    TaskFinished,
    TaskSkipped,
    TaskStarted,
    TaskWaiting,
)
from hermes_tui.domain.events.tool import (
    FileChange,
    ToolEvent,
    ToolFinished,
    ToolIntended,
    ToolRefused,
    ToolRequested,
    ToolResolved,
)

Event = (
    RunEvent
    | PlanEvent
    | TaskEvent
    | ModelEvent
    | ToolEvent
    | ApprovalEvent
    | BudgetEvent
    | OperatorEvent
    | AgentEvent
    | ContextEvent
    | GuardEvent
    | ShellEvent
)

EVENT_TYPES: Final[dict[str, type[Event]]] = {
    kind.__name__: kind
    for kind in (
        *(SessionOpened, RunStarted, RunResumed, CriterionChecked, ArtifactMade, RunEnded),
        *(RunAbandoned, ReflectionBegun, StrategyChosen, SessionForked, SessionNamed),
        *(PlanEdited,),
        *(TaskStarted, TaskWaiting, TaskFinished, TaskFailed, TaskSkipped, TaskCancelled, RecoveryTried),
        *(ModelRequested, ModelFinished, ModelFailed, RetryScheduled, ModelChosen, ModelAwaited, ModelEscalated),
        *(ToolRequested, ToolRefused, ToolIntended, ToolFinished, ToolResolved),
        *(ApprovalAsked, ApprovalGiven),
        *(BudgetRefused, OutputLowered, BoundPassed, CapRaised),
        *(MessageGiven, ModeChanged, InterruptAsked, RunPaused, RunUnpaused, ConfigApplied, ConfigRefused),
        *(AgentSpawned, AgentPaused, AgentUnpaused, AgentEnded, BoardSet),
        *(WindowFilled, OutputsPruned, CompactionAsked, ContextCompacted, ContextRestored, MessagePinned),
        *(LoopNoticed, CircuitMoved),
        *(ShellStarted, ShellEnded),
    )
}
"""Every event by its name, as a record stores it."""

__all__ = [
    "EVENT_TYPES",
    "AgentEnded",
    "AgentEvent",
    "AgentPaused",
    "AgentSpawned",
    "AgentUnpaused",
    "ApprovalAsked",
    "ApprovalEvent",
    "ApprovalGiven",
    "ArtifactMade",
    "BoardSet",
    "BoundPassed",
    "BudgetEvent",
    "BudgetRefused",
    "CapRaised",
    "CircuitMoved",
    "CompactionAsked",
    "ConfigApplied",
    "ConfigRefused",
    "ContextCompacted",
    "ContextEvent",
    "ContextRestored",
    "CriterionChecked",
    "EditKind",
    "Event",
    "Evidence",
    "FileChange",
    "GuardEvent",
    "InterruptAsked",
    "LoopNoticed",
    "MessageGiven",
    "MessagePinned",
    "ModeChanged",
    "ModelAwaited",
    "ModelChosen",
    "ModelEscalated",
    "ModelEvent",
    "ModelFailed",
    "ModelFinished",
    "ModelRequested",
    "OperatorEvent",
    "Outcome",
    "OutputLowered",
    "OutputsPruned",
    "PlanEdited",
    "PlanEvent",
    "PlanOp",
    "Portion",
    "RecoveryTried",
    "ReflectionBegun",
    "RetryScheduled",
    "RunAbandoned",
    "RunEnded",
    "RunEvent",
    "RunPaused",
    "RunResumed",
    "RunStarted",
    "RunUnpaused",
    "SessionForked",
    "SessionNamed",
    "SessionOpened",
    "ShellEnded",
    "ShellEnding",
    "ShellEvent",
    "ShellStarted",
    "StrategyChosen",
    "TaskCancelled",
    "TaskEvent",
    "TaskFailed",
    "TaskFinished",
    "TaskSkipped",
    "TaskStarted",
    "TaskWaiting",
    "ToolEvent",
    "ToolFinished",
    "ToolIntended",
    "ToolRefused",
    "ToolRequested",
    "ToolResolved",
    "WindowFilled",
]
