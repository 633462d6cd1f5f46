"""The bench's own arithmetic: medians, ratios, bars, what one step adds, and the table."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import table
from tests.bench.bench import Bench
from tests.bench.figures.headless import STEPS, answer, per_step_ms, wanted
from tests.bench.figures.request import system_bytes, tool_bytes
from tests.bench.rows import Bar, Row, Samples, Verdict
from tests.fakes.scenario import Asked


def row(ours: tuple[float, ...] | None, baseline: tuple[float, ...] | None = None, bar: Bar | None = None) -> Row:
    return Row(
        figure="f",
        what="w",
        unit="s",
        ours=Samples(ours) if ours else None,
        baseline=Samples(baseline) if baseline else None,
        bar=bar,
    )


def test_samples_know_their_middle_and_their_ends() -> None:
    samples = Samples((3.0, 1.0, 10.0))

    assert (samples.low, samples.median, samples.high) == (1.0, 3.0, 10.0)


def test_a_ratio_is_the_median_over_rounds_so_that_a_slow_round_counts_on_both_sides() -> None:
    measured = row((1.0, 10.0, 1.2), (2.0, 20.0, 2.0))

    assert measured.ratio == 0.5


def test_a_ratio_needs_a_baseline_that_took_time() -> None:
    assert row((1.0,)).ratio is None
    assert row((1.0,), (0.0,)).ratio is None


@pytest.mark.parametrize(
    ("bar", "verdict"),
    [
        (Bar(value=2.0), Verdict.PASS),
        (Bar(value=1.9), Verdict.FAIL),
        (Bar(value=2.0, least=True), Verdict.PASS),
        (Bar(value=2.1, least=True), Verdict.FAIL),
        (Bar(value=0.5, ratio=True), Verdict.PASS),
        (Bar(value=0.4, ratio=True), Verdict.FAIL),
        (Bar(value=0.5, ratio=True, least=True), Verdict.PASS),
        (None, Verdict.NO_BAR),
    ],
)
def test_a_bar_bounds_the_median_or_the_ratio_from_above_or_below(bar: Bar | None, verdict: Verdict) -> None:
    assert row((1.0, 2.0, 9.0), (2.0, 4.0, 18.0), bar).verdict is verdict


def test_what_was_not_measured_is_not_judged() -> None:
    bar = Bar(value=1.0, ratio=True)

    assert row(None, None, bar).verdict is Verdict.NOT_RUN
    assert row((1.0,), None, bar).verdict is Verdict.NOT_RUN
    assert Row(figure="f", what="w", unit="", broken=True).verdict is Verdict.BROKEN


def test_the_table_shows_ours_the_baseline_the_ratio_the_bar_and_the_verdict() -> None:
    measured = row((1.0,), (4.0,), Bar(value=1.0, ratio=True, goal=0.5))

    assert table.cells_of(measured)[1:6] == ("1 s", "4 ", "0.25 ×", "≤ 1 × (goal 0.5)", "pass")


def test_the_summary_names_what_was_missed_not_run_and_broken() -> None:
    rows = [
        row((1.0,), None, Bar(value=1.0)),
        row((2.0,), None, Bar(value=1.0)),
        row(None),
        Row(figure="g", what="could not be measured", unit="", broken=True),
    ]

    lines = table.summary(rows).splitlines()

    assert lines == ["1 of 2 bars met", "  missed  f: w", "  not run f: w", "  broken  g: could not be measured"]


def test_measures_take_turns_in_opposite_order_after_one_warm_up_each(tmp_path: Path) -> None:
    order: list[str] = []

    def ours() -> float:
        order.append("ours")
        return float(len(order))

    def theirs() -> float:
        order.append("theirs")
        return float(len(order))

    taken = Bench(runs=2, folder=tmp_path).alternate(ours, theirs)

    assert order == ["ours", "theirs", "ours", "theirs", "theirs", "ours"]
    assert [samples.values for samples in taken] == [(3.0, 6.0), (4.0, 5.0)]


def test_a_step_is_what_a_run_with_steps_takes_longer_round_by_round() -> None:
    steps = per_step_ms(Samples((1.5, 3.0)), Samples((0.5, 1.0)))

    assert steps.values == (1000 / STEPS, 2000 / STEPS)


@pytest.mark.parametrize(("results", "calls"), [(0, ["shell"]), (1, ["shell"]), (2, [])])
def test_the_fake_model_asks_for_the_named_tool_as_often_as_the_goal_says(results: int, calls: list[str]) -> None:
    messages = [{"role": "user", "content": wanted("shell", 2)}, *[{"role": "tool", "content": ""}] * results]
    asked = Asked(
        dialect="openai.chat",
        model="m",
        stream=True,
        last_text="",
        has_tool_result=bool(results),
        tools=("shell",),
        body={"messages": messages},
        headers={},
    )

    reply = answer(asked)

    assert [call.name for call in reply.tool_calls] == calls


def test_a_request_is_weighed_by_its_system_messages_and_its_tools() -> None:
    body = {"messages": [{"role": "system", "content": "äb"}, {"role": "user", "content": "c"}], "tools": [{"a": 1}]}

    assert (system_bytes(body), tool_bytes(body)) == (3, len('[{"a":1}]'))
    assert tool_bytes({"messages": []}) == 0
