"""What was spent and what is reserved, from the model events alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from hermes_tui.domain.events.agent import AgentSpawned
from hermes_tui.domain.events.model import ModelEvent, ModelFailed, ModelFinished, ModelRequested
from hermes_tui.domain.ids import AgentId, RequestId, TaskId, owner_of
from hermes_tui.domain.records import Record
from hermes_tui.domain.usage import Usage
from hermes_tui.domain.values import frozen, replace


@frozen
class Spent:
    """Calls, tokens and money of one share; `usd` holds what is known, `unknown` counts calls without a price."""

    calls: int = 0
    usage: Usage = Usage()
    usd: float = 0.0
    unknown: int = 0

    def plus(self, usage: Usage, usd: float | None) -> Spent:
        """Return the share with one more call."""
        return Spent(
            calls=self.calls + 1,
            usage=self.usage.plus(usage),
            usd=self.usd + (usd or 0.0),
            unknown=self.unknown + (usd is None),
        )


@frozen
class SpendState:
    """Total of the session, share of its latest run, of each task, model and agent, and calls under way with bounds.

    `by_task`, `by_model` and `by_role` are of the latest run alone: a role's cap holds within a run, and each run has
    tasks of its own, that may be called as those of the run before.
    `askers` names the agent of each call under way; what is done on an agent's behalf counts as its own.
    """

    total: Spent = Spent()
    run: Spent = Spent()
    by_task: Mapping[TaskId | None, Spent] = field(default_factory=dict[TaskId | None, Spent])
    by_model: Mapping[str, Spent] = field(default_factory=dict[str, Spent])
    by_agent: Mapping[AgentId, Spent] = field(default_factory=dict[AgentId, Spent])
    by_role: Mapping[str, Spent] = field(default_factory=dict[str, Spent])
    askers: Mapping[RequestId, AgentId] = field(default_factory=dict[RequestId, AgentId])
    reserved: Mapping[RequestId, ModelRequested] = field(default_factory=dict[RequestId, ModelRequested])
    bytes_per_token: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def reserved_usd(self) -> float:
        """The worst case of every call under way whose price is known."""
        return sum(asked.bound.usd or 0.0 for asked in self.reserved.values())

    @property
    def reserved_tokens(self) -> int:
        """The worst case of every call under way."""
        return sum(asked.bound.tokens for asked in self.reserved.values())

    def next_run(self) -> SpendState:
        """Return the spending as the next run finds it."""
        return replace(self, run=Spent(), by_task={}, by_model={}, by_role={})


def fold_spend(state: SpendState, record: Record, body: ModelEvent | AgentSpawned) -> SpendState:
    """Return the spending after a request left, ended or failed; a new child has spent nothing."""
    agent = owner_of(record.place.agent)
    if isinstance(body, AgentSpawned):
        return replace(state, by_agent={**state.by_agent, agent: Spent()})
    if isinstance(body, ModelRequested):
        askers = {**state.askers, body.request_id: agent}
        return replace(state, reserved={**state.reserved, body.request_id: body}, askers=askers)
    if not isinstance(body, ModelFinished | ModelFailed):
        return state
    task = record.place.task
    agent = state.askers.get(body.request_id, agent)
    asked = state.reserved.get(body.request_id)
    role = asked.role if asked is not None else ""
    return replace(
        state,
        total=state.total.plus(body.usage, body.usd),
        run=state.run.plus(body.usage, body.usd),
        by_task={**state.by_task, task: state.by_task.get(task, Spent()).plus(body.usage, body.usd)},
        by_model={**state.by_model, body.model: state.by_model.get(body.model, Spent()).plus(body.usage, body.usd)},
        by_agent={**state.by_agent, agent: state.by_agent.get(agent, Spent()).plus(body.usage, body.usd)},
        by_role={**state.by_role, role: state.by_role.get(role, Spent()).plus(body.usage, body.usd)},
        reserved={key: other for key, other in state.reserved.items() if key != body.request_id},
        askers={key: asker for key, asker in state.askers.items() if key != body.request_id},
        bytes_per_token=_calibrated(state, body),
    )


def _calibrated(state: SpendState, body: ModelFinished | ModelFailed) -> Mapping[str, float]:
    """Keep the fewest bytes that one reported input token of a model ever stood for."""
    asked = state.reserved.get(body.request_id)
    sent = asked.request_bytes if asked is not None else 0
    prompt = body.usage.prompt_tokens
    if not sent or not prompt or body.usage.source != "reported":
        return state.bytes_per_token
    known = state.bytes_per_token.get(body.model)
    ratio = sent / prompt
    return {**state.bytes_per_token, body.model: ratio if known is None else min(known, ratio)}
