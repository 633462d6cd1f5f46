"""The task graph: folding, the picture, steps and agents in place, plan diffs, and every action through the kernel."""

from __future__ import annotations

from collections.abc import Callable

from hermes_tui.domain.commands import Submit
from hermes_tui.domain.events import PlanEdited, RunEnded, TaskWaiting
from hermes_tui.domain.ids import AgentId, Seq, TaskId
from hermes_tui.domain.messages import Message, Role, Text
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.state.graph import GraphState, TaskStatus
from hermes_tui.domain.state.log import Log
from hermes_tui.domain.state.run import RunState
from hermes_tui.domain.state.spend import Spent
from hermes_tui.domain.state.talk import Conversation, TalkState
from hermes_tui.domain.tasks import Guard, Operator, Task, TaskKind, TaskState
from hermes_tui.domain.usage import Limits, Usage
from hermes_tui.domain.values import replace
from hermes_tui.interfaces._tables import plan_lines
from hermes_tui.interfaces.tui.chronicle import Chronicle
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.row_window import Room
from hermes_tui.interfaces.tui.graph import picture
from hermes_tui.interfaces.tui.graph.detail import LastSaid, detail_lines
from hermes_tui.interfaces.tui.graph.folding import GraphRows, needs_of
from hermes_tui.interfaces.tui.graph.rows import GroupRow, TaskRow, ribbon
from hermes_tui.interfaces.tui.panes._pane import View
from tests.fakes import Call, Reply, Scenario
from tests.fakes.scenario import Rule
from tests.interfaces.tui.stand import Stand, Table, workstation

PLAN = """---
mode: auto
---
Two and a sum.

```plan
schema: hermes.plan/1
tasks:
  - {id: stall, kind: agent, title: a stalled one, args: {goal: "Stall for ever."}}
  - {id: after, kind: tool, title: after it, needs: [stall], use: list, args: {path: "."}}
  - {id: last, kind: tool, title: the last, needs: [after], use: list, args: {path: "."}}
```
"""
STALLED = Scenario(
    rules=[
        Rule(contains="Stall for ever", replies=[Reply("I look.", tool_calls=[Call("list", {"path": "."})])]),
        Rule(contains="never", replies=[Reply("never", first_token_s=3600.0)]),
    ],
    replies=[Reply("still here", first_token_s=3600.0)],
)


def graph(*tasks: tuple[str, str, TaskState]) -> SessionState:
    """Return a state with tasks given as id, what each needs, and state."""
    made = {
        TaskId(name): Task(
            id=TaskId(name), kind=TaskKind.TOOL, title=f"do {name}", needs=tuple(TaskId(one) for one in needs.split())
        )
        for name, needs, _ in tasks
    }
    status = {TaskId(name): TaskStatus(state=state) for name, _, state in tasks}
    return SessionState(graph=GraphState(rev=1, tasks=made, status=status))


def shown(rows: GraphRows, state: SessionState, width: int = 60) -> list[str]:
    """Return the lines of the rows."""
    found = rows.of(state, Chronicle(), rows.tasks(state, Chronicle()), steps=False)
    return [line.text.rstrip() for row in found for line in row.lines(Room(width))]


def test_a_thousand_tasks_begin_folded_and_a_group_opens_where_it_stands() -> None:
    pending = TaskState.PENDING
    many = [(f"read-{at}", "", TaskState.DONE if at < 400 else pending) for at in range(500)]
    more = [(f"write-{at}", f"read-{at}", pending) for at in range(499)]
    state = graph(*many, *more, ("sum", "write-7", TaskState.FAILED))
    rows = GraphRows()

    folded = shown(rows, state)
    rows.toggled.add(("group", "read"))
    opened = rows.of(state, Chronicle(), rows.tasks(state, Chronicle()), steps=False)

    assert len(folded) == 3
    assert "read × 500" in folded[0]
    assert "400/500" in folded[0]
    assert "do sum" in folded[2]
    assert len([row for row in opened if isinstance(row, TaskRow)]) == 501
    assert len([row for row in opened if isinstance(row, GroupRow)]) == 1


def test_the_picture_has_a_box_for_each_task_and_a_thick_critical_path_to_the_right() -> None:
    done, pending = TaskState.DONE, TaskState.PENDING
    state = graph(("a", "", done), ("b", "a", pending), ("c", "a", done), ("d", "b c", pending), ("e", "a d", pending))
    rows = GraphRows()
    plain = rows.tasks(state, Chronicle())
    rows.of(state, Chronicle(), plain, steps=False)

    drawn = picture.draw(plain, needs_of(state), rows.path, None, (110, 0.0))
    narrow = picture.draw(plain, needs_of(state), rows.path, None, (40, 0.0))

    assert drawn is not None
    assert narrow is None
    assert {line.width for line in drawn.lines} == {110}
    assert {name: left for name, (_, left, _) in drawn.places.items()} == {"a": 1, "b": 29, "c": 29, "d": 57, "e": 85}
    text = "\n".join(line.text for line in drawn.lines)
    assert text.count("do ") == 5
    assert "═" in text
    assert "─" in text


async def run(app: Stand) -> None:
    """Let the plan run until its first task stalls, with its graph on the whole screen."""
    app.workspace_file("goal.md").write_text(PLAN, encoding="utf-8")
    app.seat.send(Submit(text="goal.md", path=str(app.workspace_file("goal.md"))))
    await app.until(lambda: app.seat.state.graph.status.get(TaskId("stall"), TaskStatus()).state is TaskState.RUNNING)
    await app.until(lambda: app.workspace.chronicle.stepped >= 2)
    await app.pilot.press("f2", "f2", "home")
    await app.until(lambda: app.workspace.full_pane == "graph")


def state_of(app: Stand, name: str) -> TaskState:
    return app.seat.state.graph.state_of(TaskId(name))


async def settled(app: Stand, seen: Callable[[], object]) -> None:
    """Wait until something is so and the pane shows the plan's latest revision."""
    await app.until(lambda: seen() and f"rev {app.seat.state.graph.rev} " in app.text)


async def test_every_action_reaches_the_kernel_and_can_be_taken_back(table: Table) -> None:
    async with workstation(table, STALLED) as app:
        await run(app)
        graph = app.workspace.graph_pane
        steps = app.text
        graph.view.show_row(("task", "last"))
        await app.pilot.press("p")
        await settled(app, lambda: state_of(app, "last") is TaskState.PAUSED)
        await app.pilot.press("p")
        await settled(app, lambda: state_of(app, "last") is TaskState.PENDING)
        await app.pilot.press("plus")
        await settled(app, lambda: app.seat.state.graph.tasks[TaskId("last")].priority == 1)
        await app.pilot.press("e")
        await app.until(lambda: "becomes an edit of the plan" in app.text)
        await app.pilot.press("backspace")
        await app.enter("tests")
        await settled(app, lambda: "tests" in app.seat.state.graph.tasks[TaskId("last")].args)
        await app.pilot.press("u")
        await settled(app, lambda: "tests" not in app.seat.state.graph.tasks[TaskId("last")].args)
        graph.view.show_row(("task", "after"))
        await app.pilot.press("s")
        await app.until(lambda: "s again skips it" in app.text)
        asked = state_of(app, "after")
        await app.pilot.press("s")
        await settled(app, lambda: state_of(app, "after") is TaskState.SKIPPED)
        await app.pilot.press("r")
        await settled(app, lambda: state_of(app, "after") is TaskState.PENDING)
        graph.view.show_row(("task", "stall"))
        await app.pilot.press("x", "x")
        await settled(app, lambda: state_of(app, "stall") is TaskState.CANCELLED)
        await app.until_event(RunEnded)
        await app.pilot.press("d")
        await app.until(lambda: "revision by revision" in app.text)

        assert "▼ a stalled one" in steps
        assert "✓ list" in steps
        assert asked is TaskState.PENDING
        assert "~ after state: pending → skipped" in app.text
        await app.until_event(PlanEdited, 8)


async def test_the_agent_of_a_task_is_steered_held_and_read_in_place(table: Table) -> None:
    async with workstation(table, STALLED) as app:
        await run(app)
        await app.pilot.press("i")
        await app.until(lambda: "read before its next reply" in app.text)
        await app.enter("mind the gap")
        await app.until(lambda: "reads it before its next reply" in app.text)
        await app.until(lambda: "(not read yet) mind the gap" in app.text)

        assert "• I look." in app.text


def test_a_task_that_the_end_of_its_run_left_behind_is_stopped_and_its_clock_stands() -> None:
    task = Task(id=TaskId("a"), kind=TaskKind.LLM, title="left behind")
    status = {task.id: TaskStatus(state=TaskState.RUNNING, attempts=1, started_at=100.0)}
    state = SessionState(graph=GraphState(rev=1, tasks={task.id: task}, status=status))
    chronicle = Chronicle(ended=160.0)
    rows = GraphRows()

    row = rows.of(state, chronicle, rows.tasks(state, chronicle), steps=False)[0]

    assert row.lines(Room(59, now=900.0))[0].text.split()[-3:] == ["stopped", "1:00", "–"]
    assert not row.live


def test_what_could_start_is_ready_and_what_waits_for_others_or_a_guard_is_pending() -> None:
    done, pending, running = TaskState.DONE, TaskState.PENDING, TaskState.RUNNING
    state = graph(("a", "", done), ("b", "a", pending), ("c", "b", pending), ("d", "a", pending), ("e", "", running))
    guarded = replace(
        state.graph.tasks[TaskId("d")], when=Guard(task=TaskId("a"), path="ok", op=Operator.EQ, value="true")
    )
    tasks = {**state.graph.tasks, guarded.id: guarded}
    status = {**state.graph.status, TaskId("a"): TaskStatus(state=done, result='{"ok": false}')}
    state = replace(state, graph=replace(state.graph, tasks=tasks, status=status))
    over = replace(state, run=RunState(ended=RunEnded(status="limited", exit_code=3, answer="")))
    rows = GraphRows().tasks(state, Chronicle())

    assert {name: row.word for name, row in rows.items()} == {
        "a": "done",
        "b": "ready",
        "c": "pending",
        "d": "pending",
        "e": "running",
    }
    assert ribbon(list(rows.values())) == (
        *(("✓", "ok"), ("◦", "text"), ("·", "muted"), ("·", "muted"), ("●", "accent")),
    )
    assert "state:ready" in rows[TaskId("b")].marks
    assert [line.split()[1] for line in list(plan_lines(state))[1:]] == ["done", "ready", *["pending"] * 2, "running"]
    assert "ready" not in "".join(plan_lines(over)), "nothing is about to start when the run is over"


def test_the_tops_of_rows_follow_the_lanes_and_not_the_plan() -> None:
    state = graph(("late", "first", TaskState.PENDING), ("first", "", TaskState.DONE))
    rows = GraphRows()

    lines = shown(rows, state)

    assert [line.split("do ")[1].split()[0] for line in lines] == ["first", "late"]
    assert list(rows.tops) == [TaskId("first"), TaskId("late")]


def test_a_folded_group_says_that_some_of_it_could_start() -> None:
    done, pending = TaskState.DONE, TaskState.PENDING
    some = [(f"read-{at}", "", done if at < 4 else pending) for at in range(50)]
    rows = GraphRows()

    assert shown(rows, graph(*some))[0].startswith(" ◦ ► read × 50")


def known(state: SessionState, chronicle: Chronicle, name: str, view: View, now: float = 1_060.0) -> list[str]:
    """Return what the detail says of a task."""
    rows = GraphRows().tasks(state, chronicle)
    seen = replace(view, state=state, chronicle=chronicle, now=now, live=True)
    return [line.text.rstrip() for line in detail_lines(rows[TaskId(name)], seen, 46, rows, LastSaid())]


async def test_the_detail_says_how_it_stands_and_since_when_and_what_it_needs_and_feeds_with_their_states(
    table: Table,
) -> None:
    state = graph(("a", "", TaskState.DONE), ("b", "a", TaskState.RUNNING), ("c", "b", TaskState.PENDING))
    task = replace(state.graph.tasks[TaskId("b")], retry=2, budget=Limits(usd=0.25))
    running = TaskStatus(state=TaskState.RUNNING, attempts=2, started_at=1_000.0)
    spend = replace(
        state.spend, by_task={task.id: Spent(calls=3, usd=0.11, usage=Usage(input_tokens=330_000, output_tokens=8_000))}
    )
    tasks, status = {**state.graph.tasks, task.id: task}, {**state.graph.status, task.id: running}
    state = replace(state, spend=spend, graph=replace(state.graph, tasks=tasks, status=status))
    waiting = replace(
        state, graph=replace(state.graph, status={**status, task.id: replace(running, state=TaskState.WAITING)})
    )
    beyond = replace(state, graph=replace(state.graph, status={**status, task.id: replace(running, attempts=4)}))
    slow = Chronicle()
    slow.waits[task.id] = TaskWaiting(what="timer", why="due", until=1_090.0)
    async with workstation(table, Scenario(), url=False) as app:
        view = app.workspace.view_now()
        shown = known(state, Chronicle(), "b", view)

        assert shown[:6] == [
            " ● try 2/3 for 1:00",
            " kind     tool",
            " tries    2 of 3",
            " cost     $0.11 of 0.25 · 338k tokens",
            " needs    ✓ do a",
            " feeds    · do c",
        ]
        assert known(waiting, slow, "b", view)[0] == f" ○ waiting for timer, until {wording.clock(1_090.0)}"
        assert known(beyond, Chronicle(), "b", view)[0] == " ● try 4 for 1:00"
        assert known(state, Chronicle(ended=1_030.0), "b", view)[0] == " ■ stopped after 0:30"


async def test_the_cursor_has_a_column_of_its_own(table: Table) -> None:
    async with workstation(table, STALLED) as app:
        await run(app)
        marked = [line[:20] for line in app.rows if "▌" in line]

        assert marked == [" ●▌▼ a stalled one  "]


async def test_showing_what_is_shown_already_lays_nothing_out_anew(table: Table) -> None:
    async with workstation(table, STALLED) as app:
        await run(app)
        pane = app.workspace.graph_pane
        full = pane.full
        pane.show(app.workspace.view_now())
        in_full = pane.view._layout_required
        await app.pilot.press("f2")
        await app.until(lambda: not app.workspace.full_pane and " ║ critical path" in app.text)
        beside = app.rows[1:5]
        pane.show(app.workspace.view_now())

        assert full
        assert not in_full
        assert not pane.view._layout_required
        assert [line[71:].partition("║ critical path")[1] for line in beside] == ["", "", "", "║ critical path"]


async def test_in_full_the_signs_are_explained_and_a_picture_that_does_not_fit_says_why(table: Table) -> None:
    async with workstation(table, STALLED) as app:
        await run(app)
        full = app.text
        await app.pilot.resize_terminal(44, 24)
        await app.pilot.press("v")
        await app.until(lambda: "shows the rows." in app.text)

        assert "║ critical" in full
        assert "· pending  ◦ ready  ○ waiting  ● running  ◊ needs you  ► folded" in full
        assert "These tasks depend on each other in more" in app.text


def test_the_end_of_a_conversation_is_drawn_again_only_when_it_went_on() -> None:
    agent = AgentId("scout")
    heard = Conversation(messages=Log((Message(role=Role.OPERATOR, content=(Text(text="Look."),)),)))
    state = SessionState(talk=TalkState(by_agent={agent: heard}))
    later = replace(state, seq=Seq(9))
    more = replace(heard, messages=heard.messages.append(Message(role=Role.MODEL, content=(Text(text="I looked."),))))
    last = LastSaid()
    first = last.lines(state, agent, 40)

    assert [line.text for line in first][1:] == [" scout, what was said last", " > Look."]
    assert last.lines(later, agent, 40) is first
    went_on = last.lines(replace(state, talk=TalkState(by_agent={agent: more})), agent, 40)
    assert went_on[-1].text == " • I looked."
    assert last.lines(state, None, 40) == ()
