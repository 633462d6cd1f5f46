"""What a plan will probably cost and take, and how long its critical path still does: told where something is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from statistics import fmean

from hermes_tui.domain.estimate import Rates, estimate, seconds_of
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.ports import Brain
from hermes_tui.domain.state.graph import GraphState, TaskStatus
from hermes_tui.domain.tasks import TaskKind, TaskState
from hermes_tui.domain.usage import Price
from hermes_tui.domain.values import frozen
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.panes._pane import View
from hermes_tui.interfaces.tui.spend_tables import CORTEX

LEAST_TASKS = 2
"""One agent alone is no plan: nobody knows what it will take until it has begun."""


def foreseen(view: View) -> str:
    """Return what a plan will probably cost and take, such as `about $0.74, 6 min`; empty where nothing is known."""
    tasks, rates = view.state.graph.tasks, view.rates
    if rates is None or len(tasks) < LEAST_TASKS:
        return ""
    found = estimate(tuple(tasks.values()), rates, cortex_price(view))
    usd = wording.money(found.usd) if found.usd else ""
    said = [part for part in (usd, wording.about(found.seconds) if found.seconds else "") if part]
    return f"about {', '.join(said)}" if said else ""


def cortex_price(view: View) -> Price | None:
    """Return the price of the brain that reasons, or would; None where it is not known."""
    name = view.chronicle.role_models.get(CORTEX) or view.brain
    return next((one.price for one in view.brains if isinstance(one, Brain) and one.name == name), None)


def expected_s(graph: GraphState, rates: Rates | None) -> dict[TaskId, float]:
    """Return how long each task takes in all: as such tasks took in this run, else as the plan's estimate has it.

    Empty where there is no estimate.
    """
    if rates is None:
        return {}
    took: defaultdict[tuple[TaskKind, str], list[float]] = defaultdict(list)
    for name, task in graph.tasks.items():
        if graph.status[name].state is TaskState.DONE:
            took[task.kind, task.use].append(graph.status[name].seconds)
    means = {alike: fmean(seconds) for alike, seconds in took.items()}
    return {name: means.get((task.kind, task.use), seconds_of(task, rates)) for name, task in graph.tasks.items()}


@frozen(kw_only=False)
class Remaining:
    """What is left of a chain of tasks: the seconds of those not begun, and what each of the others takes in all."""

    idle_s: float = 0.0
    begun: tuple[tuple[float, TaskStatus], ...] = ()

    def said(self, now: float) -> str:
        """Return about how long the chain still takes; empty where nothing is known of it."""
        seconds = self.idle_s + sum(max(whole - _worked_s(status, now), 0.0) for whole, status in self.begun)
        return f"about {wording.about(seconds)} left" if seconds >= 1 else ""


def remaining(graph: GraphState, chain: Collection[TaskId], expected: Mapping[TaskId, float]) -> Remaining:
    """Return what is left of a chain, by how long each of its tasks takes in all."""
    known = [(expected[name], graph.status[name]) for name in chain if name in expected]
    begun = tuple((whole, status) for whole, status in known if status.started_at or status.seconds)
    return Remaining(sum(whole for whole, _ in known) - sum(whole for whole, _ in begun), begun)


def _worked_s(status: TaskStatus, now: float) -> float:
    return status.seconds + (max(now - status.started_at, 0.0) if status.started_at else 0.0)
