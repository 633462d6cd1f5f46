"""The scheduler around the tasks: lanes, timers, partial joins, edits of what runs, early release."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

from hermes_tui.domain.errors import FailureReason
from hermes_tui.domain.events import (
    EditKind,
    PlanOp,
    RetryScheduled,
    RunEnded,
    TaskWaiting,
    ToolFinished,
    ToolIntended,
    ToolRequested,
    ToolResolved,
)
from hermes_tui.domain.ids import RequestId, Seq, TaskId
from hermes_tui.domain.ports import Tool, ToolContext, ToolOutcome
from hermes_tui.domain.records import Record
from hermes_tui.domain.tasks import Effect, Reach, Task, TaskKind, TaskState
from hermes_tui.kernel.lanes import Lanes
from hermes_tui.kernel.tasks.amend import amend, undo
from tests.kernel.bench import PLACE, FakeJournal, FakeProvider, FakeTool, KernelBench, ProbedTool, echo, tool_task


def bench(**tools: Tool) -> KernelBench:
    return KernelBench(provider=FakeProvider([]), tools={"echo": FakeTool("echo", echo), **tools})


class Hold:
    """A tool that stays until it is let go, and counts how many are in it at once."""

    def __init__(self) -> None:
        self.inside = self.most = 0
        self.entered, self.leave = asyncio.Event(), asyncio.Event()

    async def act(self, values: dict[str, object], context: ToolContext) -> ToolOutcome:
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.entered.set()
        try:
            await self.leave.wait()
        finally:
            self.inside -= 1
        return await echo(values, context)


async def settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def test_a_full_lane_holds_its_own_tasks_and_lets_the_others_by() -> None:
    hold = Hold()
    kernel = bench(hold=FakeTool("hold", hold.act))
    kernel.kit.slots = {"hold": 2}
    kernel.start(*[tool_task(f"h{n}", "hold") for n in range(5)], tool_task("e"))

    running = asyncio.create_task(kernel.run())
    await settle()
    held = (hold.inside, kernel.state.graph.state_of(TaskId("e")))
    hold.leave.set()
    ended = await running

    assert held == (2, TaskState.DONE)
    assert (ended.exit_code, hold.most) == (0, 2)


async def test_timers_take_no_room_from_work() -> None:
    timers = [Task(id=TaskId(f"t{n}"), kind=TaskKind.TIMER, title="", args='{"seconds": 5}') for n in range(3)]
    kernel = bench()
    kernel.kit.width = 1
    kernel.start(*timers, tool_task("e"))

    ended = await kernel.run()

    assert ended.exit_code == 0
    assert kernel.clock.slept[0] == 5


async def test_a_timer_waits_only_for_what_is_left_after_a_restart() -> None:
    timer = Task(id=TaskId("t"), kind=TaskKind.TIMER, title="", args='{"seconds": 60}')
    kernel = bench()
    kernel.start(timer)
    await kernel.run()
    cut = next(record.seq for record in kernel.journal.records if isinstance(record.body, TaskWaiting))

    resumed = kernel.crash(cut)
    resumed.clock.time = 2045.0
    await resumed.run()

    assert resumed.clock.slept == [15.0]


def busy(reason: FailureReason) -> Record:
    body = RetryScheduled(request_id=RequestId("r"), model="m", reason=reason, attempt=2, delay_s=1.0)
    return Record(seq=Seq(1), at=0.0, place=PLACE, body=body)


def test_the_lane_of_the_models_halves_when_a_provider_is_busy() -> None:
    lanes = Lanes(16, {"model": 8})
    agent = Task(id=TaskId("a"), kind=TaskKind.AGENT, title="")

    lanes.hear(busy(FailureReason.SERVER))
    lanes.hear(busy(FailureReason.RATE_LIMITED))
    lanes.hear(busy(FailureReason.OVERLOADED))
    entered = [lanes.enter(agent) for _ in range(4)]

    assert lanes.models == 2
    assert entered == [True, True, False, False]


async def test_a_partial_join_reads_what_there_is_and_names_what_failed() -> None:
    async def fail(_: dict[str, object], __: ToolContext) -> ToolOutcome:
        return ToolOutcome(output="broken", data="null", ok=False, error_kind="boom")

    kernel = bench(fail=FakeTool("fail", fail))
    join = Task(
        id=TaskId("j"), kind=TaskKind.JOIN, title="", needs=(TaskId("a"), TaskId("b"), TaskId("c")), partial=True
    )
    kernel.start(tool_task("a"), tool_task("b", "fail"), tool_task("c", needs=(TaskId("b"),)), join)

    ended = await kernel.run()

    found = json.loads(kernel.state.graph.status[TaskId("j")].result)
    assert found == {
        "a": {"of": "a"},
        "b": {"state": "failed", "why": "broken"},
        "c": {"state": "skipped", "why": "b did not end well"},
    }
    assert ended.exit_code == 0


async def test_a_task_added_while_the_run_goes_on_is_carried_out() -> None:
    hold = Hold()
    kernel = bench(hold=FakeTool("hold", hold.act))
    kernel.start(tool_task("a", "hold"))

    running = asyncio.create_task(kernel.run())
    await hold.entered.wait()
    more = tool_task("b", needs=(TaskId("a"),))
    amend(kernel.kit.session, PLACE, [PlanOp(kind=EditKind.ADD, target=more.id, task=more)], by="operator", why="")
    hold.leave.set()
    await running

    assert kernel.state.graph.state_of(TaskId("b")) is TaskState.DONE


async def test_a_running_task_that_is_edited_is_stopped_and_runs_again_as_it_is_now() -> None:
    hold = Hold()
    kernel = bench(hold=FakeTool("hold", hold.act))
    kernel.start(tool_task("a", "hold"))

    running = asyncio.create_task(kernel.run())
    await hold.entered.wait()
    now = replace(tool_task("a"), args='{"n": 7}')
    amend(kernel.kit.session, PLACE, [PlanOp(kind=EditKind.EDIT, target=now.id, task=now)], by="operator", why="")
    ended = await running

    assert ended.exit_code == 0
    assert kernel.state.graph.status[TaskId("a")].result == '{"n": 7}'
    assert hold.inside == 0


async def test_an_edit_that_stops_a_write_takes_back_what_it_wrote() -> None:
    hold = Hold()
    kernel = bench(write=FakeTool("write", hold.act, effect=Effect.WRITE, reach=Reach.SCOPE))
    kernel.start(tool_task("a", "write"), tool_task("b"))

    running = asyncio.create_task(kernel.run())
    await hold.entered.wait()
    amend(kernel.kit.session, PLACE, [PlanOp(kind=EditKind.CANCEL, target=TaskId("a"))], by="operator", why="")
    await running

    assert kernel.images.restored == ["image-1"]
    assert not kernel.state.calls.intents
    assert kernel.state.graph.state_of(TaskId("a")) is TaskState.CANCELLED


async def test_an_edit_that_stops_an_external_effect_never_makes_it_happen_twice() -> None:
    sent: dict[str, ToolOutcome] = {}
    entered = asyncio.Event()

    async def send(values: dict[str, object], context: ToolContext) -> ToolOutcome:
        sent[context.key] = await echo(values, context)
        entered.set()
        await asyncio.Event().wait()
        return sent[context.key]

    kernel = bench(post=ProbedTool("post", send, effect=Effect.EXTERNAL, reach=Reach.NETWORK, happened=sent))
    kernel.start(tool_task("a", "post"))

    running = asyncio.create_task(kernel.run())
    await entered.wait()
    session = kernel.kit.session
    amend(session, PLACE, [PlanOp(kind=EditKind.PAUSE, target=TaskId("a"))], by="operator", why="")
    await settle()
    if not running.done():
        undo(session, PLACE, by="operator")
    await running
    resumed = kernel.crash(len(kernel.journal.records))
    if resumed.state.graph.state_of(TaskId("a")) is TaskState.PAUSED:
        undo(resumed.kit.session, PLACE, by="operator")
    ended = await resumed.run()

    assert len(sent) == 1
    assert [body.how for body in resumed.bodies(ToolResolved) if isinstance(body, ToolResolved)] == ["probed"]
    assert ended.exit_code == 0


async def test_a_paused_task_that_never_began_does_not_hang_the_run() -> None:
    kernel = bench()
    kernel.start(tool_task("a"), tool_task("b"))
    session = kernel.kit.session

    def pause(record: Record) -> None:
        if isinstance(record.body, ToolRequested) and record.place.task == "a":
            amend(session, PLACE, [PlanOp(kind=EditKind.CANCEL, target=TaskId("b"))], by="operator", why="")

    session.bus.subscribe(pause)

    await asyncio.wait_for(kernel.run(), timeout=10)

    assert kernel.state.graph.state_of(TaskId("b")) is TaskState.CANCELLED
    assert kernel.state.graph.state_of(TaskId("a")) is TaskState.DONE


class CountingJournal(FakeJournal):
    """Notes after which record somebody waited for the disk."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[Seq] = []

    async def durable(self, seq: Seq) -> None:
        self.waited.append(seq)
        await super().durable(seq)


async def test_steps_wait_for_the_disk_where_one_is_about_to_act_and_then_for_all_before_it() -> None:
    journal = CountingJournal()
    effect = FakeTool("post", echo, effect=Effect.EXTERNAL, reach=Reach.NETWORK)
    kernel = KernelBench(
        provider=FakeProvider([]), tools={"echo": FakeTool("echo", echo), "post": effect}, journal=journal
    )
    kernel.start(
        *[tool_task(f"r{n}", needs=(TaskId(f"r{n - 1}"),) if n else ()) for n in range(5)],
        tool_task("p", "post", needs=(TaskId("r4"),)),
        tool_task("q", needs=(TaskId("p"),)),
        tool_task("s", "post", needs=(TaskId("q"),)),
    )

    await kernel.run()

    intents = [record.seq for record in journal.records if isinstance(record.body, ToolIntended)]
    assert [seq for seq in journal.waited if seq <= intents[-1]] == intents
    assert journal.waited[-1] == journal.records[-1].seq
    assert isinstance(journal.records[-1].body, RunEnded)


def slow_chain() -> KernelBench:
    """Return three tasks that follow each other, each of which takes a second."""
    kernel = bench()

    async def tick(values: dict[str, object], context: ToolContext) -> ToolOutcome:
        kernel.clock.time += 1.0
        return await echo(values, context)

    kernel.kit.tools = {"echo": FakeTool("echo", tick)}
    kernel.start(tool_task("a"), tool_task("b", needs=(TaskId("a"),)), tool_task("c", needs=(TaskId("b"),)))
    return kernel


async def test_between_tasks_that_take_their_time_everything_else_on_the_loop_has_its_turn() -> None:
    kernel, done = slow_chain(), list[int]()
    running = asyncio.create_task(kernel.run())

    while not running.done():
        await asyncio.sleep(0)
        ended = len(kernel.bodies(ToolFinished))
        if ended not in done:
            done.append(ended)

    assert done == [0, 1, 2, 3]


async def test_a_task_that_is_cancelled_while_others_have_their_turn_never_begins() -> None:
    kernel = slow_chain()
    session = kernel.kit.session

    def cancel() -> None:
        amend(session, PLACE, [PlanOp(kind=EditKind.CANCEL, target=TaskId("b"))], by="operator", why="")

    def hear(record: Record) -> None:
        if isinstance(record.body, ToolFinished) and record.place.task == "a":
            asyncio.get_running_loop().call_soon(cancel)

    session.bus.subscribe(hear)

    await asyncio.wait_for(kernel.run(), timeout=10)

    states = [kernel.state.graph.state_of(TaskId(name)) for name in ("a", "b", "c")]
    assert states == [TaskState.DONE, TaskState.CANCELLED, TaskState.SKIPPED]
    assert len(kernel.bodies(ToolRequested)) == 1
