"""What a session is now: the fold over its records, one module per family."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from functools import reduce
from types import UnionType
from typing import Any, Final, cast, get_args

from hermes_tui.domain.circuit import Circuit
from hermes_tui.domain.events import (
    AgentEvent,
    AgentSpawned,
    ApprovalEvent,
    CapRaised,
    CircuitMoved,
    ContextEvent,
    Event,
    LoopNoticed,
    ModeChanged,
    ModelFailed,
    ModelFinished,
    ModelRequested,
    PlanEdited,
    PlanEvent,
    RunEnded,
    RunEvent,
    RunPaused,
    RunResumed,
    RunStarted,
    RunUnpaused,
    ShellEnded,
    ShellEvent,
    TaskEvent,
    ToolEvent,
    ToolFinished,
    ToolRefused,
    ToolRequested,
)
from hermes_tui.domain.ids import Seq
from hermes_tui.domain.records import Record
from hermes_tui.domain.state.agents import AgentsState, fold_agents, fold_evidence
from hermes_tui.domain.state.brains import BrainMoved, BrainState, fold_brains
from hermes_tui.domain.state.calls import CallState, fold_approval, fold_calls, fold_changes, without_run
from hermes_tui.domain.state.edits import fold_plan
from hermes_tui.domain.state.graph import GraphState, fold_answer, fold_request, fold_result, fold_task, halted
from hermes_tui.domain.state.guard import GuardState, Seen, fold_attempt, fold_guard
from hermes_tui.domain.state.run import RunState, fold_run, fold_settings
from hermes_tui.domain.state.shells import ShellState, fold_shells
from hermes_tui.domain.state.spend import SpendState, fold_spend
from hermes_tui.domain.state.talk import Spoken, TalkState, fold_talk, kept_by
from hermes_tui.domain.state.window import WindowState, fold_window, shaken_window
from hermes_tui.domain.values import frozen, replace


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

    @property
    def steps(self) -> int:
        """The model steps of every agent in the run so far."""
        return sum(conversation.steps for conversation in self.talk.by_agent.values()) - self.run.steps_before


def fold(state: SessionState, record: Record) -> SessionState:
    """Return the state after `record`; pure."""
    body = record.body
    first, folds = _FOLDS.get(type(body), _UNTOLD)
    if first is not None:
        state = first(state, record)
    parts: dict[str, Any] = {"seq": record.seq, "at": record.at}
    for part, fold_part in folds:
        parts[part] = fold_part(getattr(state, part), record, body)
    return replace(state, **parts)


def _next_run(state: SessionState, _: Record) -> SessionState:
    """Return the state in which another run of the session begins: its plan, caps and end are its own."""
    was = state.run
    steps = was.steps_before + state.steps
    run = RunState(workspace=was.workspace, name=was.name, forked=was.forked, steps_before=steps)
    agents = replace(state.agents, board={})
    calls = without_run(state.calls)
    return replace(state, run=run, graph=GraphState(), spend=state.spend.next_run(), agents=agents, calls=calls)


def _stopped(state: SessionState, _: Record) -> SessionState:
    """Return the state in which a run is taken up again: nothing but the record before says when its work stopped."""
    return replace(state, graph=halted(state.graph, state.at))


def _shaken(state: SessionState, record: Record) -> SessionState:
    """Return the state in which a conversation goes in circles: a reset of it renumbers what its window speaks of."""
    body, agent = record.body, record.place.agent
    if not isinstance(body, LoopNoticed) or agent not in state.talk.by_agent:
        return state
    kept = kept_by(state.talk.of(agent), body)
    return state if kept is None else replace(state, windows=shaken_window(state.windows, agent, kept))


def _attempted(state: SessionState, record: Record) -> SessionState:
    """Return the state in which a call ended or was refused: what was asked for only the calls know, until now."""
    body = record.body
    if not isinstance(body, (ToolFinished, ToolRefused)):
        return state
    guard = fold_attempt(state.guard, record.place.agent, state.calls.requested.get(body.call_id), body)
    return state if guard is state.guard else replace(state, guard=guard)


def _edited(state: GraphState, _: Record, body: PlanEdited) -> GraphState:
    return fold_plan(state, body)


def _ended(state: GraphState, record: Record, _: RunEnded) -> GraphState:
    return halted(state, record.at)


def _shell_changes(state: CallState, _: Record, body: ShellEnded) -> CallState:
    return fold_changes(state, body.changed)


def _circuit(state: Mapping[str, Circuit], record: Record, body: CircuitMoved) -> Mapping[str, Circuit]:
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


_Fold = Callable[[Any, Record, Any], object]
"""Takes a part of the state, a record and its body, which is of a kind that the part is told of."""
_First = Callable[[SessionState, Record], SessionState]
_FIRST: Final[Mapping[type[Event], _First]] = {
    RunStarted: _next_run,
    RunResumed: _stopped,
    LoopNoticed: _shaken,
    ToolFinished: _attempted,
    ToolRefused: _attempted,
}
"""What a record means for more than one part, before each part is told of it."""
_TOLD: Final[tuple[tuple[str, _Fold, UnionType | type], ...]] = (
    ("run", fold_run, RunEvent),
    ("run", fold_settings, CapRaised | ModeChanged | RunPaused | RunUnpaused),
    ("graph", _edited, PlanEvent),
    ("graph", fold_task, TaskEvent),
    ("graph", fold_answer, ModelFinished),
    ("graph", fold_request, ToolRequested),
    ("graph", fold_result, ToolFinished),
    ("graph", _ended, RunEnded),
    ("calls", fold_calls, ToolEvent),
    ("calls", fold_approval, ApprovalEvent),
    ("calls", _shell_changes, ShellEnded),
    ("talk", fold_talk, Spoken),
    ("spend", fold_spend, ModelRequested | ModelFinished | ModelFailed | AgentSpawned),
    ("agents", fold_agents, AgentEvent),
    ("agents", fold_evidence, ToolFinished | ModelFinished),
    ("windows", fold_window, ContextEvent | AgentSpawned),
    ("guard", fold_guard, Seen),
    ("brains", fold_brains, BrainMoved),
    ("circuits", _circuit, CircuitMoved),
    ("shells", fold_shells, ShellEvent),
)
"""Which part of the state is told of which kinds of records, and by what."""


_Folds = tuple[_First | None, Sequence[tuple[str, _Fold]]]
_UNTOLD: Final[_Folds] = (None, ())


def _by_kind() -> Mapping[type[Event], _Folds]:
    """Return what is to be done for each kind: a resume folds every record of a session, so that is found at once."""
    found: dict[type[Event], list[tuple[str, _Fold]]] = {kind: [] for kind in _FIRST}
    for part, fold_part, family in _TOLD:
        kinds = cast("Sequence[type[Event]]", get_args(family) or (family,))
        for kind in kinds:
            found.setdefault(kind, []).append((part, fold_part))
    return {kind: (_FIRST.get(kind), folds) for kind, folds in found.items()}


_FOLDS: Final = _by_kind()


def fold_all(records: Iterable[Record], state: SessionState | None = None) -> SessionState:
    """Return the state after every record, in order."""
    return reduce(fold, records, state or SessionState())
