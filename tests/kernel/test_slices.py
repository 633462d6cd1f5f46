"""Slices of a budget: whatever agents spend in whatever order, no cap is passed and no slice is spent by another."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from hermes_tui.domain.events import AgentSpawned, Event, ModelFinished, ModelRequested, RunStarted
from hermes_tui.domain.ids import AgentId, RequestId, Seq
from hermes_tui.domain.messages import Message, Role
from hermes_tui.domain.parts import StopReason
from hermes_tui.domain.records import Record
from hermes_tui.domain.state import SessionState, fold
from hermes_tui.domain.tasks import Goal, Mode
from hermes_tui.domain.usage import Bound, Limits, Usage
from hermes_tui.kernel import budget
from tests.kernel.bench import PLACE

CAP = 1.0
TINY = 1e-9


class Family:
    """A run whose agents send each other out and spend."""

    def __init__(self) -> None:
        self.state = SessionState()
        self.slices: dict[AgentId, float] = {}
        self.take("main", RunStarted(goal=Goal(text="g"), goal_digest="d", mode=Mode.AUTO, limits=Limits(usd=CAP)))

    def take(self, agent: str, body: Event) -> None:
        seq = Seq(self.state.seq + 1)
        place = replace(PLACE, agent=AgentId(agent))
        self.state = fold(self.state, Record(seq=seq, at=float(seq), place=place, body=body))

    def spawn(self, parent: str, share: float) -> None:
        """Send a child out with a share of what its parent has left."""
        usd = max(0.0, budget.left(self.state, AgentId(parent)).usd or 0.0) * share
        name = f"c{len(self.slices) + 1}"
        spawned = AgentSpawned(
            parent=AgentId(parent),
            title=name,
            task=name,
            role="cortex",
            tools=(),
            write=(),
            limits=Limits(usd=usd),
            depth=1,
        )
        self.take(name, spawned)
        self.slices[AgentId(name)] = usd

    def spend(self, agent: str, share: float) -> None:
        """Reserve a share of what is left, and spend half of it."""
        usd = max(0.0, budget.left(self.state, AgentId(agent)).usd or 0.0) * share
        request = RequestId(f"r{self.state.seq}")
        asked = ModelRequested(
            request_id=request,
            model="p:m",
            role="cortex",
            why="",
            bound=Bound(tokens=1, usd=usd),
            request_bytes=1,
            max_tokens=1,
            step=1,
        )
        self.take(agent, asked)
        if share < 0.9:
            usage = Usage(input_tokens=1)
            message = Message(role=Role.MODEL, content=())
            finished = ModelFinished(
                request_id=request,
                model="p:m",
                message=message,
                stop=StopReason.END,
                usage=usage,
                usd=usd / 2,
                first_token_s=0,
                seconds=0,
            )
            self.take(agent, finished)

    def gone(self, agent: str) -> float:
        """Return what an agent and everyone below it spent and reserved."""
        below = self.state.agents.below(AgentId(agent))
        spent = sum(one.usd for name, one in self.state.spend.by_agent.items() if name in below)
        asked = self.state.spend.reserved.items()
        return spent + sum(a.bound.usd or 0 for key, a in asked if self.state.spend.askers[key] in below)


Moves = st.lists(st.tuples(st.booleans(), st.integers(0, 6), st.floats(0, 1)), max_size=30)


@settings(max_examples=300, deadline=None)
@given(moves=Moves)
def test_no_cap_is_passed_and_every_slice_stays_its_owners(moves: list[tuple[bool, int, float]]) -> None:
    family = Family()

    for spawns, who, share in moves:
        names = ["main", *map(str, family.slices)]
        agent = names[who % len(names)]
        (family.spawn if spawns and len(names) < 6 else family.spend)(agent, share)

    spend = family.state.spend
    assert spend.run.usd + spend.reserved_usd <= CAP + TINY
    for name, usd in family.slices.items():
        own = family.gone(name)
        inside = [child for child in family.slices if child != name and name in _above(family.state, child)]
        aside = sum(
            max(0.0, family.slices[child] - family.gone(child))
            for child in inside
            if family.state.agents.by_id[child].spawned.parent == name
        )
        assert own <= usd + TINY
        left = budget.left(family.state, name).usd or 0.0
        assert abs(left - (usd - own - aside)) < 1e-6


def _above(state: SessionState, agent: AgentId) -> set[AgentId]:
    return {status.agent for status in state.agents.above(agent)}
