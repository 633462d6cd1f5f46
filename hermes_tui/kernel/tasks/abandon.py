"""Giving a run up: an edit of its plan undoes what it did, in reverse order, and is carried out like any other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hermes_tui.domain.events import EditKind, PlanOp, TaskSkipped
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.records import Place
from hermes_tui.domain.state.graph import GraphState
from hermes_tui.domain.tasks import Task, TaskState
from hermes_tui.domain.values import replace
from hermes_tui.kernel.kit import Kit
from hermes_tui.kernel.tasks.amend import amend

BY: Final = "abandon"
PREFIX: Final = "undo-"


def undoable(graph: GraphState) -> tuple[Task, ...]:
    """Return the finished tasks that the plan says how to undo, the last one first."""
    done = [
        task
        for task in graph.tasks.values()
        if task.compensate is not None and graph.state_of(task.id) is TaskState.DONE and task.compensate in graph.tasks
    ]
    return tuple(sorted(done, key=lambda task: -graph.status[task.id].ended_seq))


def begin_undoing(kit: Kit, place: Place) -> None:
    """Put the edit on record that ends what is open and undoes what is done; once, however often it is called.

    Each step of it runs after the one before has ended, well or not: a failing one never keeps the rest from running.
    """
    graph = kit.session.state.graph
    if any(status.by == BY for status in graph.status.values()):
        return
    ops = (*_closing(graph), *_undoing(graph))
    if ops:
        amend(kit.session, place, ops, by=BY, why=f"given up: {kit.session.state.run.abandoned}")


def _closing(graph: GraphState) -> Iterator[PlanOp]:
    for name, status in graph.status.items():
        if not status.state.ended and name not in graph.dormant:
            yield PlanOp(kind=EditKind.CANCEL, target=name)


def _undoing(graph: GraphState) -> Iterator[PlanOp]:
    before: tuple[TaskId, ...] = ()
    made: set[TaskId] = set()
    for task in undoable(graph):
        undo = graph.tasks[task.compensate or task.id]
        if undo.id in made:
            continue
        made.add(undo.id)
        name = TaskId(f"{PREFIX}{undo.id}"[:64])
        needs = tuple(dict.fromkeys((*undo.needs, *before)))
        ready = replace(undo, id=name, needs=needs, partial=True, title=f"undo {task.id}: {undo.title}")
        yield PlanOp(kind=EditKind.ADD, target=name, task=ready)
        before = (name,)


def outcome(graph: GraphState) -> str:
    """Return in words what became of the undoing, empty if there was nothing to undo."""
    steps = {name: status for name, status in graph.status.items() if status.by == BY}
    if not steps:
        return ""
    done = [name for name, status in steps.items() if status.state is TaskState.DONE]
    failed = [name.removeprefix(PREFIX) for name in steps if name not in done]
    said = f"{len(done)} of {len(steps)} effects were undone"
    return f"{said}; not undone: {', '.join(failed)}." if failed else f"{said}."


def skip_dormant(kit: Kit, place: Place) -> None:
    """Put on record that what would undo finished work is not needed."""
    graph = kit.session.state.graph
    for name in graph.dormant:
        if name in graph.tasks and graph.state_of(name) is TaskState.PENDING:
            why = "there is nothing to undo" if not kit.session.state.run.abandoned else "its copy did the work"
            kit.session.emit(TaskSkipped(why=why), replace(place, task=name))
