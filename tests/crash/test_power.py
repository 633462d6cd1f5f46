"""The power goes at any moment: what was called durable is there, and no effect on the world happens twice."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Final, cast

import pytest

from hermes_tui.capabilities.state.journal import JournalOptions
from hermes_tui.capabilities.state.reading import read_session
from hermes_tui.domain.events import AgentEnded, Event, ToolIntended
from hermes_tui.domain.ids import Seq, TaskId
from hermes_tui.domain.ports import Tool, ToolContext, ToolOutcome
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.tasks import Effect, Reach, TaskState
from tests.capabilities.state.samples import PLACE, open_journal, said
from tests.crash.power import Disk, Mark, Recorded
from tests.kernel.bench import FakeJournal, FakeTool, KernelBench, ProbedTool, ask_for, say, tool_task
from tests.kernel.crew_bench import CrewBench, Scripts, crew_tools
from tests.kernel.test_crew_steering import agent

SEED: Final = 20261121
SOME: Final = 20


def options(disk: Disk) -> JournalOptions:
    return JournalOptions(
        connect=lambda path: cast("sqlite3.Connection", Recorded(disk, path)),
        on_committed=lambda seq, _: disk.steps.append(Mark("durable", seq)),
    )


def after_loss(folder: Path, disk: Disk, moment: int, dice: random.Random | None) -> Path:
    """Write the files as they are after a power loss; return the session's."""
    folder.mkdir(parents=True)
    for name, data in disk.restored(moment, dice).items():
        (folder / name).write_bytes(data)
    return folder / "s1.db"


class OnDisk(FakeJournal):
    """A bench's journal that is a real one."""

    def __init__(self, path: Path, disk: Disk | None = None) -> None:
        super().__init__(read_session(path) if path.exists() and path.stat().st_size else ())
        self.real = open_journal(path, options(disk) if disk is not None else None, publish=self._take)

    def _take(self, record: Record) -> None:
        self.records.append(record)
        self.publish(record)

    def append(self, event: Event, place: Place) -> Record:
        return self.real.append(event, place)

    async def durable(self, seq: Seq) -> None:
        await self.real.durable(seq)


class World:
    """What effects reached, by their key; the first process marks each on its disk."""

    def __init__(self, disk: Disk | None = None, happened: list[str] | None = None) -> None:
        self.disk = disk
        self.happened = happened if happened is not None else []

    def tool(self, name: str) -> ProbedTool:
        known = {key: ToolOutcome(output="sent", data="null") for key in self.happened}
        return ProbedTool(name, self._act, effect=Effect.EXTERNAL, reach=Reach.NETWORK, happened=known)

    async def _act(self, _: dict[str, object], context: ToolContext) -> ToolOutcome:
        self.happened.append(context.key)
        if self.disk is not None:
            self.disk.steps.append(Mark("effect", len(self.happened)))
        return ToolOutcome(output="sent", data="null")


async def _boom(_: dict[str, object], context: ToolContext) -> ToolOutcome:
    assert context.key
    return ToolOutcome(output="boom", data="null", ok=False, error_kind="failed")


def bench(journal: OnDisk, world: World) -> CrewBench:
    """Return a run with a child and two effects, of which the second is undone when the run fails."""
    tools: dict[str, Tool] = crew_tools(
        send=world.tool("send"), unsend=world.tool("unsend"), boom=FakeTool("boom", _boom)
    )
    scripts = Scripts({"look": [ask_for(("send", {"to": "child"})), say("Looked.")]})
    return CrewBench(scripts, KernelBench(provider=CrewBench(scripts).kernel.provider, tools=tools, journal=journal))


def begin(crew: CrewBench) -> None:
    crew.kernel.start(
        agent("look"),
        tool_task("send", needs=(TaskId("look"),), use="send", compensate=TaskId("unsend")),
        tool_task("unsend", "unsend"),
        tool_task("boom", "boom", needs=(TaskId("send"),)),
    )


async def test_what_was_called_durable_survives_a_loss_at_any_sync_with_anything_that_was_not_synced(
    tmp_path: Path,
) -> None:
    disk, dice = Disk(), random.Random(SEED)
    path = tmp_path / "live" / "s1.db"
    journal = open_journal(path, options(disk))
    for number in range(40):
        records = [journal.append(said("x" * dice.randint(1, 5_000)), PLACE) for _ in range(dice.randint(1, 4))]
        if number % 3:
            await journal.durable(records[-1].seq)
    journal.close()
    whole = read_session(path)

    file = path
    moments = [at for at in disk.syncs() if disk.marked("durable", at)]
    for at in moments:
        for kind, seeds in (("nothing", None), ("some", random.Random(at)), ("other", random.Random(-at))):
            file = after_loss(tmp_path / f"{at}-{kind}", disk, at, seeds)
            found = read_session(file)
            assert found == whole[: len(found)], (at, kind)
            assert len(found) >= disk.marked("durable", at)[-1], (at, kind)
    again = open_journal(file)
    await again.durable(again.append(said("on"), PLACE).seq)
    again.close()
    assert len(moments) >= 20
    assert len(read_session(file)) == len(whole) + 1


async def _lost(tmp_path: Path) -> tuple[Disk, World, list[int]]:
    """Run once without a loss; return its disk, its world, and every moment of it."""
    disk = Disk()
    world = World(disk)
    journal = OnDisk(tmp_path / "live" / "s1.db", disk)
    crew = bench(journal, world)
    begin(crew)
    ended = await crew.run()
    journal.real.close()
    assert (ended.exit_code, len(world.happened), len(set(world.happened))) == (1, 3, 3), ended
    first = next(at for at, step in enumerate(disk.steps) if isinstance(step, Mark))
    return disk, world, list(range(first + 1, len(disk.steps) + 1))


async def _go_on(folder: Path, disk: Disk, world: World, moment: int) -> None:
    """Lose the power at a moment, go on, and check that it ends as if nothing had happened."""
    file = after_loss(folder, disk, moment, random.Random(moment))
    reached = world.happened[: len(disk.marked("effect", moment))]
    journal = OnDisk(file)
    intended = {record.body.key for record in journal.records if isinstance(record.body, ToolIntended)}
    assert intended >= set(reached), moment
    later = World(happened=list(reached))
    crew = bench(journal, later)
    if not crew.kernel.state.graph.tasks:
        journal.real.close()
        return

    ended = await crew.run()

    journal.real.close()
    homes = [record for record in journal.records if isinstance(record.body, AgentEnded)]
    assert (ended.status, ended.exit_code) == ("not_done", 1), moment
    assert Counter(later.happened) == Counter(world.happened), moment
    assert crew.kernel.state.graph.state_of(TaskId("undo-unsend")) is TaskState.DONE
    assert len(homes) == 1


async def test_a_loss_of_power_doubles_no_effect_of_a_run_with_a_child_and_an_undoing(tmp_path: Path) -> None:
    disk, world, moments = await _lost(tmp_path)

    for moment in sorted(random.Random(SEED).sample(moments, SOME)):
        await _go_on(tmp_path / str(moment), disk, world, moment)


@pytest.mark.long
async def test_nor_does_a_loss_at_any_other_moment(tmp_path: Path) -> None:
    disk, world, moments = await _lost(tmp_path)

    for moment in moments:
        await _go_on(tmp_path / str(moment), disk, world, moment)
    # How many there are is up to how many records a busy disk made go together.
    assert len(moments) >= 50
