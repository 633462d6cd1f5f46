"""The figures of a run, computed by hand from small journals."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from hermes_tui.domain.approval import Decision, Ruling
from hermes_tui.domain.events import (
    EditKind,
    Event,
    ModelFinished,
    PlanEdited,
    PlanOp,
    RunStarted,
    TaskFailed,
    TaskFinished,
    TaskStarted,
    ToolFinished,
    ToolRequested,
)
from hermes_tui.domain.ids import CallId, RequestId, RunId, Seq, SessionId, TaskId
from hermes_tui.domain.messages import Message, Role, Text
from hermes_tui.domain.parts import StopReason
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.tasks import Effect, Goal, Mode, Reach, Task, TaskKind
from hermes_tui.domain.usage import Limits, Usage
from hermes_tui.services.kpis import kpis, lines


def journal(*events: tuple[str | None, Event]) -> list[Record]:
    return [
        Record(
            seq=Seq(number),
            at=float(number),
            place=Place(session=SessionId("s"), run=RunId("r1"), task=TaskId(task) if task else None),
            body=body,
        )
        for number, (task, body) in enumerate(events, 1)
    ]


def started() -> tuple[str | None, Event]:
    return None, RunStarted(goal=Goal(text="g"), goal_digest="d", mode=Mode.AUTO, limits=Limits())


def plan(*tasks: Task, base_rev: int = 0, by: str = "goal") -> tuple[str | None, Event]:
    ops = tuple(PlanOp(kind=EditKind.ADD, target=task.id, task=task) for task in tasks)
    return None, PlanEdited(base_rev=base_rev, by=by, why="", ops=ops)


def task(name: str, *needs: str, kind: TaskKind = TaskKind.TOOL) -> Task:
    return Task(id=TaskId(name), kind=kind, title=name, needs=tuple(TaskId(need) for need in needs))


def thought(text: str, *, tokens: int = 100, seconds: float = 2.0) -> Event:
    return ModelFinished(
        request_id=RequestId("q"),
        model="openai:gpt-4o",
        message=Message(role=Role.MODEL, content=(Text(text=text),)),
        stop=StopReason.END,
        usage=Usage(input_tokens=tokens - 10, output_tokens=10),
        usd=0.0,
        first_token_s=0.1,
        seconds=seconds,
    )


def call(name: str, output: str, *, ok: bool = True, effect: Effect = Effect.READ) -> Sequence[Event]:
    asked = ToolRequested(
        call_id=CallId(name),
        tool="read",
        arguments="{}",
        summary="",
        effect=effect,
        reach=Reach.WORKSPACE,
        ruling=Ruling(decision=Decision.ALLOW, rule="r"),
    )
    return asked, ToolFinished(call_id=CallId(name), tool="read", ok=ok, output=output, data="null", seconds=0.5)


def test_plan_fidelity_is_the_share_of_planned_tasks_that_went_as_planned() -> None:
    found = kpis(
        journal(
            started(),
            plan(*(task(name) for name in "abcd")),
            *((name, TaskStarted()) for name in "abcd"),
            *((name, TaskFinished(result="1", seconds=1.0)) for name in "abc"),
            ("d", TaskFailed(kind="k", message="m", seconds=1.0)),
            plan(task("e"), base_rev=1, by="operator"),
            ("e", TaskFinished(result="1", seconds=1.0)),
        )
    )

    assert found.plan_fidelity == 0.75


def test_what_a_planner_wrote_counts_as_planned_and_what_replaced_it_does_not() -> None:
    found = kpis(
        journal(
            started(),
            plan(task("plan", kind=TaskKind.LLM)),
            plan(task("a"), task("b"), base_rev=1, by="planner"),
            ("plan", TaskFinished(result="1", seconds=3.0)),
            plan(task("c"), base_rev=2, by="planner"),
            ("a", TaskFinished(result="1", seconds=1.0)),
            ("c", TaskFinished(result="1", seconds=1.0)),
        )
    )

    assert found.plan_fidelity == pytest.approx(2 / 3)
    assert found.planning_s == 3.0


def test_ten_useless_calls_of_twelve_leave_a_sixth() -> None:
    useless = [event for n in range(10) for event in call(f"u{n}", f"nothing-of-interest-{n}")]
    found = kpis(
        journal(
            started(),
            *((None, event) for event in useless),
            *((None, event) for event in call("cited", "the answer is configuration.yaml")),
            *((None, event) for event in call("wrote", "ok", effect=Effect.WRITE)),
            (None, thought("It stands in configuration.yaml.")),
        )
    )

    assert found.tool_utility == pytest.approx(2 / 12)


def test_a_call_whose_task_others_wait_for_was_of_use_and_a_failed_one_was_not() -> None:
    found = kpis(
        journal(
            started(),
            plan(task("a"), task("b", "a")),
            *(("a", event) for event in call("fed", "x" * 40)),
            *(("a", event) for event in call("failed", "no", ok=False, effect=Effect.WRITE)),
        )
    )

    assert found.tool_utility == 0.5


@pytest.mark.parametrize(
    ("thoughts", "calls", "ratio", "advice"),
    [(10, 2, 5.0, "it thinks more than it acts"), (1, 8, 0.125, "it acts more than it thinks"), (4, 4, 1.0, "")],
)
def test_too_much_thought_and_too_little_are_told_apart(thoughts: int, calls: int, ratio: float, advice: str) -> None:
    made = [event for n in range(calls) for event in call(f"c{n}", "x")]
    found = kpis(journal(started(), *((None, thought("t")) for _ in range(thoughts)), *((None, one) for one in made)))

    assert found.thoughts_per_action == ratio
    assert advice in " ".join(found.advice)
    assert bool(found.advice) is bool(advice)


def test_tokens_seconds_and_the_fullest_window_are_sums_and_peaks() -> None:
    found = kpis(
        journal(
            started(),
            plan(task("a"), task("b")),
            (None, thought("t", tokens=12_810, seconds=4.0)),
            (None, thought("t", tokens=1000, seconds=1.0)),
            *(("a", event) for event in call("c", "x")),
            ("a", TaskFinished(result="1", seconds=1.0)),
            ("b", TaskFinished(result="1", seconds=1.0)),
        )
    )

    assert found.tokens_per_task == 13_810 / 2
    assert (found.thought_s, found.tool_s, found.peak_prompt_tokens) == (5.0, 0.5, 12_800)
    assert found.pressure == pytest.approx(0.1)
    assert "thought / tools      5.0 s / 0.5 s" in lines(found)


def test_only_the_latest_run_of_a_session_counts_and_an_empty_one_has_no_figures() -> None:
    found = kpis(journal(started(), (None, thought("old")), started()))

    assert (found.tokens_per_task, found.thought_s, lines(found)) == (None, 0.0, [])
