"""Giving a run up: effects are undone in reverse order, once, also where the process dies in the middle."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from hermes_tui.domain.events import RunAbandoned, RunEnded, ToolIntended, ToolRequested
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.ports import ToolContext, ToolOutcome
from hermes_tui.domain.tasks import Effect, Reach, Task, TaskState
from hermes_tui.domain.usage import Limits
from tests.kernel.bench import PLACE, FakeProvider, FakeTool, KernelBench, ProbedTool, echo, tool_task


@dataclass
class World:
    """Something outside that effects happen to; it knows what it did by key, so that it can be asked."""

    acts: list[str] = field(default_factory=list[str])
    broken: frozenset[str] = frozenset()
    known: dict[str, ToolOutcome] = field(default_factory=dict[str, ToolOutcome])

    async def act(self, values: dict[str, object], context: ToolContext) -> ToolOutcome:
        name = str(values["of"])
        if name in self.broken:
            return ToolOutcome(output="broken", data="null", ok=False, error_kind="boom")
        self.acts.append(name)
        self.known[context.key] = ToolOutcome(output=name, data=f'"{name}"')
        return self.known[context.key]

    def tool(self) -> ProbedTool:
        return ProbedTool("post", self.act, effect=Effect.EXTERNAL, reach=Reach.NETWORK, happened=self.known)


def saga(*, last: str = "z") -> tuple[Task, ...]:
    """Return three effects with what undoes them, and one more that ends the chain."""
    return (
        tool_task("a", "post", compensate=TaskId("ua")),
        tool_task("b", "post", needs=(TaskId("a"),), compensate=TaskId("ub")),
        tool_task("c", "post", needs=(TaskId("b"),), compensate=TaskId("uc")),
        tool_task(last, "post", needs=(TaskId("c"),)),
        *(tool_task(f"u{name}", "post", needs=(TaskId(name),)) for name in "abc"),
    )


def bench(world: World) -> KernelBench:
    return KernelBench(provider=FakeProvider([]), tools={"post": world.tool()})


async def test_a_run_that_fails_undoes_what_it_did_in_reverse_order() -> None:
    world = World(broken=frozenset({"z"}))
    kernel = bench(world)
    kernel.start(*saga())

    ended = await kernel.run()

    assert world.acts == ["a", "b", "c", "uc", "ub", "ua"]
    assert (ended.status, ended.exit_code) == ("not_done", 1)
    assert ended.reason == "Given up: Task z failed: broken. 3 of 3 effects were undone."


async def test_a_run_that_ends_well_undoes_nothing() -> None:
    world = World()
    kernel = bench(world)
    kernel.start(*saga())

    ended = await kernel.run()

    assert world.acts == ["a", "b", "c", "z"]
    assert ended.exit_code == 0
    assert kernel.state.graph.state_of(TaskId("ua")) is TaskState.SKIPPED


async def test_the_time_of_a_run_that_is_used_up_keeps_nothing_from_being_undone() -> None:
    world = World(broken=frozenset({"z"}))
    kernel = bench(world)

    async def late(values: dict[str, object], context: ToolContext) -> ToolOutcome:
        if values["of"] == "z":
            kernel.clock.time += 90
        return await world.act(values, context)

    kernel.kit.tools = {"post": FakeTool("post", late, effect=Effect.EXTERNAL, reach=Reach.NETWORK)}
    kernel.start(*saga(), limits=Limits(seconds=60))
    kernel.clock.time = kernel.journal.records[-1].at

    ended = await kernel.run()

    assert world.acts == ["a", "b", "c", "uc", "ub", "ua"]
    assert (ended.status, ended.exit_code) == ("not_done", 1)


async def test_an_undoing_that_fails_keeps_no_other_from_running_and_is_named() -> None:
    world = World(broken=frozenset({"z", "ub"}))
    kernel = bench(world)
    kernel.start(*saga())

    ended = await kernel.run()

    assert world.acts == ["a", "b", "c", "uc", "ua"]
    assert ended.reason.endswith("2 of 3 effects were undone; not undone: ub.")


async def test_an_operator_gives_a_live_run_up() -> None:
    entered = asyncio.Event()
    world = World()

    async def stay(values: dict[str, object], context: ToolContext) -> ToolOutcome:
        if values["of"] == "c":
            entered.set()
            await asyncio.Event().wait()
        return await world.act(values, context)

    tool = ProbedTool("post", stay, effect=Effect.EXTERNAL, reach=Reach.NETWORK, happened=world.known)
    kernel = KernelBench(provider=FakeProvider([]), tools={"post": tool})
    kernel.start(*saga())

    running = asyncio.create_task(kernel.run())
    await entered.wait()
    kernel.kit.session.emit(RunAbandoned(by="operator", why="enough"), PLACE)
    ended = await running

    assert world.acts == ["a", "b", "ub", "ua"]
    assert ended.reason == "Given up: enough. 2 of 2 effects were undone."
    assert not kernel.state.calls.intents


async def test_a_crash_at_any_record_undoes_every_effect_exactly_once() -> None:
    first = World(broken=frozenset({"z"}))
    whole = bench(first)
    whole.start(*saga())
    await whole.run()
    records = whole.journal.records

    for cut in range(4, len(records)):
        world = World(broken=frozenset({"z"}))
        # What was begun just before the crash has happened, though no result of it is on record.
        begun = {record.body.key for record in records[:cut] if isinstance(record.body, ToolIntended)}
        world.known = {key: outcome for key, outcome in first.known.items() if key in begun}
        world.acts = first.acts[: len(world.known)]
        resumed = whole.crash(cut, tools={"post": world.tool()})

        ended = await resumed.run()

        assert world.acts == first.acts, cut
        assert ended.reason == "Given up: Task z failed: broken. 3 of 3 effects were undone.", cut


async def test_what_was_given_up_between_two_processes_is_undone_by_the_next() -> None:
    world = World()
    kernel = bench(world)
    kernel.start(*saga())
    await kernel.run()
    cut = next(at for at, record in enumerate(kernel.journal.records) if record.place.task == "c")
    world.acts[:] = ["a", "b"]

    resumed = kernel.crash(cut)
    resumed.kit.session.emit(RunAbandoned(by="operator", why="no longer wanted"), PLACE)
    ended = await resumed.run()

    assert world.acts == ["a", "b", "ub", "ua"]
    assert isinstance(ended, RunEnded)
    started = {record.place.task for record in resumed.journal.records[cut:] if isinstance(record.body, ToolRequested)}
    assert started == {"undo-ub", "undo-ua"}


async def test_undoing_reads_the_results_of_what_it_undoes() -> None:
    seen: list[object] = []

    async def note(values: dict[str, object], context: ToolContext) -> ToolOutcome:
        seen.append(values["of"])
        return await echo(values, context)

    world = World(broken=frozenset({"z"}))
    undo = ProbedTool("note", note, effect=Effect.WRITE, reach=Reach.SCOPE)
    kernel = KernelBench(provider=FakeProvider([]), tools={"post": world.tool(), "note": undo})
    kernel.kit.substitute = lambda _, args, results: (args.replace("${a}", results.get("a", "?").strip('"')), {})
    kernel.start(
        tool_task("a", "post", compensate=TaskId("ua")),
        tool_task("z", "post", needs=(TaskId("a"),)),
        tool_task("ua", "note", args={"of": "undo ${a}"}, needs=(TaskId("a"),)),
    )

    await kernel.run()

    assert seen == ["undo a"]
