"""CPU of streaming and of a call, through `wire` and `sdk`, beside the bare vendor's package and bare httpx2."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from importlib import import_module
from typing import Any, Final

from hermes_tui.capabilities import registry
from hermes_tui.domain.messages import Message, Role, Source, Text
from hermes_tui.domain.parts import ModelRequest
from tests.bench.bench import Bench, Measure
from tests.bench.programs import environment, run
from tests.bench.rows import Bar, Row, Samples
from tests.fakes.running import running_server
from tests.fakes.scenario import Repeat, Reply, Scenario
from tests.fakes.server import FakeServer

DELTAS: Final = 1_000
CALLS: Final = 50
PACE_S: Final = 0.0002
"""Between two deltas: enough for each to arrive on its own, as it does from a model."""
WORDS: Final = tuple(f"word{number} " for number in range(DELTAS))
REQUEST: Final = ModelRequest(
    model="fake-large",
    system="You are Hermes.",
    messages=(Message(role=Role.OPERATOR, content=(Text(text="Say it.", source=Source.OPERATOR),)),),
)
DIALECTS: Final = ("anthropic", "openai")
WAYS: Final[tuple[str, ...]] = ("wire", "sdk", "package", "httpx2")
PAIRS: Final = (
    ("wire", "httpx2", Bar(value=1.5, ratio=True)),
    ("wire", "package", Bar(value=0.4, ratio=True)),
    ("sdk", "package", None),
)
PRIVATE: Final = "hermes_tui.capabilities.providers"
LOADED: Final = (
    ("_anthropic_wire", "anthropic", Bar(value=0.4, ratio=True)),
    ("_openai_wire", "openai", Bar(value=0.4, ratio=True)),
    ("_openai_wire", "httpx2", None),
)
IMPORT: Final = """
import sys, time
before = time.process_time()
import {module}
print(1000 * (time.process_time() - before))
"""


def measure(bench: Bench) -> list[Row]:
    """Measure both dialects over plain HTTP; the server runs on a thread of its own, whose CPU does not count."""
    paced, rushed, short = Reply(deltas=WORDS, token_s=PACE_S), Reply(deltas=WORDS), Reply("Hi.")
    with ExitStack() as stack:
        servers = [
            stack.enter_context(running_server(Scenario(replies=[reply], repeat=Repeat.LAST)))
            for reply in (paced, rushed, short)
        ]
        return [
            *_rows(bench, "1,000 deltas one by one", servers[0], 1),
            *_rows(bench, "1,000 deltas in a rush", servers[1], 1),
            *_rows(bench, "a short call", servers[2], CALLS),
            *_imports(bench),
        ]


def _rows(bench: Bench, what: str, server: FakeServer, calls: int) -> list[Row]:
    rows: list[Row] = []
    for dialect in DIALECTS:
        measures = [_cpu_ms(server, dialect, way, calls) for way in WAYS]
        taken: dict[str, Samples] = dict(zip(WAYS, bench.alternate(*measures), strict=True))
        rows += [
            Row(
                figure="providers",
                what=f"{what}, {dialect} by `{ours}`, CPU",
                unit="ms",
                ours=taken[ours],
                baseline=taken[theirs],
                against=f"ms {theirs if theirs == 'httpx2' else f'{dialect} package'}",
                bar=bar,
            )
            for ours, theirs, bar in PAIRS
        ]
    return rows


def _cpu_ms(server: FakeServer, dialect: str, way: str, calls: int) -> Measure:
    """Return what measures the CPU of this thread for one call, once everything is imported and connected."""
    url = server.anthropic_url if dialect == "anthropic" else server.openai_url
    make = _hermes if way in ("wire", "sdk") else import_module("tests.bench.peers.clients").alone

    async def measured() -> float:
        async with make(dialect, url, way) as ask:
            await ask()
            before = time.thread_time()
            for _ in range(calls):
                await ask()
            return (time.thread_time() - before) / calls * 1_000

    return lambda: asyncio.run(measured())


@asynccontextmanager
async def _hermes(dialect: str, url: str, client: str) -> AsyncGenerator[Callable[[], Awaitable[object]]]:
    """Give what asks through one of Hermes' clients and reads every part."""
    provider = registry.load("providers", dialect).build(dialect, url, "k-bench", client=client)

    async def ask() -> list[Any]:
        return [part async for part in provider.stream(REQUEST)]

    yield ask


def _imports(bench: Bench) -> list[Row]:
    """Return what importing a client costs, in a fresh process each."""
    folder = bench.new_folder("providers")

    def cpu_ms(module: str) -> float:
        argv = [sys.executable, "-c", IMPORT.format(module=module)]
        return float(run(argv, env=environment(), cwd=folder).stdout)

    rows: list[Row] = []
    for module, theirs, bar in LOADED:
        ours, baseline = bench.alternate(partial(cpu_ms, f"{PRIVATE}.{module}"), partial(cpu_ms, theirs))
        what = f"import of `{module}`, CPU"
        rows.append(
            Row(figure="providers", what=what, unit="ms", ours=ours, baseline=baseline, against=f"ms {theirs}", bar=bar)
        )
    return rows
