"""Edits of the plan: applied by one function, refused where they make no sense, taken back without a trace."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hermes_tui.domain.errors import EditRefused
from hermes_tui.domain.events import EditKind, Outcome, PlanEdited, PlanOp
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.state.edits import applied, check, fold_plan, inverse
from hermes_tui.domain.state.graph import DEAD, GraphState, TaskStatus
from hermes_tui.domain.state.plan_diff import plan_diff
from hermes_tui.domain.tasks import Guard, Operator, Task, TaskKind, TaskState

NAMES = [TaskId(name) for name in ("a", "b", "c", "d", "e")]
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
SETTLED = [state for state in TaskState if state not in (TaskState.RUNNING, TaskState.WAITING, TaskState.READY)]


def task(name: str, *needs: str, **more: object) -> Task:
    wanted = tuple(TaskId(need) for need in needs)
    return Task(id=TaskId(name), kind=TaskKind.TOOL, title=name, use="echo", needs=wanted, **more)  # type: ignore[arg-type] # fields of Task


def add(one: Task) -> PlanOp:
    return PlanOp(kind=EditKind.ADD, target=one.id, task=one)


def op(kind: EditKind, name: str, **more: object) -> PlanOp:
    return PlanOp(kind=kind, target=TaskId(name), **more)  # type: ignore[arg-type] # fields of PlanOp


def graph(*tasks: Task, **states: TaskState) -> GraphState:
    first = PlanEdited(base_rev=0, by="goal", why="", ops=tuple(add(one) for one in tasks))
    made = fold_plan(GraphState(), first)
    status = {name: replace(one, state=states.get(name, one.state)) for name, one in made.status.items()}
    return replace(made, status=status)


def states(state: GraphState) -> dict[str, TaskState]:
    return {str(name): status.state for name, status in state.status.items()}


@st.composite
def graphs(draw: st.DrawFn) -> GraphState:
    tasks = [task(name, *draw(st.sets(st.sampled_from(NAMES[:at]))) if at else ()) for at, name in enumerate(NAMES)]
    return graph(*tasks, **{name: draw(st.sampled_from(SETTLED)) for name in NAMES})


@st.composite
def operations(draw: st.DrawFn) -> PlanOp:
    name = draw(st.sampled_from([*NAMES, TaskId("f")]))
    form = task(name, *draw(st.sets(st.sampled_from(NAMES), max_size=2)), priority=draw(st.integers(-3, 3)))
    outcome = Outcome(state=draw(st.sampled_from(SETTLED)), result="1")
    kind = draw(st.sampled_from(list(EditKind)))
    return PlanOp(kind=kind, target=name, task=form, priority=draw(st.integers(-3, 3)), outcome=outcome)


@UNHURRIED
@given(graphs(), st.lists(operations(), max_size=6))
def test_an_edit_and_its_inverse_cancel(before: GraphState, ops: list[PlanOp]) -> None:
    after = applied(before, ops)

    back = applied(after, inverse(before, after))

    assert back.tasks == before.tasks
    assert states(back) == states(before)
    assert [one.result for one in back.status.values()] == [""] * len(NAMES)


@UNHURRIED
@given(graphs(), st.lists(operations(), min_size=1, max_size=6))
def test_an_edit_that_is_allowed_leaves_a_graph_without_cycles_and_unknown_needs(
    before: GraphState, ops: list[PlanOp]
) -> None:
    try:
        after = check(before, ops, base_rev=before.rev)
    except EditRefused:
        return

    done: set[TaskId] = set()
    while len(done) < len(after.tasks):
        free = {name for name, one in after.tasks.items() if name not in done and done.issuperset(one.waits_for)}
        assert free, "a cycle, or a need that is no task"
        done |= free


@UNHURRIED
@given(graphs(), st.lists(operations(), max_size=6))
def test_an_allowed_edit_never_changes_what_finished_but_to_run_it_again(before: GraphState, ops: list[PlanOp]) -> None:
    try:
        after = check(before, ops, base_rev=before.rev)
    except EditRefused:
        return

    again = {one.target for one in ops if one.kind is EditKind.RETRY}
    for name, status in before.status.items():
        if status.state is TaskState.DONE and name not in again:
            assert after.status[name] is status


@UNHURRIED
@given(graphs(), st.lists(st.lists(operations(), min_size=1, max_size=3), max_size=4))
def test_folding_edits_never_fails_whatever_the_journal_holds(before: GraphState, edits: list[list[PlanOp]]) -> None:
    state = before
    for ops in edits:
        state = fold_plan(state, PlanEdited(base_rev=state.rev, by="operator", why="", ops=tuple(ops)))

    assert state.rev == before.rev + len(edits)
    assert set(state.tasks) == set(state.status)


def test_undo_takes_the_edits_back_one_by_one() -> None:
    start = graph(task("a"), task("b", "a"))
    first = (op(EditKind.PAUSE, "a"),)
    second = (add(task("c", "b")), op(EditKind.REORDER, "b", priority=5))
    state = fold_plan(start, PlanEdited(base_rev=1, by="operator", why="", ops=first))
    state = fold_plan(state, PlanEdited(base_rev=2, by="operator", why="", ops=second))

    for _ in range(2):
        last = state.undos[-1]
        state = fold_plan(state, PlanEdited(base_rev=state.rev, by="operator", why="", ops=last.ops, undoes=last.rev))

    assert (state.tasks, states(state)) == (start.tasks, states(start))
    assert (state.rev, state.undos) == (5, ())


@pytest.mark.parametrize(
    ("ops", "said"),
    [
        ([], "changes nothing"),
        ([op(EditKind.SKIP, "x")], "no task x"),
        ([add(task("a"))], "has a task a already"),
        ([add(task("x", "nobody"))], "needs nobody, which is no task"),
        ([op(EditKind.EDIT, "a", task=task("a", "c"))], "a -> c -> b -> a"),
        ([op(EditKind.EDIT, "a", task=task("a", "a"))], "a -> a"),
        ([op(EditKind.EDIT, "d", task=task("d"))], "d is done: a finished task keeps its result"),
        ([op(EditKind.REMOVE, "d")], "d is done"),
        ([op(EditKind.RESUME, "a")], "only a paused task"),
        ([op(EditKind.RETRY, "a")], "has not ended"),
        ([op(EditKind.CANCEL, "d")], "nothing left to cancel"),
        ([op(EditKind.REMOVE, "a")], "Task b reads the result of a"),
        ([op(EditKind.REMOVE, "e")], "Task d is undone by e"),
        ([op(EditKind.EDIT, "a", task=task("b"))], "does not hold the task a"),
        ([add(task("1x"))], "is no task id"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_reason(ops: list[PlanOp], said: str) -> None:
    plan = graph(
        task("a"),
        task("b", "a", args='{"x": "${a.n}"}'),
        task("c", "b"),
        task("d", compensate=TaskId("e")),
        task("e"),
        d=TaskState.DONE,
    )

    with pytest.raises(EditRefused, match=said):
        check(plan, ops, base_rev=1)


def test_an_edit_of_an_older_revision_is_refused() -> None:
    with pytest.raises(EditRefused, match="at revision 1; the edit is of revision 0"):
        check(graph(task("a")), [op(EditKind.PAUSE, "a")], base_rev=0)


def test_removing_a_task_joins_what_was_around_it() -> None:
    after = check(graph(task("a"), task("b", "a"), task("c", "b")), [op(EditKind.REMOVE, "b")], base_rev=1)

    assert after.tasks[TaskId("c")].needs == ("a",)


def test_a_retry_revives_what_was_skipped_for_it_and_keeps_what_finished() -> None:
    before = graph(task("a"), task("b", "a"), task("c", "b"), task("d", "a"), a=TaskState.FAILED, d=TaskState.DONE)
    lost = {name: TaskStatus(state=TaskState.SKIPPED, kind=DEAD) for name in (TaskId("b"), TaskId("c"))}

    after = check(replace(before, status={**before.status, **lost}), [op(EditKind.RETRY, "a")], base_rev=1)

    assert states(after) == {"a": "pending", "b": "pending", "c": "pending", "d": "done"}


def test_a_skipped_task_may_be_given_a_result() -> None:
    given_result = op(EditKind.SKIP, "a", outcome=Outcome(state=TaskState.SKIPPED, result='{"n": 7}'))

    after = check(graph(task("a")), [given_result], base_rev=1)

    assert after.status[TaskId("a")].result == '{"n": 7}'


def test_a_guard_is_an_edge() -> None:
    guard = Guard(task=TaskId("b"), path="n", op=Operator.EXISTS)

    with pytest.raises(EditRefused, match="a -> b -> a"):
        check(graph(task("a"), task("b", "a")), [op(EditKind.EDIT, "a", task=task("a", when=guard))], base_rev=1)


def test_an_edit_reads_as_a_diff() -> None:
    before = graph(task("a"), task("b", "a"))
    ops = [add(task("c", "b")), op(EditKind.PAUSE, "b"), op(EditKind.EDIT, "a", task=task("a", priority=2))]

    after = check(before, ops, base_rev=1)

    assert plan_diff(before, after) == (
        "+ c (tool echo): c after b",
        "~ a priority: 0 → 2",
        "~ b state: pending → paused",
    )


def test_only_what_an_edit_touches_is_walked() -> None:
    """A chain of 2,000 tasks has no recursion limit, and an edit of its end walks it once."""
    size = 2000
    chain = [task(f"t{n}", *([f"t{n - 1}"] if n else [])) for n in range(size)]
    plan = graph(*chain)

    after = check(plan, [add(task("end", f"t{size - 1}"))], base_rev=1)

    assert len(after.tasks) == size + 1
    with pytest.raises(EditRefused, match="wait for each other"):
        check(plan, [op(EditKind.EDIT, "t0", task=task("t0", f"t{size - 1}"))], base_rev=1)
