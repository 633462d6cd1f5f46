"""Subagents and what became of each, and the board that the agents of a run share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field

from hermes_tui.domain.events.agent import (
    AgentEnded,
    AgentEvent,
    AgentPaused,
    AgentSpawned,
    AgentUnpaused,
    BoardSet,
)
from hermes_tui.domain.events.approval import ApprovalAsked
from hermes_tui.domain.events.model import ModelFinished
from hermes_tui.domain.events.tool import FileChange, ToolFinished
from hermes_tui.domain.ids import AgentId, CallId
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.values import frozen, replace


@frozen
class AgentStatus:
    """One child: how it was sent out and where, whether it is held, what it did, how it ended."""

    agent: AgentId
    spawned: AgentSpawned
    place: Place
    at: float
    paused: bool = False
    steps: int = 0
    calls: int = 0
    failed_calls: int = 0
    changed: Mapping[str, FileChange] = field(default_factory=dict[str, FileChange])
    ended: AgentEnded | None = None


@frozen
class BoardEntry:
    """A value on the board; `call_id` is the call that wrote it, so that a repeated call changes nothing.

    `version` counts the changes of the entry, `revision` is the board's own count with this one.
    """

    value: str
    version: int
    revision: int
    by: AgentId
    at: float
    call_id: CallId | None = None


@frozen
class AgentsState:
    """Every child of the session by its id, and the board of the latest run."""

    by_id: Mapping[AgentId, AgentStatus] = field(default_factory=dict[AgentId, AgentStatus])
    board: Mapping[str, BoardEntry] = field(default_factory=dict[str, BoardEntry])

    @property
    def revision(self) -> int:
        """How often the board of the latest run was changed; no entry ever leaves it."""
        return sum(entry.version for entry in self.board.values())

    def live(self) -> tuple[AgentStatus, ...]:
        """Return the children that have not ended, oldest first."""
        return tuple(status for status in self.by_id.values() if status.ended is None)

    def children(self, parent: AgentId) -> tuple[AgentStatus, ...]:
        """Return the children of `parent` that have not ended."""
        return tuple(status for status in self.live() if status.spawned.parent == parent)

    def below(self, agent: AgentId) -> frozenset[AgentId]:
        """Return `agent` and everything it sent out, directly or not, ended or not."""
        found = {agent}
        for status in self.by_id.values():
            # A child is always spawned after its parent, so one pass in order of spawning is enough.
            if status.spawned.parent in found:
                found.add(status.agent)
        return frozenset(found)

    def signed(self, asked: ApprovalAsked, agent: AgentId) -> ApprovalAsked:
        """Return a question of `agent` that names it, where it is a subagent."""
        status = self.by_id.get(agent)
        return asked if status is None else replace(asked, agent=agent, errand=status.spawned.title)

    def above(self, agent: AgentId) -> Iterator[AgentStatus]:
        """Yield the child `agent` itself and each child above it."""
        current: AgentId | None = agent
        while current is not None and (status := self.by_id.get(current)) is not None:
            yield status
            current = status.spawned.parent


def fold_agents(state: AgentsState, record: Record, body: AgentEvent) -> AgentsState:
    """Return the children and the board after one event of their family."""
    agent = record.place.agent
    if isinstance(body, AgentSpawned):
        status = AgentStatus(agent=agent, spawned=body, place=record.place, at=record.at)
        kept = {key: value for key, value in state.by_id.items() if key != agent}
        return replace(state, by_id={**kept, agent: status})
    if isinstance(body, BoardSet):
        entry = BoardEntry(
            value=body.value,
            version=body.version,
            revision=state.revision + 1,
            by=agent,
            at=record.at,
            call_id=body.call_id,
        )
        return replace(state, board={**state.board, body.key: entry})
    known = state.by_id.get(agent)
    if known is None:
        return state
    match body:
        case AgentPaused():
            known = replace(known, paused=True)
        case AgentUnpaused():
            known = replace(known, paused=False)
        case AgentEnded():
            known = replace(known, ended=body)
    return replace(state, by_id={**state.by_id, agent: known})


def fold_evidence(state: AgentsState, record: Record, body: ToolFinished | ModelFinished) -> AgentsState:
    """Return the children after a call or a step of one of them ended."""
    known = state.by_id.get(record.place.agent)
    if known is None:
        return state
    if isinstance(body, ModelFinished):
        return replace(state, by_id={**state.by_id, known.agent: replace(known, steps=known.steps + 1)})
    changed = {**known.changed, **{change.path: change for change in body.changed}}
    known = replace(known, calls=known.calls + 1, failed_calls=known.failed_calls + (not body.ok), changed=changed)
    return replace(state, by_id={**state.by_id, known.agent: known})
