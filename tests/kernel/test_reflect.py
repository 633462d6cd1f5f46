"""Reflection stands behind a verifier: three rounds at most, with the evidence, and none where nothing was checked."""

from __future__ import annotations

import pytest

from hermes_tui.domain.events import MessageGiven, ModelFinished, RecoveryTried, ReflectionBegun
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.records import Record
from hermes_tui.domain.tasks import Criterion, CriterionKind, Task
from tests.kernel.bench import FakeProvider, FakeTool, KernelBench, echo, say, tool_task

CHECKED = (Criterion(kind=CriterionKind.FILE, subject="report.txt"),)


def bench(replies: int) -> KernelBench:
    said = [say(f"Try {number}.") for number in range(1, replies + 1)]
    return KernelBench(provider=FakeProvider(list(said)), tools={"echo": FakeTool("echo", echo)})


def rounds(kernel: KernelBench) -> list[tuple[int, int]]:
    return [(body.round, body.most) for body in kernel.bodies(ReflectionBegun) if isinstance(body, ReflectionBegun)]


async def test_a_goal_that_is_never_met_is_tried_three_times_more_and_no_further() -> None:
    kernel = bench(4)
    kernel.criteria_ok = False
    kernel.start(criteria=CHECKED)

    ended = await kernel.run()

    assert rounds(kernel) == [(1, 3), (2, 3), (3, 3)]
    assert (ended.status, ended.exit_code, ended.verified) == ("not_done", 1, False)
    assert ended.reason.endswith("after 3 rounds of reflection")
    assert ended.answer == "Try 4."
    assert len(kernel.bodies(ModelFinished)) == 4
    told = kernel.said_to_model()[-1].text
    assert "(round 3 of 3)" in told
    assert f"- {CHECKED[0].text}: seen" in told


async def test_it_ends_as_soon_as_the_verifier_is_content() -> None:
    kernel = bench(2)
    kernel.criteria_ok = False
    kernel.start(criteria=CHECKED)

    def mend(record: Record) -> None:
        kernel.criteria_ok = kernel.criteria_ok or isinstance(record.body, ReflectionBegun)

    kernel.kit.session.bus.subscribe(mend)

    ended = await kernel.run()

    assert (rounds(kernel), ended.status, ended.verified, ended.answer) == ([(1, 3)], "done", True, "Try 2.")


async def test_a_crash_at_any_record_costs_no_round_and_adds_none() -> None:
    replies = [say(f"Try {number}.") for number in range(1, 5)]
    whole = bench(4)
    whole.criteria_ok = False
    whole.start(criteria=CHECKED)
    await whole.run()
    records = whole.journal.records

    for cut in range(3, len(records)):
        paid = sum(isinstance(record.body, ModelFinished) for record in records[:cut])
        again = whole.crash(cut, provider=FakeProvider(list(replies[paid:])), criteria_ok=False)
        ended = await again.run()

        assert (rounds(again), ended.answer) == ([(1, 3), (2, 3), (3, 3)], "Try 4."), cut
        assert not again.provider.replies, cut
        words = [body.text for body in again.bodies(MessageGiven) if isinstance(body, MessageGiven)]
        told = [text for text in words if "(round 2 of 3)" in text]
        assert len(told) == 1, cut


@pytest.mark.parametrize("tasks", [(), (tool_task("a"),)])
async def test_nothing_is_reflected_on_without_a_verifier_or_without_an_agent(tasks: tuple[Task, ...]) -> None:
    kernel = bench(1)
    kernel.criteria_ok = not tasks
    kernel.start(*tasks, criteria=CHECKED if tasks else ())

    ended = await kernel.run()

    assert rounds(kernel) == []
    assert ended.exit_code == (1 if tasks else 0)
    assert not kernel.bodies(RecoveryTried)
    assert kernel.state.graph.status.get(TaskId("a")) is None or tasks
