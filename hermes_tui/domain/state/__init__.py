"""What a session is now: the fold over its records, one module per family."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from functools import reduce
from itertools import chain
from types import UnionType
from typing import Final, get_args

from hermes_tui.domain.circuit import Circuit
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
    CircuitMoved,
    CompactionAsked,
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
    ShellEnded,
    ShellStarted,
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
from hermes_tui.domain.state.calls import CallState, fold_approval, fold_calls, fold_changes
from hermes_tui.domain.state.edits import fold_plan
from hermes_tui.domain.state.graph import GraphState, fold_answer, fold_result, fold_task, halted
from hermes_tui.domain.state.guard import GuardState, fold_guard
from hermes_tui.domain.state.run import RunState, fold_run, fold_settings
from hermes_tui.domain.state.shells import ShellState, fold_shells
from hermes_tui.domain.state.spend import SpendState, fold_spend
from hermes_tui.domain.state.talk import Spoken, TalkState, fold_talk, kept_by
from hermes_tui.domain.state.window import WindowState, fold_window, shaken_window
from hermes_tui.domain.values import frozen, replace

_WATCHED = ToolRequested | ToolFinished | ToolRefused | ModelFinished | MessageGiven | LoopNoticed | AgentSpawned
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
_WINDOW = (
    WindowFilled | OutputsPruned | CompactionAsked | ContextCompacted | ContextRestored | MessagePinned | AgentSpawned
)
_SETTING = CapRaised | ModeChanged | RunPaused | RunUnpaused
_CALL = ToolRequested | ToolFinished | ToolRefused | ToolIntended | ToolResolved
_APPROVAL = ApprovalAsked | ApprovalGiven
_EVIDENCE = ToolFinished | ModelFinished
_SHELL = ShellStarted | ShellEnded


def _kinds(*families: UnionType | type) -> frozenset[type]:
    members = (get_args(family) if isinstance(family, UnionType) else (family,) for family in families)
    return frozenset(chain.from_iterable(members))


# A resume folds every record of a session: that an event is none of a family is found by one look into a set, where
# `isinstance` would go through the members of the union one by one.
_OF_RUN: Final = _kinds(_RUN, _SETTING, RunStarted)
_OF_GRAPH: Final = _kinds(_TASK, PlanEdited, ModelFinished, ToolFinished, RunEnded, RunResumed)
_OF_CALLS: Final = _kinds(_CALL, _APPROVAL, ShellEnded)
_OF_TALK: Final = _kinds(Spoken)
_OF_SPEND: Final = _kinds(_SPEND)
_OF_AGENTS: Final = _kinds(_AGENT, _EVIDENCE)
_OF_WINDOWS: Final = _kinds(_WINDOW, LoopNoticed)
_OF_GUARD: Final = _kinds(_WATCHED)
_OF_BRAINS: Final = _kinds(_MOVED)
_OF_SHELLS: Final = _kinds(_SHELL)


@frozen
class SessionState:
    """Everything a pane, a resume or the next step needs to know, after record `seq`, which was written at `at`.

    `circuits` holds what failed lately and has not worked since, by the name that its calls know it by.
    """

    seq: Seq = Seq(0)
    at: float = 0.0
    run: RunState = RunState()
    graph: GraphState = GraphState()
    talk: TalkState = TalkState()
    calls: CallState = CallState()
    spend: SpendState = SpendState()
    agents: AgentsState = AgentsState()
    windows: WindowState = WindowState()
    guard: GuardState = GuardState()
    brains: BrainState = BrainState()
    circuits: Mapping[str, Circuit] = field(default_factory=dict[str, Circuit])
    shells: ShellState = ShellState()


def fold(state: SessionState, record: Record) -> SessionState:
    """Return the state after `record`; pure."""
    kind = type(record.body)
    if kind is RunStarted:
        state = _next_run(state)
    # Built, not `replace`d: this runs for every record of a resume, and copying by name takes three times as long.
    return SessionState(
        seq=record.seq,
        at=record.at,
        run=_run(state.run, record) if kind in _OF_RUN else state.run,
        graph=_graph(state, record) if kind in _OF_GRAPH else state.graph,
        calls=_calls(state.calls, record) if kind in _OF_CALLS else state.calls,
        talk=_talk(state.talk, record) if kind in _OF_TALK else state.talk,
        spend=_spend(state.spend, record) if kind in _OF_SPEND else state.spend,
        agents=_agents(state.agents, record) if kind in _OF_AGENTS else state.agents,
        windows=_windows(state, record) if kind in _OF_WINDOWS else state.windows,
        guard=_guard(state.guard, record) if kind in _OF_GUARD else state.guard,
        brains=_brains(state.brains, record) if kind in _OF_BRAINS else state.brains,
        circuits=_circuits(state.circuits, record) if kind is CircuitMoved else state.circuits,
        shells=_shells(state.shells, record) if kind in _OF_SHELLS else state.shells,
    )


def _run(state: RunState, record: Record) -> RunState:
    body = record.body
    if isinstance(body, _SETTING):
        return fold_settings(state, record, body)
    return fold_run(state, record, body) if isinstance(body, _RUN) else state


def _graph(state: SessionState, record: Record) -> GraphState:
    graph = state.graph
    match record.body:
        case PlanEdited():
            return fold_plan(graph, record.body)
        case ModelFinished():
            return fold_answer(graph, record, record.body)
        case ToolFinished():
            return fold_result(graph, record, record.body)
        case RunEnded():
            return halted(graph, record.at)
        case RunResumed():
            return halted(graph, state.at)  # After a crash nothing says when work stopped but the record before.
        case body:
            return fold_task(graph, record, body) if isinstance(body, _TASK) else graph


def _calls(state: CallState, record: Record) -> CallState:
    body = record.body
    if isinstance(body, _CALL):
        return fold_calls(state, record, body)
    if isinstance(body, ShellEnded):
        return fold_changes(state, body.changed)
    return fold_approval(state, record, body) if isinstance(body, _APPROVAL) else state


def _talk(state: TalkState, record: Record) -> TalkState:
    body = record.body
    return fold_talk(state, record, body) if isinstance(body, Spoken) else state


def _spend(state: SpendState, record: Record) -> SpendState:
    body = record.body
    return fold_spend(state, record, body) if isinstance(body, _SPEND) else state


def _guard(state: GuardState, record: Record) -> GuardState:
    body = record.body
    return fold_guard(state, record, body) if isinstance(body, _WATCHED) else state


def _brains(state: BrainState, record: Record) -> BrainState:
    body = record.body
    return fold_brains(state, record, body) if isinstance(body, _MOVED) else state


def _circuits(state: Mapping[str, Circuit], record: Record) -> Mapping[str, Circuit]:
    body = record.body
    if not isinstance(body, CircuitMoved):
        return state
    others = {name: one for name, one in state.items() if name != body.circuit}
    if body.flow == "closed":
        return others
    moved = Circuit(
        failures=body.failures,
        why=body.why,
        at=record.at,
        open_until=body.open_until,
        probed_until=body.probed_until,
    )
    return {**others, body.circuit: moved}


def _shells(state: ShellState, record: Record) -> ShellState:
    body = record.body
    return fold_shells(state, record, body) if isinstance(body, _SHELL) else state


def _agents(state: AgentsState, record: Record) -> AgentsState:
    body = record.body
    if isinstance(body, _EVIDENCE):
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
    return replace(state, run=run, graph=GraphState(), spend=state.spend.next_run(), agents=agents)


def fold_all(records: Iterable[Record], state: SessionState | None = None) -> SessionState:
    """Return the state after every record, in order."""
    return reduce(fold, records, state or SessionState())
