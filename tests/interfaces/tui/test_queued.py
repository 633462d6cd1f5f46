"""What waits for a free slot: counted by the scheduler's own rules, and said above the prompt while it lasts."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from hermes_tui.domain.commands import Interrupt, Submit
from hermes_tui.domain.events import RunEnded, TaskStarted
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.state.graph import GraphState, TaskStatus
from hermes_tui.domain.tasks import Task, TaskKind, TaskState
from hermes_tui.interfaces.tui.graph.queued import NONE, Queued, queued
from tests.fakes import Reply, Scenario
from tests.fakes.scenario import Rule
from tests.interfaces.tui.stand import Table, workstation

RUNNING, PENDING, DONE = TaskState.RUNNING, TaskState.PENDING, TaskState.DONE

STALLED = Scenario(rules=[Rule(contains="never", replies=[Reply("never", first_token_s=3600.0)])])


def graph(*tasks: tuple[str, str, str, TaskStatus]) -> GraphState:
    """Return a graph of tasks given as id, use (empty for an agent), what each needs, and status."""
    made = {
        TaskId(name): Task(
            id=TaskId(name),
            kind=TaskKind.TOOL if use else TaskKind.AGENT,
            use=use,
            title=name,
            needs=tuple(TaskId(one) for one in needs.split()),
        )
        for name, use, needs, _ in tasks
    }
    return GraphState(rev=1, tasks=made, status={TaskId(name): status for name, _, _, status in tasks})


RUNS, NEW, ENDED = (TaskStatus(state=state, attempts=tries) for state, tries in ((RUNNING, 1), (PENDING, 0), (DONE, 1)))
AGAIN = TaskStatus(state=PENDING, attempts=1)


@pytest.mark.parametrize(
    ("tasks", "limits", "expected"),
    [
        pytest.param(
            [
                ("a", "list", "", RUNS),
                ("b", "list", "", RUNS),
                ("c", "grep", "", NEW),
            ],
            {},
            Queued(tasks=1, running=2, room=2),
            id="the width is full",
        ),
        pytest.param(
            [
                ("a", "list", "", RUNS),
                ("b", "list", "", NEW),
                ("c", "grep", "", NEW),
            ],
            {},
            NONE,
            id="there is room, so it is about to start",
        ),
        pytest.param(
            [
                ("a", "list", "", RUNS),
                ("b", "list", "", NEW),
                ("c", "grep", "", NEW),
            ],
            {"list": 1},
            Queued(tasks=1, running=1, room=1, lane="list"),
            id="one resource is full",
        ),
        pytest.param(
            [("a", "list", "", RUNS), ("b", "", "", RUNS), ("c", "", "a", NEW)],
            {},
            Queued(tasks=0, running=2, room=2),
            id="what needs another task waits for that",
        ),
        pytest.param(
            [("a", "list", "", ENDED), ("b", "", "", RUNS), ("c", "", "a", NEW)],
            {"model": 1},
            Queued(tasks=1, running=1, room=1, lane="model"),
            id="what it needs is done",
        ),
        pytest.param(
            [("a", "list", "", AGAIN), ("b", "list", "", NEW)],
            {"list": 1},
            Queued(tasks=1, running=1, room=1, lane="list"),
            id="between two attempts a slot is kept",
        ),
    ],
)
def test_a_task_waits_for_a_slot_where_all_are_taken(
    tasks: list[tuple[str, str, str, TaskStatus]], limits: Mapping[str, int], expected: Queued
) -> None:
    assert queued(graph(*tasks), limits, width=2) == expected


def test_it_is_said_in_words_that_fit() -> None:
    assert Queued(tasks=3, running=8, room=8).said(78) == "queue: 3 tasks wait for a free slot (8 of 8 run)."
    assert Queued(tasks=1, running=2, room=2, lane="shell").said(78) == (
        "queue: 1 task waits for a free slot of shell (2 of 2 run)."
    )
    assert Queued(tasks=3, running=8, room=8).said(38) == "queue: 3 tasks wait (8 of 8 run)"
    assert NONE.said(78) == ""


def plan(count: int) -> str:
    """Return a goal whose tasks all ask a model that never answers."""
    each = "\n".join(
        f'  - {{id: t{at}, kind: agent, title: t{at}, args: {{goal: "Say never."}}}}' for at in range(count)
    )
    return f"---\nmode: auto\n---\nMany.\n\n```plan\nschema: hermes.plan/1\ntasks:\n{each}\n```\n"


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_while_all_slots_are_taken_a_row_above_the_prompt_says_how_many_wait(
    table: Table, size: tuple[int, int]
) -> None:
    async with workstation(table, STALLED, size=size) as app:
        app.workspace_file("goal.md").write_text(plan(11), encoding="utf-8")
        app.order(Submit(text="goal.md", path=str(app.workspace_file("goal.md"))))
        await app.until_event(TaskStarted, 8)
        await app.until(lambda: "wait for a free slot" in app.text)
        row = next(row for row in app.rows if "free slot" in row)
        app.order(Interrupt())
        await app.until_event(RunEnded)
        await app.until(lambda: "free slot" not in app.text)

        assert row.startswith("○ queue: 3 tasks wait for a free slot (8 of 8 run).")
        assert "F2 tasks" in row
