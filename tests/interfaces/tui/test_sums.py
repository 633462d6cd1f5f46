"""Numbers of one run agree wherever they stand, also where a session has had runs before it."""

from __future__ import annotations

import pytest

from hermes_tui.domain.events import RunEnded
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.state.graph import GraphState, TaskStatus
from hermes_tui.domain.state.run import RunState
from hermes_tui.domain.state.spend import SpendState, Spent
from hermes_tui.domain.tasks import Task, TaskKind, TaskState
from hermes_tui.domain.usage import Limits
from hermes_tui.domain.usage import Usage as Reported
from hermes_tui.domain.values import replace
from hermes_tui.interfaces.tui import meter
from hermes_tui.interfaces.tui.chronicle import Chronicle
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.spend_tables import tables
from tests.fakes import Reply, Scenario
from tests.fakes.usage import Usage
from tests.interfaces.tui.stand import Stand, Table, workstation


def total_usd(app: Stand, column: int) -> str:
    """Return the total of one of the tables: by role, by task."""
    view = app.workspace.view_now()
    drawn = meter.detail(view.state, view.chronicle, view.now, 120)
    total = next(line.text for line in drawn if line.text.lstrip().startswith("total"))
    return [word for word in total.split() if word.startswith("$")][column]


async def test_what_a_second_run_costs_is_the_same_by_task_by_role_and_in_all(table: Table) -> None:
    dear = Reply("One.", usage=Usage(input_tokens=500_000, output_tokens=10))
    cheap = Reply("Two.", usage=Usage(input_tokens=50_000, output_tokens=10))
    async with workstation(table, Scenario(replies=[dear, cheap])) as app:
        await app.enter("first")
        await app.until_event(RunEnded)
        await app.enter("second")
        await app.until_event(RunEnded, 2)
        await app.until(lambda: not app.workspace.live)
        spend = app.seat.state.spend
        sums = total_usd(app, 0), total_usd(app, 1)

    assert 0 < spend.run.usd < spend.total.usd
    assert sum(share.usd for share in spend.by_task.values()) == spend.run.usd
    assert sum(share.usd for share in spend.by_role.values()) == spend.run.usd
    assert sums == (f"${spend.run.usd:.2f}",) * 2


def spent(usd: float, *, calls: int = 1, prompt: int = 0) -> Spent:
    return Spent(calls=calls, usd=usd, usage=Reported(input_tokens=prompt, output_tokens=prompt // 10))


def budget(roles: dict[str, float], tasks: dict[str, float]) -> SessionState:
    """Return a state in which so much was spent for roles and for tasks, the first task with a slice of its own."""
    known = [
        Task(id=TaskId(name), kind=TaskKind.LLM, title=f"do {name}", budget=Limits(usd=0.25) if at == 0 else None)
        for at, name in enumerate(tasks)
    ]
    spend = SpendState(
        run=spent(sum(roles.values()), calls=len(roles), prompt=3000),
        by_role={name: spent(usd, prompt=1000) for name, usd in roles.items()},
        by_task={TaskId(name): spent(usd) for name, usd in tasks.items()},
        by_model=dict.fromkeys(("cloud:big", "ollama:nomic"), Spent()),
    )
    return SessionState(graph=GraphState(rev=1, tasks={task.id: task for task in known}), spend=spend)


def brains(**roles: str) -> Chronicle:
    chronicle = Chronicle()
    chronicle.role_models = {name.replace("_", "."): model for name, model in roles.items()}
    return chronicle


def test_the_tables_stand_by_role_and_by_task_beside_each_other_with_what_is_free_named() -> None:
    roles = {"cortex": 0.375, "hippocampus.compression": 0.025, "hippocampus.embedding": 0.0}
    state = budget(roles, {"choose": 0.25, "tests": 0.15})
    chronicle = brains(cortex="cloud:big", hippocampus_compression="cloud:big", hippocampus_embedding="ollama:nomic")

    lines = [line.text.split() for line in tables(state, chronicle, 120, ["ollama:nomic"])]

    assert lines == [
        ["by", "role", "brain", "calls", "in", "out", "cached", "usd", "by", "task", "usd", "slice"],
        ["cortex", "cloud:big", "1", "1.0k", "100", "0", "%", "$0.3750", "do", "choose", "$0.2500", "0.25"],
        [
            *("compression", "same", "as", "cortex", "1", "1.0k", "100", "0", "%", "$0.0250"),
            *("do", "tests", "$0.1500", "–"),
        ],
        ["embedding", "ollama:nomic", "1", "1.0k", "100", "0", "%", "local", "total", "$0.4000"],
        ["total", "3", "3.0k", "300", "0", "%", "$0.4000"],
    ]


@pytest.mark.parametrize("width", [40, 50, 60, 79])
def test_where_there_is_no_room_the_bar_gives_way_and_no_figure_is_cut(width: int) -> None:
    state = budget({"cortex": 0.4}, {"tests": 0.4})
    capped = replace(state, run=RunState(limits=Limits(usd=1.0)))

    lines = meter.detail(capped, Chronicle(), 0.0, width, meter.Day(0.4, 20.0), [])

    assert [line.text.split()[-1] for line in lines[:2]] == ["$1.00", "$20.00"]
    assert all(line.width <= width for line in lines)


@pytest.mark.parametrize(
    ("parts", "total"),
    [
        pytest.param([0.10, 0.30], "$0.40", id="cents are enough"),
        pytest.param([0.014, 0.014, 0.014], "$0.0420", id="cents would not add up"),
        pytest.param([1.0, 0.001], "$1.0010", id="a part would read as nothing"),
        pytest.param([0.00001, 0.00002], "$0.000030", id="very little"),
    ],
)
def test_what_is_written_adds_up(parts: list[float], total: str) -> None:
    shares = {f"part-{at}": usd for at, usd in enumerate(parts)}

    lines = [line.text.split() for line in tables(budget(shares, shares), Chronicle(), 80)]

    assert [line[-1] for line in lines if line[:1] == ["total"]] == [total, total]
    written = [float(word[1:]) for line in lines for word in line if word.startswith("$") and line[0] != "total"]
    assert round(sum(written), 6) == round(2 * float(total[1:]), 6)


def test_a_role_that_two_brains_answered_for_names_the_last_and_counts_the_other() -> None:
    chronicle = brains(cortex="cloud:big")
    chronicle.model_roles = {"cloud:big": "cortex", "ollama:nomic": "cortex"}

    lines = [line.text for line in tables(budget({"cortex": 0.4}, {"choose": 0.4}), chronicle, 80)]

    assert "cloud:big and 1 more " in lines[1]


def test_the_small_meter_has_a_row_for_each_role_and_ends_with_the_day() -> None:
    state = budget({"cortex": 0.39, "hippocampus.embedding": 0.0}, {"choose": 0.39})
    chronicle = brains(cortex="cloud:big", hippocampus_embedding="ollama:nomic")

    known, unknown = (
        [line.text.split() for line in meter.compact(state, chronicle, 0.0, 48, day, ["ollama:nomic"])]
        for day in (meter.Day(2.18, 10.0), meter.NO_DAY)
    )

    assert known[-3:] == [
        ["cortex", "cloud:big", "$0.39"],
        ["embedding", "ollama:nomic", "local"],
        ["cached", "input", "0", "%", "day", "$2.18", "of", "10.00"],
    ]
    assert unknown[-1] == ["cached", "input", "0", "%", "3.3k", "tokens"]


def test_the_forecast_says_what_the_run_comes_to_and_when_at_the_present_rate() -> None:
    state = budget({"cortex": 0.40}, dict.fromkeys("abcd", 0.1))
    done = TaskStatus(state=TaskState.DONE)
    status = {name: done if at < 2 else TaskStatus() for at, name in enumerate(state.graph.tasks)}
    chronicle = Chronicle()
    chronicle.began, chronicle.spending = 1_000.0, [(1_010.0, 0.40)]

    near = meter.ends_near(replace(state, graph=replace(state.graph, status=status)), chronicle, 1_060.0)

    assert near == f"ends near $0.80 at {wording.short_clock(1_120.0)}"
