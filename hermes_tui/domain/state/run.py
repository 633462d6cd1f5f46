"""The run: its goal, caps, criteria, artifacts and end."""

from __future__ import annotations

from hermes_tui.domain.events.budget import CapRaised
from hermes_tui.domain.events.operator import ModeChanged, RunPaused, RunUnpaused
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
from hermes_tui.domain.ids import RunId
from hermes_tui.domain.records import Record
from hermes_tui.domain.state.log import Log
from hermes_tui.domain.tasks import Goal, Mode
from hermes_tui.domain.usage import Limits
from hermes_tui.domain.values import frozen, replace


@frozen
class RunState:
    """What is known of the session's latest run; `ended` is None while it goes on.

    `name` is what the operator calls the session, `forked` where it was taken from.

    `strategy` is how its goal is planned, `reflections` counts the rounds after a verifier found the goal unmet,
    `reflected_seq` is the record of the latest, and `abandoned` says why what was done is undone. `steps_before` counts
    the model steps of the session's earlier runs; `paused_at` is 0 unless the run is paused now, `paused_s` how long it
    was since it was started or resumed.
    """

    workspace: str = ""
    name: str = ""
    forked: SessionForked | None = None
    run: RunId | None = None
    goal: Goal | None = None
    goal_digest: str = ""
    mode: Mode = Mode.ASK
    limits: Limits = Limits()
    grants: tuple[str, ...] = ()
    started_at: float = 0.0
    resumed_at: float = 0.0
    resumed: int = 0
    paused_at: float = 0.0
    paused_s: float = 0.0
    criteria: tuple[CriterionChecked, ...] = ()
    artifacts: Log[ArtifactMade] = Log()
    ended: RunEnded | None = None
    steps_before: int = 0
    strategy: str = ""
    reflections: int = 0
    reflected_seq: int = 0
    abandoned: str = ""

    @property
    def resumable(self) -> bool:
        """Whether the run was begun and can go on."""
        return self.run is not None and (self.ended is None or self.ended.status not in ("done", "not_done"))


def fold_run(state: RunState, record: Record, body: RunEvent) -> RunState:
    """Return the run after one event of its family."""
    match body:
        case SessionOpened():
            return replace(state, workspace=body.workspace, started_at=record.at)
        case SessionForked():
            return replace(state, forked=body, name="")
        case SessionNamed():
            return replace(state, name=body.name)
        case RunStarted():
            return replace(
                state,
                run=record.place.run,
                goal=body.goal,
                goal_digest=body.goal_digest,
                mode=body.mode,
                limits=body.limits,
                grants=body.grants,
                started_at=record.at,
                resumed_at=record.at,
            )
        case RunResumed():
            return replace(
                state,
                limits=body.limits,
                ended=None,
                criteria=(),
                resumed=state.resumed + 1,
                resumed_at=record.at,
                paused_at=0.0,
                paused_s=0.0,
            )
        case RunEnded():
            return replace(state, ended=body)
        case _:
            return _noted(state, record, body)


def _noted(
    state: RunState,
    record: Record,
    body: CriterionChecked | ArtifactMade | RunAbandoned | ReflectionBegun | StrategyChosen,
) -> RunState:
    match body:
        case CriterionChecked():
            return replace(state, criteria=(*state.criteria, body))
        case ArtifactMade():
            return replace(state, artifacts=state.artifacts.append(body))
        case RunAbandoned():
            return replace(state, abandoned=body.why or body.by)
        case ReflectionBegun():
            return replace(state, reflections=body.round, reflected_seq=record.seq, criteria=())
        case StrategyChosen():
            return replace(state, strategy=body.strategy)


def fold_settings(state: RunState, record: Record, body: CapRaised | ModeChanged | RunPaused | RunUnpaused) -> RunState:
    """Return the run after its operator moved a cap or the mode, or held it."""
    match body:
        case CapRaised():
            return replace(state, limits=body.limits)
        case ModeChanged():
            return replace(state, mode=body.mode)
        case RunPaused():
            return replace(state, paused_at=state.paused_at or record.at)
        case RunUnpaused():
            held_s = record.at - state.paused_at if state.paused_at else 0.0
            return replace(state, paused_at=0.0, paused_s=state.paused_s + max(0.0, held_s))
