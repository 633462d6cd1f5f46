"""Many agents beside one screen, and runs that sleep: lag of the UI loop, waking, and what sleepers weigh."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from itertools import count
from typing import Final

from hermes_tui.domain.events import MessageGiven, TaskStarted, TaskWaiting
from hermes_tui.domain.ids import RunId, SessionId, TaskId
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.tasks import Goal, Plan, Task, TaskKind
from hermes_tui.domain.usage import Limits
from hermes_tui.kernel.worker import Workers
from hermes_tui.services import wiring
from hermes_tui.services.desk import SWITCH_S
from hermes_tui.services.kits import pursuit_of
from tests.bench.bench import Bench
from tests.bench.programs import environment, run
from tests.bench.rows import Bar, Row, Samples
from tests.bench.stations import PLACE, Station, open_journal

AGENTS: Final = 100
STEP_S: Final = 0.0005
STEPS: Final = 40
FRAME_S: Final = 0.005
WAKES: Final = 60
"""Of twenty, the 95th percentile would be the worst one: what else the machine did, not what a wake takes."""
READS: Final = 20
SLEEPERS: Final = 10_000
LISTED: Final = 2_000
MEGA: Final = 1_000_000
LISTING: Final = """
import gc, os, sys
from pathlib import Path
from hermes_tui.services import history

def resident():
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")

history.rows(Path(sys.argv[1]))
before = resident()
kept = history.rows(Path(sys.argv[2]))
print(resident() - before)
"""
_numbers = count(1)


def measure(bench: Bench) -> list[Row]:
    """Measure the lag, the waking and the weight."""
    lags, wakes, weights = zip(
        *((_lag_ms(bench), asyncio.run(_wake_ms(bench)), _weight_mb(bench)) for _ in range(bench.runs)), strict=True
    )
    return [
        _row(f"lag of the UI loop, p95, {AGENTS} agents of 0.5 ms Python a step", "ms", lags, 30.0),
        _row("wake of a sleeping run, in-process, p95", "ms", wakes, 10.0),
        _row(f"memory of a process that knows {SLEEPERS:,} sleeping runs", "MB", weights, 10.0),
    ]


def _row(what: str, unit: str, values: tuple[float, ...], most: float) -> Row:
    return Row(figure="fleet", what=what, unit=unit, ours=Samples(values), bar=Bar(value=most))


def _p95(values: list[float]) -> float:
    return 1000 * statistics.quantiles(values, n=100)[94]


def _lag_ms(bench: Bench) -> float:
    """Return how late the screen's loop is, while agents compute and commit on worker loops beside it."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    try:
        return _p95(asyncio.run(_late(bench)))
    finally:
        sys.setswitchinterval(before)


async def _late(bench: Bench) -> list[float]:
    workers, late = Workers(), list[float]()
    with open_journal(bench.new_folder("lag")) as journal:

        async def agent() -> None:
            for _ in range(STEPS):
                until = time.perf_counter() + STEP_S
                while time.perf_counter() < until:
                    pass
                await journal.durable(journal.append(MessageGiven(text="x" * 256), PLACE).seq)

        async with asyncio.TaskGroup() as group:
            running = [group.create_task(workers.assign().call(agent)) for _ in range(AGENTS)]
            while not all(task.done() for task in running):
                began = time.perf_counter()
                await asyncio.sleep(FRAME_S)
                late.append(time.perf_counter() - began - FRAME_S)
        await workers.close()
    return late


async def _wake_ms(bench: Bench) -> float:
    """Return how long it takes from the decision to wake a run to its first step on record, fold and all."""
    station = Station.make(bench.new_folder("wake"))
    (station.workspace / "note.txt").write_text("one\ntwo\n", encoding="utf-8")
    names = [SessionId(f"sleeper-{next(_numbers)}") for _ in range(WAKES)]
    for name in names:
        await _until(station, name, TaskWaiting)
    return _p95([await _until(station, name, TaskStarted) for name in names])


async def _until(
    station: Station, name: SessionId, seen: type[TaskStarted] | type[TaskWaiting], reads: int = READS
) -> float:
    """Pursue a run until it waits or goes on, then put it to sleep; return the seconds to there."""
    place, home = Place(session=name, run=RunId("r1")), station.station
    moved = asyncio.Event()
    at = list[float]()

    def hear(record: Record) -> None:
        if isinstance(record.body, seen):
            at.append(time.perf_counter())
            moved.set()

    began = time.perf_counter()
    with home.own(name, [hear]) as owned:
        if owned.session.state.run.run is None:
            goal = Goal(text="Wait.", plan=Plan(goal="Wait.", tasks=_sleepy(reads)))
            home.begin(owned.session, place, (goal, ""), (home.config.policy.mode, home.limits(goal, home.config)))
        else:
            await home.take_up(owned.session, place, Limits())
        kit = await home.kits.make(owned.session, name, home.config, wiring.brains_of(home.config, "auto"))
        running = asyncio.create_task(pursuit_of(kit, place).run())
        await moved.wait()
        running.cancel()
        await asyncio.wait([running])
    return at[0] - began


def _sleepy(reads: int) -> tuple[Task, ...]:
    """Return some steps and a timer that nobody lives to see."""
    before = tuple(
        Task(id=TaskId(f"t{at}"), kind=TaskKind.TOOL, title="Read", use="read", args='{"path": "note.txt"}')
        for at in range(reads)
    )
    needs = tuple(task.id for task in before)
    return (*before, Task(id=TaskId("nap"), kind=TaskKind.TIMER, title="Nap", args='{"seconds": 86400}', needs=needs))


def _weight_mb(bench: Bench) -> float:
    """Return what a fresh process grows by when it lists the sleeping runs of a home, for all of them.

    They are links to one file, so that the disk is not what is measured.
    """
    station = Station.make(bench.new_folder("asleep"))
    (station.workspace / "note.txt").write_text("one\ntwo\n", encoding="utf-8")
    asyncio.run(_until(station, SessionId("sleeper-0"), TaskWaiting, reads=1))
    first, folder = station.station.sessions(), bench.new_folder("sleepers")
    for number in range(LISTED):
        (folder / f"sleeper-{number}.db").hardlink_to(first / "sleeper-0.db")
    grown = run([sys.executable, "-c", LISTING, str(first), str(folder)], env=environment(), cwd=folder).stdout
    return int(grown) * SLEEPERS / LISTED / MEGA
