"""An edit of a large plan: checked, applied and its inverse made."""

from __future__ import annotations

import time
from typing import Final

from hermes_tui.domain.events import EditKind, PlanEdited, PlanOp
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.state.edits import check, fold_plan
from hermes_tui.domain.state.graph import GraphState
from hermes_tui.domain.tasks import Task, TaskKind
from tests.bench.bench import Bench
from tests.bench.rows import Bar, Row

TASKS: Final = 2000
EDITS: Final = 20


def measure(bench: Bench) -> list[Row]:
    """Measure adding a task at the end of a chain, where all of it has to be walked for cycles."""
    plan = _chain()
    (taken,) = bench.alternate(lambda: _edit_ms(plan))
    return [
        Row(
            figure="plans",
            what=f"edit of a plan of {TASKS:,} tasks",
            unit=" ms",
            ours=taken,
            bar=Bar(value=10.0),
        )
    ]


def _chain() -> GraphState:
    tasks = [
        Task(
            id=TaskId(f"t{number}"),
            kind=TaskKind.TOOL,
            title="Read",
            use="read",
            needs=(TaskId(f"t{number - 1}"),) if number else (),
        )
        for number in range(TASKS)
    ]
    ops = tuple(PlanOp(kind=EditKind.ADD, target=task.id, task=task) for task in tasks)
    return fold_plan(GraphState(), PlanEdited(base_rev=0, by="goal", why="", ops=ops))


def _edit_ms(plan: GraphState) -> float:
    last = TaskId(f"t{TASKS - 1}")
    task = Task(id=TaskId("end"), kind=TaskKind.TOOL, title="Read", use="read", needs=(last,))
    ops = (PlanOp(kind=EditKind.ADD, target=task.id, task=task),)
    began = time.perf_counter()
    for _ in range(EDITS):
        check(plan, ops, base_rev=plan.rev)
        fold_plan(plan, PlanEdited(base_rev=plan.rev, by="operator", why="", ops=ops))
    return 1000 * (time.perf_counter() - began) / EDITS
