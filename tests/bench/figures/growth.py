"""How much a session grows over 1,000 turns of 1 KB, and how long it takes to open and fold it again."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.governance.redact import SecretRedactor
from hermes_tui.domain.events import Event, MessageGiven, ModelFinished, ModelRequested
from hermes_tui.domain.ids import RequestId
from hermes_tui.domain.messages import Message, Role, Text
from hermes_tui.domain.parts import StopReason
from hermes_tui.domain.usage import Bound, Usage
from hermes_tui.services.clock import SystemClock
from hermes_tui.services.sessions import OwnedSession, owned
from tests.bench.bench import Bench
from tests.bench.rows import Bar, Row, Samples
from tests.bench.stations import PLACE

TURNS: Final = 1_000
TURN_BYTES: Final = 1_024
MEGA: Final = 1_000_000
Turn = Callable[[str, int], list[Event]]


def measure(bench: Bench) -> list[Row]:
    """Write sessions of messages alone and of whole turns; resume each."""
    return [
        *_rows(bench, "1,000 turns of 1 KB, a record each", _message, resume=Bar(value=20.0)),
        *_rows(bench, "1,000 turns of 1 KB, with request and reply", turn_events),
    ]


def _rows(bench: Bench, shape: str, turn: Turn, resume: Bar | None = None) -> list[Row]:
    sizes: list[float] = []
    resumes: list[float] = []
    for _ in range(bench.runs):
        folder = bench.new_folder("growth")
        _write(folder, turn)
        sizes.append(_size(folder) / MEGA)
        resumes.append(_resume_ms(folder))
    bar = Bar(value=5.0, goal=2.0)
    return [
        Row(figure="growth", what=f"database, {shape}", unit="MB", ours=Samples(tuple(sizes)), bar=bar),
        Row(figure="growth", what=f"resume, {shape}", unit="ms", ours=Samples(tuple(resumes)), bar=resume),
    ]


def _message(text: str, number: int) -> list[Event]:
    """Return a turn as one message."""
    assert number >= 0
    return [MessageGiven(text=text)]


def turn_events(text: str, number: int) -> list[Event]:
    """Return a turn as the kernel records it: half a kilobyte from the operator, a request, half a kilobyte back."""
    half = len(text) // 2
    name, usage = RequestId(f"s{number}"), Usage(input_tokens=1_000, output_tokens=150)
    asked = ModelRequested(
        request_id=name,
        model="fake:model",
        role="cortex",
        why="first that can answer",
        bound=Bound(tokens=5_000, usd=0.05),
        request_bytes=2_000,
        max_tokens=4_096,
        step=number,
        attempt=1,
    )
    reply = ModelFinished(
        request_id=name,
        model="fake:model",
        message=Message(role=Role.MODEL, content=(Text(text=text[half:]),)),
        stop=StopReason.END,
        usage=usage,
        usd=0.01,
        first_token_s=0.2,
        seconds=1.5,
    )
    return [MessageGiven(text=text[:half]), asked, reply]


def _write(folder: Path, turn: Turn) -> None:
    # Random text, so that nothing along the way can shrink it.
    texts = [os.urandom(TURN_BYTES // 2).hex() for _ in range(TURNS)]
    with _owned(folder) as own:

        async def talk() -> None:
            for number, text in enumerate(texts):
                records = [own.session.emit(event, PLACE) for event in turn(text, number)]
                await own.session.commit(records[-1])

        asyncio.run(talk())


@contextmanager
def _owned(folder: Path) -> Generator[OwnedSession]:
    path = folder / "sessions" / "bench.db"
    with owned(path, redactor=SecretRedactor(), clock=SystemClock(), readers=()) as own:
        yield own


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _resume_ms(folder: Path) -> float:
    began = time.perf_counter()
    with _owned(folder) as own:
        seconds = time.perf_counter() - began
        assert len(own.session.state.talk.of(PLACE.agent).messages) >= TURNS
    return 1000 * seconds
