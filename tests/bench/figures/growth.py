"""How much a session grows over 1,000 turns of 1 KB, and how long it takes to open and fold it again."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Final

from hermes_tui.domain.events import MessageGiven
from hermes_tui.domain.ids import Seq
from hermes_tui.domain.state import fold_all
from tests.bench.bench import Bench
from tests.bench.rows import Bar, Row, Samples
from tests.bench.stations import PLACE, open_journal

TURNS: Final = 1_000
TURN_BYTES: Final = 1_024
MEGA: Final = 1_000_000


def measure(bench: Bench) -> list[Row]:
    """Write one session per run and resume it."""
    sizes: list[float] = []
    resumes: list[float] = []
    for _ in range(bench.runs):
        folder = bench.new_folder("growth")
        _write(folder)
        sizes.append(_size(folder) / MEGA)
        resumes.append(_resume_ms(folder))
    return [
        Row(
            figure="growth",
            what=f"database after {TURNS:,} turns of 1 KB",
            unit="MB",
            ours=Samples(tuple(sizes)),
            bar=Bar(value=5.0, goal=2.0),
        ),
        Row(
            figure="growth",
            what="resume: own, read and fold it",
            unit="ms",
            ours=Samples(tuple(resumes)),
            bar=Bar(value=20.0),
        ),
    ]


def _write(folder: Path) -> None:
    # Random text, so that nothing along the way can shrink it.
    texts = [os.urandom(TURN_BYTES // 2).hex() for _ in range(TURNS)]
    with open_journal(folder) as journal:

        async def talk() -> None:
            for text in texts:
                await journal.durable(journal.append(MessageGiven(text=text), PLACE).seq)

        asyncio.run(talk())


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _resume_ms(folder: Path) -> float:
    began = time.perf_counter()
    with open_journal(folder) as journal:
        state = fold_all(journal.read(Seq(0)))
        seconds = time.perf_counter() - began
    assert len(state.talk.of(PLACE.agent).messages) == TURNS
    return 1000 * seconds
