"""Which panes stand where, by the size of the terminal."""

from __future__ import annotations

from typing import Final, Literal

from hermes_tui.domain.values import frozen

Shape = Literal["wide", "two", "one", "narrow", "tiny"]
LEAST_WIDTH, LEAST_HEIGHT = 40, 10
SIDE_WIDTH: Final = 48
GRAPH_WIDTH: Final = 62
BUDGET_HEIGHT: Final = 10


@frozen(kw_only=False)
class Plan:
    """How the screen is divided. Heights are those of the right column in the shape `two`; 0 leaves a pane out."""

    shape: Shape
    graph: int = 0
    mind: bool = False
    budget: int = 0
    memory: int = 0

    @property
    def panes(self) -> frozenset[str]:
        """The panes that are shown."""
        beside = {"graph": self.side, "mind": self.mind, "budget": self.budget > 0, "memory": self.memory > 0}
        return frozenset({"console", *(name for name, wanted in beside.items() if wanted)})

    @property
    def side(self) -> bool:
        """Whether there is anything beside the console."""
        return self.shape in ("wide", "two")


def plan_for(width: int, height: int, tasks: int) -> Plan:
    """Return the division for a size and a number of tasks."""
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return Plan("tiny")
    if width < 80 or height < 24:
        return Plan("narrow" if width < 120 else "two", graph=_graph(height, tasks), mind=False, budget=0)
    if width < 120:
        return Plan("one")
    budget = BUDGET_HEIGHT if height >= 30 else 0
    if width >= 180 and height >= 40:
        return Plan("wide", graph=height, mind=True, budget=BUDGET_HEIGHT + 2, memory=height // 5)
    return Plan("two", graph=_graph(height, tasks), mind=height >= 22, budget=budget)


def _graph(height: int, tasks: int) -> int:
    return max(min(tasks + 2, height * 2 // 5), 5)


def too_small(width: int, height: int) -> str:
    """Return what a terminal that is too small shows."""
    return f"Hermes needs {LEAST_WIDTH} × {LEAST_HEIGHT}, this is {width} × {height}. Enlarge it; the run goes on."
