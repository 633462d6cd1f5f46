"""Who answers for each role, from the model events alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from hermes_tui.domain.events.model import ModelChosen, ModelEscalated, ModelRequested
from hermes_tui.domain.events.operator import MessageGiven
from hermes_tui.domain.ids import MAIN_AGENT, AgentId
from hermes_tui.domain.messages import Source
from hermes_tui.domain.records import Record
from hermes_tui.domain.values import frozen, replace

Seat = tuple[AgentId, str]
"""An agent and the role that one of its requests was for."""
BrainMoved = ModelChosen | ModelRequested | ModelEscalated | MessageGiven


@frozen
class BrainState:
    """The model that answers in each seat; what is chosen outside an agent's step holds for every agent.

    `tiers` is the tier that an agent was raised to, until the operator's next message to it.
    """

    answering: Mapping[Seat, str] = field(default_factory=dict[Seat, str])
    tiers: Mapping[AgentId, str] = field(default_factory=dict[AgentId, str])

    def of(self, agent: AgentId, role: str) -> str:
        """Return the model that last answered an agent for `role`, empty if none did."""
        return self.answering.get((agent, role), self.answering.get((MAIN_AGENT, role), ""))


def fold_brains(state: BrainState, record: Record, body: BrainMoved) -> BrainState:
    """Return who answers after a choice, a request, an escalation or the next message."""
    agent = record.place.agent
    match body:
        case ModelEscalated():
            return replace(state, tiers={**state.tiers, agent: body.to_tier})
        case MessageGiven():
            if body.source is not Source.OPERATOR or agent not in state.tiers:
                return state
            return replace(state, tiers={other: tier for other, tier in state.tiers.items() if other != agent})
        case ModelChosen() | ModelRequested():
            return _seated(state, agent, body)


def _seated(state: BrainState, agent: AgentId, body: ModelChosen | ModelRequested) -> BrainState:
    if state.of(agent, body.role) == body.model and agent != MAIN_AGENT:
        return state
    others = state.answering
    if agent == MAIN_AGENT:
        others = {seat: model for seat, model in others.items() if seat[1] != body.role}
    return replace(state, answering={**others, (agent, body.role): body.model})
