"""What a plan will cost and how likely it succeeds, and plans made smaller."""

from __future__ import annotations

import json

import pytest

from hermes_tui.domain.compress import compressing
from hermes_tui.domain.estimate import Rates, estimate
from hermes_tui.domain.events import EditKind
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.tasks import Task, TaskKind
from hermes_tui.domain.usage import Price

PRICE = Price(input_usd=1.0, output_usd=2.0, cache_read_usd=0.1, cache_write_usd=1.25, dated="2026-01-01")


def task(name: str, kind: TaskKind, *needs: str, use: str = "", args: str = "{}", **more: object) -> Task:
    wanted = tuple(TaskId(need) for need in needs)
    return Task(id=TaskId(name), kind=kind, title=name, use=use, args=args, needs=wanted, **more)  # type: ignore[arg-type] # fields of Task


def agent(name: str, *needs: str, goal: str = "Go.") -> Task:
    return task(name, TaskKind.AGENT, *needs, args=json.dumps({"goal": goal}))


@pytest.mark.parametrize(("steps", "chance"), [(1, 0.9), (2, 0.81), (3, 0.729), (5, 0.590), (10, 0.349)])
def test_the_chance_falls_with_each_model_step(steps: int, chance: float) -> None:
    found = estimate([task(f"t{n}", TaskKind.LLM) for n in range(steps)], Rates(), PRICE)

    assert found.chance == pytest.approx(chance, abs=0.001)
    assert found.model_steps == steps


def test_nine_tools_and_one_model_step_are_as_likely_as_the_one_step() -> None:
    plan = [task("m", TaskKind.LLM), *(task(f"t{n}", TaskKind.TOOL, use="shell") for n in range(9))]

    found = estimate(plan, Rates(), PRICE)

    assert (found.chance, found.tool_steps, found.advice) == (0.9, 9, "")


def test_measured_rates_take_the_place_of_the_assumed_ones() -> None:
    rates = Rates(step_success=0.98, tools={"shell": 0.5}, agent_steps=3.0, samples=200)

    found = estimate([agent("a"), task("t", TaskKind.TOOL, use="shell")], rates, None)

    assert found.chance == pytest.approx(0.98**3 * 0.5, abs=0.001)
    assert (found.measured, found.usd) == (True, None)


def test_time_follows_the_longest_path_and_what_only_undoes_is_left_out() -> None:
    plan = [
        task("a", TaskKind.TOOL, use="read", compensate=TaskId("u")),
        task("b", TaskKind.TOOL, "a", use="read"),
        task("c", TaskKind.TIMER, args='{"seconds": 2}'),
        task("u", TaskKind.TOOL, "b", use="read"),
    ]

    found = estimate(plan, Rates(tool_s=1.5), PRICE)

    assert (found.tasks, found.seconds, found.usd) == (3, 3.0, 0.0)


def test_money_is_tokens_times_price() -> None:
    found = estimate([task("m", TaskKind.LLM)], Rates(prompt_tokens=1000, output_tokens=500), PRICE)

    assert (found.tokens, found.usd) == (1500, 0.002)


def test_a_chain_of_small_agents_becomes_one_that_does_their_steps_in_order() -> None:
    chain = [agent("a", goal="First."), agent("b", "a", goal="Use ${a.x}."), agent("c", "b", goal="Last.")]

    ops = list(compressing(chain, chain))

    assert [(op.kind, op.target) for op in ops] == [
        (EditKind.EDIT, "c"),
        (EditKind.REMOVE, "b"),
        (EditKind.REMOVE, "a"),
    ]
    merged = ops[0].task
    assert merged is not None
    assert json.loads(merged.args)["goal"] == (
        "Do these in order:\n1. First.\n2. Use what the step before brought.\n3. Last."
    )


def test_work_that_is_worth_a_handover_stays_apart() -> None:
    long = "word " * 200
    apart = [agent("a", goal=long), agent("b", "a", goal=long), agent("c"), agent("d", "a", "c")]

    assert list(compressing(apart, apart)) == []


def test_a_look_that_is_made_twice_is_made_once() -> None:
    looks = [
        task("a", TaskKind.TOOL, use="read", args='{"p": 1}'),
        task("b", TaskKind.TOOL, use="read", args='{"p": 1}'),
    ]

    (op,) = compressing(looks, looks)

    assert (op.kind, op.target) == (EditKind.REMOVE, "b")
