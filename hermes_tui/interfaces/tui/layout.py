"""Which panes stand where, by the size of the terminal and by how far the operator moved the borders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from hermes_tui.domain.values import frozen, replace

Shape = Literal["wide", "two", "one", "narrow", "tiny"]
Border = Literal["side", "right", "graph", "budget", "memory"]
LEAST_WIDTH, LEAST_HEIGHT = 40, 10
ROOMY_WIDTH, ROOMY_HEIGHT = 80, 24
AIRY_HEIGHT: Final = 30
SIDE_WIDTH: Final = 48
GRAPH_WIDTH: Final = 62
BUDGET_HEIGHT: Final = 10
LEAST_SIDE, MOST_SIDE = 40, 64
LEAST_CONSOLE: Final = 56
LEAST_PANE: Final = 4
"""No pane is dragged lower than its rule and three rows."""


@frozen(kw_only=False)
class Sizes:
    """What the operator set, in cells; 0 leaves it to the layout.

    `side` is the width of the right column, or of the middle one of three, `right` that of the last of three; the
    others are heights.
    """

    side: int = 0
    right: int = 0
    graph: int = 0
    budget: int = 0
    memory: int = 0

    @property
    def as_json(self) -> dict[str, int]:
        """What is kept: only what was set."""
        return {name: size for name in SIZED if (size := getattr(self, name))}


SIZED: Final = ("side", "right", "graph", "budget", "memory")
"""What is kept under its name."""
USUAL: Final = Sizes()
"""Nothing was moved."""


def sizes_from(kept: Mapping[str, object]) -> Sizes:
    """Return the sizes that were kept; what is no size is left out."""
    good = {name: size for name, size in kept.items() if name in SIZED and isinstance(size, int) and 0 < size < 1000}
    return Sizes(**good)


@frozen(kw_only=False)
class Plan:
    """How the screen is divided. Widths and heights are in cells; a height of 0 leaves a pane out.

    `alone` leaves out everything beside the console, as long as there is nothing to show in it.
    """

    shape: Shape
    graph: int = 0
    mind: bool = False
    budget: int = 0
    memory: int = 0
    middle_width: int = 0
    right_width: int = 0
    alone: bool = False

    @property
    def panes(self) -> frozenset[str]:
        """The panes that are shown."""
        if self.alone:
            return frozenset({"console"})
        beside = {"graph": self.side, "mind": self.mind, "budget": self.budget > 0, "memory": self.memory > 0}
        return frozenset({"console", *(name for name, wanted in beside.items() if wanted)})

    @property
    def side(self) -> bool:
        """Whether there is anything beside the console."""
        return self.shape in ("wide", "two") and not self.alone

    @property
    def side_width(self) -> int:
        """What stands beside the console takes so many cells."""
        return self.middle_width + (1 + self.right_width if self.right_width else 0)


def roomy(width: int, height: int) -> bool:
    """Return whether there is room for hints and for all the facts of a question."""
    return width >= ROOMY_WIDTH and height >= ROOMY_HEIGHT


def room_above(height: int) -> int:
    """Return how many blank rows stand above what waits: one, unless every row is needed for the transcript."""
    return int(height >= AIRY_HEIGHT)


def plan_for(width: int, height: int, tasks: int, sizes: Sizes = USUAL) -> Plan:
    """Return the division for a size and a number of tasks, with the borders where the operator put them."""
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return Plan("tiny")
    if width < 80 or height < 24:
        shape: Shape = "narrow" if width < 120 else "two"
        return Plan(shape, graph=_graph(height, tasks, sizes), middle_width=_side(width, sizes))
    if width < 120:
        return Plan("one")
    budget = _height(sizes.budget, BUDGET_HEIGHT, height) if height >= AIRY_HEIGHT else 0
    if width >= 180 and height >= 40:
        return _wide(width, height, sizes)
    graph = _graph(height, tasks, sizes)
    return Plan("two", graph=graph, mind=height >= 22, budget=budget, middle_width=_side(width, sizes))


def _wide(width: int, height: int, sizes: Sizes) -> Plan:
    right = min(max(sizes.right or SIDE_WIDTH, LEAST_SIDE), width // 3)
    most = width - right - 2 - LEAST_CONSOLE
    return Plan(
        "wide",
        graph=height,
        mind=True,
        budget=_height(sizes.budget, BUDGET_HEIGHT + 2, height),
        memory=_height(sizes.memory, height // 5, height),
        middle_width=max(min(sizes.side or GRAPH_WIDTH, most), LEAST_SIDE),
        right_width=right,
    )


def _side(width: int, sizes: Sizes) -> int:
    most = max(min(MOST_SIDE, width - 1 - LEAST_CONSOLE), LEAST_SIDE)
    return max(min(sizes.side or SIDE_WIDTH, most), LEAST_SIDE)


def _graph(height: int, tasks: int, sizes: Sizes) -> int:
    return _height(sizes.graph, max(min(tasks + 2, height * 2 // 5), 5), height)


def _height(wanted: int, usual: int, height: int) -> int:
    """Return the height of a pane: as was set, but so that its neighbours keep some rows."""
    return max(min(wanted, height // 2), LEAST_PANE) if wanted else usual


def moved(sizes: Sizes, border: Border, plan: Plan, by: int) -> Sizes:
    """Return the sizes after a border was moved by some cells, starting from where it stands."""
    now = {
        "side": plan.middle_width,
        "right": plan.right_width,
        "graph": plan.graph,
        "budget": plan.budget,
        "memory": plan.memory,
    }
    return replace(sizes, **{border: max(now[border] + by, LEAST_PANE)})


def too_small(width: int, height: int) -> str:
    """Return what a terminal that is too small shows."""
    return f"Hermes needs {LEAST_WIDTH} × {LEAST_HEIGHT}, this is {width} × {height}. Enlarge it; the run goes on."
