"""Where a run is: each task of its plan stands in one place, by its state."""

from __future__ import annotations

from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.state.graph import DEAD, GraphState, TaskStatus
from hermes_tui.domain.state.standing import Blocked, standing
from hermes_tui.domain.tasks import Task, TaskKind, TaskState


def test_done_left_and_blocked_are_told_apart_with_the_reason() -> None:
    states = {
        "a": TaskStatus(state=TaskState.DONE),
        "b": TaskStatus(state=TaskState.RUNNING),
        "c": TaskStatus(state=TaskState.PENDING),
        "d": TaskStatus(state=TaskState.WAITING, note="needs an answer"),
        "e": TaskStatus(state=TaskState.FAILED, note="boom"),
        "f": TaskStatus(state=TaskState.SKIPPED, note="e did not end well", kind=DEAD),
        "g": TaskStatus(state=TaskState.SKIPPED, note="its guard is false"),
        "undo-a": TaskStatus(state=TaskState.PENDING),
    }
    tasks = {TaskId(name): Task(id=TaskId(name), kind=TaskKind.TOOL, title=name) for name in states}
    status = {TaskId(name): one for name, one in states.items()}

    where = standing(GraphState(tasks=tasks, status=status, dormant=frozenset({TaskId("undo-a")})))

    assert (where.done, where.left) == (("a",), ("b", "c"))
    assert [(one.task, one.why) for one in where.blocked] == [
        ("d", "needs an answer"),
        ("e", "boom"),
        ("f", "e did not end well"),
    ]
    assert isinstance(where.blocked[0], Blocked)
    assert list(where.lines()) == ["done      1 of 6 tasks", "left      2: b, c", "blocked   3: d, e, f"]
