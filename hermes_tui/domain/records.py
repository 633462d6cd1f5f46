"""A record: an event with its time, its order and its place."""

from __future__ import annotations

from typing import Final

from hermes_tui.domain.events import Event
from hermes_tui.domain.ids import MAIN_AGENT, AgentId, RunId, Seq, SessionId, TaskId, TurnId
from hermes_tui.domain.values import frozen

RECORD_VERSION: Final = 1
NO_CAUSE: Final = Seq(0)


@frozen
class Place:
    """Where an event belongs; `cause` is the seq of the record that led to it, 0 if none."""

    session: SessionId
    run: RunId | None = None
    turn: TurnId | None = None
    task: TaskId | None = None
    attempt: int = 0
    agent: AgentId = MAIN_AGENT
    cause: Seq = NO_CAUSE


@frozen
class Record:
    """One line of a journal. `at` is Unix seconds, UTC; order is by `seq`, never by `at`."""

    seq: Seq
    at: float
    place: Place
    body: Event
    v: int = RECORD_VERSION

    @property
    def type(self) -> str:
        """The event's name."""
        return type(self.body).__name__
