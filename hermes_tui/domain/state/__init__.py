"""What a session is now: the fold over its records, one module per family."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from hermes_tui.domain.events import (
    AgentEnded,
    AgentPaused,
    AgentSpawned,
    AgentUnpaused,
    ApprovalAsked,
    ApprovalGiven,
    ArtifactMade,
    BoardSet,
    CapRaised,
    ContextCompacted,
    ContextRestored,
    CriterionChecked,
    LoopNoticed,
    MessageGiven,
    MessagePinned,
    ModeChanged,
    ModelChosen,
    ModelEscalated,
    ModelFailed,
    ModelFinished,
    ModelRequested,
    OutputsPruned,
    PlanEdited,
    RecoveryTried,
    ReflectionBegun,
    RunAbandoned,
    RunEnded,
    RunPaused,
    RunResumed,
    RunStarted,
    RunUnpaused,
    SessionForked,
    SessionNamed,
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
    WindowFilled,
)
from hermes_tui.domain.ids import Seq
from hermes_tui.domain.records import Record
from hermes_tui.domain.state.agents import AgentsState, fold_agents, fold_evidence
from hermes_tui.domain.state.brains import BrainState, fold_brains
from hermes_tui.domain.state.calls import CallState, fold_approval, fold_calls
from hermes_tui.domain.state.edits import fold_plan
from hermes_tui.domain.state.graph import GraphState, fold_answer, fold_result, fold_task
from hermes_tui.domain.state.guard import GuardState, fold_guard
from hermes_tui.domain.state.run import RunState, fold_run, fold_settings
from hermes_tui.domain.state.spend import SpendState, Spent, fold_spend
from hermes_tui.domain.state.talk import Spoken, TalkState, fold_talk, kept_by
from hermes_tui.domain.state.window import WindowState, fold_window, shaken_window
from hermes_tui.domain.values import frozen, replace

_WATCHED = ToolRequested | ToolFinished | ToolRefused | ModelFinished | MessageGiven | LoopNoticed
_RUN = (
    SessionOpened
    | SessionForked
    | SessionNamed
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
_SPEND = ModelRequested | ModelFinished | ModelFailed | AgentSpawned
_MOVED = ModelChosen | ModelRequested | ModelEscalated | MessageGiven
_AGENT = AgentSpawned | AgentPaused | AgentUnpaused | AgentEnded | BoardSet
_WINDOW = WindowFilled | OutputsPruned | ContextCompacted | ContextRestored | MessagePinned | AgentSpawned


@frozen
class SessionState:
    """Everything a pane, a resume or the next step needs to know, after record `seq`."""

    seq: Seq = Seq(0)
    run: RunState = RunState()
    graph: GraphState = GraphState()
    talk: TalkState = TalkState()
    calls: CallState = CallState()
    spend: SpendState = SpendState()
    agents: AgentsState = AgentsState()
    windows: WindowState = WindowState()
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
        talk=fold_talk(state.talk, record, body) if isinstance(body, Spoken) else state.talk,
        spend=fold_spend(state.spend, record, body) if isinstance(body, _SPEND) else state.spend,
        agents=_agents(state.agents, record),
        windows=_windows(state, record),
        guard=fold_guard(state.guard, record, body) if isinstance(body, _WATCHED) else state.guard,
        brains=fold_brains(state.brains, record, body) if isinstance(body, _MOVED) else state.brains,
    )


def _agents(state: AgentsState, record: Record) -> AgentsState:
    body = record.body
    if isinstance(body, ToolFinished | ModelFinished):
        return fold_evidence(state, record, body)
    return fold_agents(state, record, body) if isinstance(body, _AGENT) else state


def _windows(state: SessionState, record: Record) -> WindowState:
    """Return the windows after a record; a reset of the conversation renumbers what they speak of."""
    body, agent = record.body, record.place.agent
    if isinstance(body, LoopNoticed) and agent in state.talk.by_agent:
        kept = kept_by(state.talk.of(agent), body)
        return shaken_window(state.windows, agent, kept) if kept is not None else state.windows
    return fold_window(state.windows, record, body) if isinstance(body, _WINDOW) else state.windows


def _next_run(state: SessionState) -> SessionState:
    """Return the state in which another run of the session begins: its plan, caps and end are its own."""
    steps = sum(conversation.steps for conversation in state.talk.by_agent.values())
    was = state.run
    run = RunState(workspace=was.workspace, name=was.name, forked=was.forked, steps_before=steps)
    agents = replace(state.agents, board={})
    return replace(state, run=run, graph=GraphState(), spend=replace(state.spend, run=Spent()), agents=agents)


def fold_all(records: Iterable[Record], state: SessionState | None = None) -> SessionState:
    """Return the state after every record, in order."""
    return reduce(fold, records, state or SessionState())
