"""What a plan will take: the estimate in its row, what is left of the critical path; nothing where nothing is known."""

from __future__ import annotations

import pytest

from hermes_tui.domain.commands import EditPlan, Interrupt, Submit
from hermes_tui.domain.estimate import Rates
from hermes_tui.domain.events import EditKind, PlanOp, RunEnded
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.state.graph import GraphState, TaskStatus
from hermes_tui.domain.tasks import Task, TaskKind, TaskState
from hermes_tui.domain.values import replace
from hermes_tui.interfaces.tui.chronicle import Chronicle
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.graph.folding import GraphRows
from hermes_tui.interfaces.tui.graph.frame import counted, hint, legend, path_line
from hermes_tui.interfaces.tui.graph.remaining import expected_s, remaining
from hermes_tui.services import rates as measured_rates
from tests.fakes import Repeat, Reply, Scenario, Usage
from tests.interfaces.tui.stand import Stand, Table, seated, workstation

DONE, PENDING, RUNNING = TaskState.DONE, TaskState.PENDING, TaskState.RUNNING
SLOW = TaskStatus(state=RUNNING, attempts=1, started_at=1_000.0)
PLAN = """---
mode: auto
---
Three and a sum.

```plan
schema: hermes.plan/1
tasks:
  - {id: look, kind: tool, title: look around, use: list, args: {path: "."}}
  - {id: think, kind: llm, title: think, needs: [look], args: {prompt: "never"}}
  - {id: report, kind: llm, title: report, needs: [think], args: {prompt: "report"}}
```
"""
STALLED = Scenario(replies=[Reply("never", first_token_s=3600.0)], repeat=Repeat.LAST)


def graph(*tasks: tuple[str, TaskKind, str, TaskStatus]) -> GraphState:
    """Return a graph of tasks given as id, kind, what each needs, and status."""
    made = {
        TaskId(name): Task(id=TaskId(name), kind=kind, title=name, needs=tuple(TaskId(one) for one in needs.split()))
        for name, kind, needs, _ in tasks
    }
    return GraphState(rev=1, tasks=made, status={TaskId(name): status for name, _, _, status in tasks})


CHAIN = graph(
    ("a", TaskKind.LLM, "", TaskStatus(state=DONE, attempts=1, seconds=120.0)),
    ("b", TaskKind.LLM, "a", SLOW),
    ("c", TaskKind.JOIN, "b", TaskStatus()),
    ("d", TaskKind.AGENT, "c", TaskStatus()),
)


def test_a_task_takes_what_such_tasks_took_in_this_run_else_what_the_plans_estimate_says() -> None:
    rates = Rates(step_s=10.0, agent_steps=6.0)

    assert expected_s(CHAIN, rates) == {"a": 120.0, "b": 120.0, "c": 0.0, "d": 60.0}
    assert expected_s(CHAIN, None) == {}


@pytest.mark.parametrize(
    ("now", "said"),
    [
        pytest.param(1_000.0, "about 3 min left", id="it has just begun"),
        pytest.param(1_100.0, "about 1 min left", id="most of it is done"),
        pytest.param(9_000.0, "about 1 min left", id="it takes longer than it should: only what follows is known"),
    ],
)
def test_what_is_left_of_the_critical_path_shrinks_with_the_work_on_it(now: float, said: str) -> None:
    path = [TaskId(name) for name in "bcd"]

    assert remaining(CHAIN, path, expected_s(CHAIN, Rates(step_s=10.0))).said(now) == said
    assert remaining(CHAIN, path, {}).said(now) == ""
    assert remaining(CHAIN, path[:1], expected_s(CHAIN, Rates())).said(9_000.0) == ""


def test_the_critical_path_is_the_one_that_takes_longest_where_that_is_known() -> None:
    forked = graph(
        ("a", TaskKind.LLM, "", TaskStatus()),
        ("b", TaskKind.AGENT, "a", TaskStatus()),
        *((f"t{at}", TaskKind.TOOL, f"t{at - 1}" if at else "a", TaskStatus()) for at in range(3)),
    )
    rows = GraphRows()
    state = SessionState(graph=forked)
    plain = rows.tasks(state, Chronicle())
    rows.of(state, Chronicle(), plain, steps=False)
    by_count = rows.path
    rows.rates = Rates()
    rows.of(state, Chronicle(), plain, steps=False)

    assert by_count == {"a", "t0", "t1", "t2"}
    assert rows.path == {"a", "b"}


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(3.0, "10 s"), (44.0, "40 s"), (58.0, "1 min"), (400.0, "7 min"), (5_399.0, "90 min"), (10_000.0, "3 h")],
)
def test_an_estimated_time_is_no_more_exact_than_it_can_be(seconds: float, said: str) -> None:
    assert wording.about(seconds) == said


def test_the_line_below_a_small_graph_and_the_legend_below_a_large_one_fit() -> None:
    wide, narrow, least = (legend(width, "about 5 min left").text for width in (120, 76, 30))

    assert path_line("about 5 min left").text == " ║ critical path · about 5 min left"
    assert path_line("").text == " ║ critical path"
    assert wide == ("║ critical · about 5 min left  · pending  ◦ ready  ○ waiting  ● running  ◊ needs you  ► folded")
    assert narrow == "║ critical  · pending  ◦ ready  ○ waiting  ● running  ◊ needs you  ► folded"
    assert least == "║ critical  · pending  ◦ ready"


def test_the_rule_gives_up_its_keys_first_and_what_failed_last() -> None:
    status = {"a": TaskStatus(state=TaskState.FAILED), "b": SLOW}
    state = SessionState(graph=graph(*((name, TaskKind.LLM, "", one) for name, one in status.items())))
    counts = counted(list(GraphRows().tasks(state, Chronicle()).values()))

    def said(room: int, *, full: bool) -> str:
        return "".join(text for text, _ in hint(counts, "about 5 min left", "F2", room, full=full))

    assert said(60, full=True) == "/ find · Space fold · v picture · 1 live · 1 failed"
    assert said(45, full=True) == "Space fold · v picture · 1 live · 1 failed"
    assert said(50, full=False) == "║ critical · about 5 min left · 1 failed · F2"
    assert said(31, full=False) == "1 failed · F2"
    assert said(5, full=False) == ""


async def begun(app: Stand) -> None:
    """Let the plan run until its second task waits for a model."""
    app.workspace_file("goal.md").write_text(PLAN, encoding="utf-8")
    app.seat.send(Submit(text="goal.md", path=str(app.workspace_file("goal.md"))))
    await app.until(lambda: app.seat.state.graph.status.get(TaskId("think"), TaskStatus()).state is RUNNING)


async def test_the_plans_row_and_the_graph_say_what_it_will_take_as_soon_as_earlier_runs_are_known(
    table: Table,
) -> None:
    async with workstation(table, STALLED) as app:
        await begun(app)
        await app.until(lambda: "• plan declared · 3 tasks · about $" in app.text)
        await app.until(lambda: " ║ critical path · about 20 s left" in app.text)
        told = next(line for line in app.rows if "• plan" in line)
        app.seat.send(Interrupt())
        await app.until_event(RunEnded)
        await app.until(lambda: not app.workspace.live and "left" not in app.rows[4])
        after = app.rows[4]
        session = app.seat.facts.session

    async with seated(table.desk(session=session)) as later:
        again = next(line for line in later.rows if "• plan" in line)

    assert ", 20 s " in told
    assert " ║ critical path " in after, "nothing is left to wait for when the run is over"
    assert "• plan declared · 3 tasks  " in again, "nobody has looked at earlier runs yet"


async def test_a_brain_without_a_price_leaves_the_time_alone_and_one_task_is_no_plan(table: Table) -> None:
    async with workstation(table, STALLED) as app:
        await begun(app)
        await app.until(lambda: "· about $" in app.text)
        view, row = app.workspace.view_now(), app.workspace.console_pane.transcript.plan
        unpriced = row.foreseen(replace(view, brains=()))
        unknown = row.foreseen(replace(view, rates=None))
        same = row.foreseen(replace(view, rates=None))

        assert unpriced is not None
        assert unpriced.copy().startswith("plan declared · 3 tasks · about 20 s\n")
        assert unknown is not None
        assert unknown.copy().startswith("plan declared · 3 tasks\n")
        assert same is None, "nothing is worked out again until something changes"


async def test_the_session_itself_does_not_count_among_earlier_runs(table: Table) -> None:
    async with workstation(table, Scenario(replies=[Reply("Hello.", usage=Usage(input_tokens=100))])) as app:
        await app.enter("Say hello.")
        await app.until_event(RunEnded)
        folder, session = table.home / "state" / "sessions", app.seat.facts.session

        assert measured_rates.measured(folder).samples == 1
        assert measured_rates.measured(folder, besides=session).samples == 0


async def test_a_plan_that_the_planner_writes_has_one_row_and_later_edits_have_their_own(table: Table) -> None:
    lines = "\n".join(
        f'{{"id": "{name}", "kind": "tool", "use": "list", "args": {{"path": "{path}"}}, "title": "look {name}"}}'
        for name, path in (("a", "."), ("b", "."), ("c", "."))
    )
    async with workstation(table, Scenario(replies=[Reply(lines), Reply("All looked at.")])) as app:
        app.workspace_file("goal.md").write_text("---\nstrategy: rewoo\n---\nLook around three times.\n", "utf-8")
        app.seat.send(Submit(text="goal.md", path=str(app.workspace_file("goal.md"))))
        await app.until_event(RunEnded)
        await app.until(lambda: "✓ done" in app.text and "· about $" in app.text)
        rows = [row.copy() for row in app.workspace.console_pane.view.window.rows]
        plans = [row.partition("\n")[0] for row in rows if row.startswith("plan ")]
        rev = app.seat.state.graph.rev
        app.seat.send(EditPlan(base_rev=rev, why="one more", ops=(PlanOp(kind=EditKind.RETRY, target=TaskId("a")),)))
        await app.until(lambda: "plan rev" in app.text)

    assert len(plans) == 1
    assert plans[0].startswith(f"plan rewoo · {len(app.seat.state.graph.tasks)} tasks · about $")
