"""What a session is now: the fold over its records, one module per family."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce

from hermes_tui.domain.events import (
    ApprovalAsked,
    ApprovalGiven,
    ArtifactMade,
    CapRaised,
    CriterionChecked,
    LoopNoticed,
    MessageGiven,
    ModeChanged,
    ModelChosen,
    ModelEscalated,
    ModelFailed,
    ModelFinished,
    ModelRequested,
    PlanEdited,
    RecoveryTried,
    ReflectionBegun,
    RunAbandoned,
    RunEnded,
    RunPaused,
    RunResumed,
    RunStarted,
    RunUnpaused,
    SessionOpened,
    StrategyChosen,
    TaskCancelled,
    TaskFailed,
    TaskFinished,
    TaskSkipped,
    TaskStarted,
    TaskWaiting,
    ToolFinished,
    ToolIntended,
    ToolRefused,
    ToolRequested,
    ToolResolved,
)
from hermes_tui.domain.ids import Seq
from hermes_tui.domain.records import Record
from hermes_tui.domain.state.brains import BrainState, fold_brains
from hermes_tui.domain.state.calls import CallState, fold_approval, fold_calls
from hermes_tui.domain.state.edits import fold_plan
from hermes_tui.domain.state.graph import GraphState, fold_answer, fold_result, fold_task
from hermes_tui.domain.state.guard import GuardState, fold_guard
from hermes_tui.domain.state.run import RunState, fold_run, fold_settings
from hermes_tui.domain.state.spend import SpendState, Spent, fold_spend
from hermes_tui.domain.state.talk import TalkState, fold_talk

_SPOKEN = MessageGiven | ModelRequested | ModelFinished | ModelFailed | ToolFinished | ToolRefused | LoopNoticed
_WATCHED = ToolRequested | ToolFinished | ToolRefused | ModelFinished | MessageGiven | LoopNoticed
_RUN = (
    SessionOpened
    | RunStarted
    | RunResumed
    | CriterionChecked
    | ArtifactMade
    | RunEnded
    | RunAbandoned
    | ReflectionBegun
    | StrategyChosen
)
_TASK = TaskStarted | TaskWaiting | TaskFinished | TaskFailed | TaskSkipped | TaskCancelled | RecoveryTried
_SPEND = ModelRequested | ModelFinished | ModelFailed
_MOVED = ModelChosen | ModelRequested | ModelEscalated | MessageGiven


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionState:
    """Everything a pane, a resume or the next step needs to know, after record `seq`."""

    seq: Seq = Seq(0)
    run: RunState = RunState()
    graph: GraphState = GraphState()
    talk: TalkState = TalkState()
    calls: CallState = CallState()
    spend: SpendState = SpendState()
    guard: GuardState = GuardState()
    brains: BrainState = BrainState()


def fold(state: SessionState, record: Record) -> SessionState:
    """Return the state after `record`; pure."""
    body = record.body
    run, graph, calls = state.run, state.graph, state.calls
    if isinstance(body, RunStarted):
        state = _next_run(state)
        run, graph = state.run, state.graph
    if isinstance(body, _RUN):
        run = fold_run(run, record, body)
    elif isinstance(body, _TASK):
        graph = fold_task(graph, record, body)
    match body:
        case CapRaised() | ModeChanged() | RunPaused() | RunUnpaused():
            run = fold_settings(run, record, body)
        case PlanEdited():
            graph = fold_plan(graph, body)
        case ModelFinished():
            graph = fold_answer(graph, record, body)
        case ToolFinished():
            calls, graph = fold_calls(calls, record, body), fold_result(graph, record, body)
        case ToolRequested() | ToolRefused() | ToolIntended() | ToolResolved():
            calls = fold_calls(calls, record, body)
        case ApprovalAsked() | ApprovalGiven():
            calls = fold_approval(calls, record, body)
        case _:
            pass
    # Built, not `replace`d: this runs for every record of a resume, and copying by name takes three times as long.
    return SessionState(
        seq=record.seq,
        run=run,
        graph=graph,
        calls=calls,
        talk=fold_talk(state.talk, record, body) if isinstance(body, _SPOKEN) else state.talk,
        spend=fold_spend(state.spend, record, body) if isinstance(body, _SPEND) else state.spend,
        guard=fold_guard(state.guard, record, body) if isinstance(body, _WATCHED) else state.guard,
        brains=fold_brains(state.brains, record, body) if isinstance(body, _MOVED) else state.brains,
    )


def _next_run(state: SessionState) -> SessionState:
    """Return the state in which another run of the session begins: its plan, caps and end are its own."""
    steps = sum(conversation.steps for conversation in state.talk.by_agent.values())
    run = RunState(workspace=state.run.workspace, steps_before=steps)
    return replace(state, run=run, graph=GraphState(), spend=replace(state.spend, run=Spent()))


def fold_all(records: Iterable[Record], state: SessionState | None = None) -> SessionState:
    """Return the state after every record, in order."""
    return reduce(fold, records, state or SessionState())
