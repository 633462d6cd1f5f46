"""The journal with 1,000 agents at once, beside asyncio alone; how long a commit and an append take."""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from hermes_tui.domain.events import MessageGiven
from tests.bench.bench import Bench
from tests.bench.rows import Bar, Row, Samples
from tests.bench.stations import PLACE, open_journal

AGENTS: Final = 1_000
STEPS: Final = 20
TEXT: Final = "x" * 256
COMMITS: Final = 200


def measure(bench: Bench) -> list[Row]:
    """Measure records/s with every agent waiting for its own, and single commits."""
    durable, threaded, inline = bench.alternate(
        lambda: _journal_rate(bench), lambda: asyncio.run(_threaded_rate()), lambda: asyncio.run(_inline_rate())
    )
    latencies = [_latencies(bench) for _ in range(bench.runs)]
    return [
        Row(
            figure="journal",
            what=f"durable records/s, {AGENTS:,} agents, each waiting for its own",
            unit="/s",
            ours=durable,
            baseline=threaded,
            against="/s asyncio, woken by a thread",
            bar=Bar(value=0.5, ratio=True, least=True),
            note="the bound makes the same events and wakes the same futures from a thread, without encoding or disk",
        ),
        Row(
            figure="journal",
            what="the same beside futures woken on the loop itself",
            unit="/s",
            ours=durable,
            baseline=inline,
            against="/s asyncio, one thread",
        ),
        _row("one durable commit, p50", "ms", [one.commit_ms(50) for one in latencies]),
        _row("one durable commit, p95", "ms", [one.commit_ms(95) for one in latencies]),
        _row("append, until it returns", "µs", [one.append_us for one in latencies]),
    ]


def _row(what: str, unit: str, values: list[float]) -> Row:
    return Row(figure="journal", what=what, unit=unit, ours=Samples(tuple(values)))


async def _agents(step: Callable[[], Awaitable[None]]) -> float:
    """Let every agent take its steps one after another, all agents at once; return steps/s."""

    async def agent() -> None:
        for _ in range(STEPS):
            await step()

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(AGENTS):
            group.create_task(agent())
    return AGENTS * STEPS / (time.perf_counter() - began)


def _journal_rate(bench: Bench) -> float:
    with open_journal(bench.new_folder("journal")) as journal:

        async def step() -> None:
            record = journal.append(MessageGiven(text=TEXT), PLACE)
            await journal.durable(record.seq)

        return asyncio.run(_agents(step))


@dataclass(slots=True)
class Woken:
    """What a journal is without its disk: events in, futures out, a batch at a time from a thread."""

    loop: asyncio.AbstractEventLoop
    queue: list[tuple[MessageGiven, asyncio.Future[None]]] = field(
        default_factory=list[tuple[MessageGiven, "asyncio.Future[None]"]]
    )
    work: threading.Condition = field(default_factory=threading.Condition)
    closing: bool = False

    def run(self) -> None:
        """Take what is queued and wake its waiters, until closed."""
        while True:
            with self.work:
                self.work.wait_for(lambda: self.queue or self.closing)
                batch, self.queue = self.queue, []
                if not batch:
                    return
            self.loop.call_soon_threadsafe(_wake, [future for _, future in batch])

    async def step(self) -> None:
        """Hand in one event and wait."""
        future = self.loop.create_future()
        with self.work:
            self.queue.append((MessageGiven(text=TEXT), future))
            self.work.notify()
        await future

    def close(self) -> None:
        """Let the thread end."""
        with self.work:
            self.closing = True
            self.work.notify()


def _wake(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        future.set_result(None)


async def _threaded_rate() -> float:
    bound = Woken(asyncio.get_running_loop())
    thread = threading.Thread(target=bound.run)
    thread.start()
    rate = await _agents(bound.step)
    bound.close()
    thread.join()
    return rate


async def _inline_rate() -> float:
    loop = asyncio.get_running_loop()
    waiting: list[asyncio.Future[None]] = []

    def wake() -> None:
        batch = waiting.copy()
        waiting.clear()
        _wake(batch)

    async def step() -> None:
        event = MessageGiven(text=TEXT)
        future = loop.create_future()
        if not waiting:
            loop.call_soon(wake)
        waiting.append(future)
        await future
        assert event.text

    return await _agents(step)


@dataclass(frozen=True, slots=True)
class Latencies:
    """How long single commits and appends took."""

    commits_s: list[float]
    append_us: float

    def commit_ms(self, percent: int) -> float:
        """Return a percentile of the commits."""
        return 1000 * statistics.quantiles(self.commits_s, n=100)[percent - 1]


def _latencies(bench: Bench) -> Latencies:
    appends: list[float] = []
    commits: list[float] = []
    with open_journal(bench.new_folder("commit")) as journal:

        async def commit() -> None:
            began = time.perf_counter()
            record = journal.append(MessageGiven(text=TEXT), PLACE)
            appends.append(time.perf_counter() - began)
            await journal.durable(record.seq)
            commits.append(time.perf_counter() - began)

        async def commit_all() -> None:
            for _ in range(COMMITS):
                await commit()

        asyncio.run(commit_all())
    return Latencies(commits, 1e6 * statistics.median(appends))
