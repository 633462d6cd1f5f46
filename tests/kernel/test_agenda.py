"""What starts next, and what never will."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hermes_tui.domain.events import EditKind, PlanEdited, PlanOp
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.state.edits import fold_plan
from hermes_tui.domain.state.graph import GraphState, TaskStatus
from hermes_tui.domain.tasks import Task, TaskKind, TaskState
from hermes_tui.kernel.tasks.agenda import Agenda


def task(name: str, *needs: str, priority: int = 0) -> Task:
    wanted = tuple(TaskId(need) for need in needs)
    return Task(id=TaskId(name), kind=TaskKind.TOOL, title=name, needs=wanted, priority=priority)


def graph_of(*tasks: Task) -> GraphState:
    ops = tuple(PlanOp(kind=EditKind.ADD, target=one.id, task=one) for one in tasks)
    return fold_plan(GraphState(), PlanEdited(base_rev=0, by="goal", why="test", ops=ops))


def with_state(graph: GraphState, name: str, state: TaskState) -> GraphState:
    return replace(graph, status={**graph.status, TaskId(name): TaskStatus(state=state)})


def drained(agenda: Agenda, graph: GraphState, busy: Iterable[str] = ()) -> list[str]:
    taken = {TaskId(name) for name in busy}
    found: list[str] = []
    while (one := agenda.next(graph, (taken,))) is not None:
        taken.add(one.id)
        found.append(one.id)
    return found


def test_what_needs_nothing_starts_by_priority_then_in_plan_order() -> None:
    graph = graph_of(task("a"), task("b", priority=5), task("c"), task("d", "a"))

    order = drained(Agenda(), graph)

    assert order == ["b", "a", "c"]


def test_a_task_starts_when_the_last_of_its_needs_ended() -> None:
    agenda, graph = Agenda(), graph_of(task("a"), task("b"), task("c", "a", "b"))
    first = drained(agenda, graph)
    graph = with_state(graph, "a", TaskState.DONE)
    agenda.ended(TaskId("a"), graph)
    between = drained(agenda, graph, busy=["b"])
    graph = with_state(graph, "b", TaskState.DONE)
    agenda.ended(TaskId("b"), graph)

    last = drained(agenda, graph)

    assert (first, between, last) == (["a", "b"], [], ["c"])


def test_what_needs_a_failed_task_is_unreachable_and_never_starts() -> None:
    agenda, graph = Agenda(), graph_of(task("a"), task("b", "a"))
    drained(agenda, graph)
    graph = with_state(graph, "a", TaskState.FAILED)
    agenda.ended(TaskId("a"), graph)

    lost = [(one.id, dead) for one, dead in agenda.unreachable(lambda: graph)]

    assert lost == [("b", "a")]
    assert drained(agenda, graph) == []


def test_a_task_that_failed_and_did_well_at_its_next_attempt_dooms_nothing() -> None:
    agenda, graph = Agenda(), graph_of(task("a"), task("b", "a"))
    drained(agenda, graph)
    agenda.ended(TaskId("a"), with_state(graph, "a", TaskState.FAILED))
    graph = with_state(graph, "a", TaskState.DONE)
    agenda.ended(TaskId("a"), graph)

    lost = list(agenda.unreachable(lambda: graph))

    assert lost == []
    assert drained(agenda, graph) == ["b"]


def test_an_offer_that_was_refused_while_busy_is_made_again_when_handed_back() -> None:
    agenda, graph = Agenda(), graph_of(task("a"))
    refused = drained(agenda, graph, busy=["a"])

    agenda.offer(TaskId("a"))

    assert refused == []
    assert drained(agenda, graph) == ["a"]


def test_an_edit_lets_new_tasks_start_and_takes_paused_ones_off() -> None:
    agenda, graph = Agenda(), graph_of(task("a"), task("b"))
    drained(agenda, graph)
    graph = with_state(graph_of(task("a"), task("b"), task("c")), "b", TaskState.PAUSED)
    agenda.edited()

    order = drained(agenda, graph)

    assert order == ["a", "c"]
