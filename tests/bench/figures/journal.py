"""The journal with 1,000 agents at once, beside asyncio alone; how long a commit and an append take."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from hermes_tui.capabilities.governance.redact import SecretRedactor
from hermes_tui.capabilities.state.batch import Chain
from hermes_tui.capabilities.state.codec import encode
from hermes_tui.capabilities.state.rows import NO_MAC
from hermes_tui.domain.events import MessageGiven
from hermes_tui.domain.ids import Seq
from hermes_tui.domain.records import Record
from hermes_tui.services.clock import SystemClock
from tests.bench.bench import Bench
from tests.bench.rows import Bar, Row, Samples
from tests.bench.stations import PLACE, ignore, open_journal

AGENTS: Final = 1_000
STEPS: Final = 20
TEXT: Final = "x" * 256
COMMITS: Final = 200


def measure(bench: Bench) -> list[Row]:
    """Measure records/s with every agent waiting for its own, and single commits."""
    durable, sealed, kept, woken = bench.alternate(
        lambda: _journal_rate(bench),
        lambda: asyncio.run(_kept_rate(Chain(0, NO_MAC, key=b"", now=SystemClock().now))),
        lambda: asyncio.run(_kept_rate()),
        lambda: asyncio.run(_woken_rate()),
    )
    latencies = [_latencies(bench) for _ in range(bench.runs)]
    return [
        Row(
            figure="journal",
            what=f"durable records/s, {AGENTS:,} agents, each waiting for its own",
            unit="/s",
            ours=durable,
            baseline=kept,
            against="/s asyncio, nothing stored",
            bar=Bar(value=0.5, ratio=True, least=True),
            note="the bound makes, redacts, encodes and publishes the same records and wakes as many futures",
        ),
        Row(
            figure="journal",
            what="the same beside records with their audit chain",
            unit="/s",
            ours=durable,
            baseline=sealed,
            against="/s asyncio, hashed too, nothing stored",
        ),
        Row(
            figure="journal",
            what="the same beside futures alone",
            unit="/s",
            ours=durable,
            baseline=woken,
            against="/s asyncio, no records at all",
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
    """Futures that the loop resolves together, as soon as everyone who is ready has run."""

    loop: asyncio.AbstractEventLoop
    waiting: list[asyncio.Future[None]] = field(default_factory=list["asyncio.Future[None]"])

    async def wait(self) -> None:
        """Wait for the next waking."""
        future = self.loop.create_future()
        if not self.waiting:
            self.loop.call_soon(self._wake)
        self.waiting.append(future)
        await future

    def _wake(self) -> None:
        batch, self.waiting = self.waiting, []
        for future in batch:
            future.set_result(None)


async def _woken_rate() -> float:
    return await _agents(Woken(asyncio.get_running_loop()).wait)


async def _kept_rate(chain: Chain | None = None) -> float:
    """Do all that the journal does but store: redact, encode, number, seal if there is a `chain`, publish, wake."""
    woken = Woken(asyncio.get_running_loop())
    redactor, clock = SecretRedactor(), SystemClock()
    kept: list[object] = []

    async def step() -> None:
        event = MessageGiven(text=TEXT)
        text = redactor.redact(encode(event).decode())
        body = text.encode()
        if chain is None:
            record = Record(seq=Seq(len(kept) + 1), at=clock.now(), place=PLACE, body=event)
        else:
            record = chain.add(event, PLACE, text, body)
        kept.append((record, body))
        ignore(record)
        await woken.wait()

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
