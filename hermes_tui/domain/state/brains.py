"""Who answers for each role, from the model events alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from hermes_tui.domain.events.model import ModelChosen, ModelRequested
from hermes_tui.domain.ids import MAIN_AGENT, AgentId
from hermes_tui.domain.records import Record

Seat = tuple[AgentId, str]
"""An agent and the role that one of its requests was for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrainState:
    """The model that answers in each seat; what is chosen outside an agent's step holds for every agent."""

    answering: Mapping[Seat, str] = field(default_factory=dict[Seat, str])

    def of(self, agent: AgentId, role: str) -> str:
        """Return the model that last answered an agent for `role`, empty if none did."""
        return self.answering.get((agent, role), self.answering.get((MAIN_AGENT, role), ""))


def fold_brains(state: BrainState, record: Record, body: ModelChosen | ModelRequested) -> BrainState:
    """Return who answers after a choice or a request."""
    agent = record.place.agent
    if state.of(agent, body.role) == body.model and agent != MAIN_AGENT:
        return state
    others = state.answering
    if agent == MAIN_AGENT:
        others = {seat: model for seat, model in others.items() if seat[1] != body.role}
    return replace(state, answering={**others, (agent, body.role): body.model})
