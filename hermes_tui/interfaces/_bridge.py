"""From the kernel's thread to the screen: a bounded queue, drained once per frame; records are never lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextvars import copy_context
from dataclasses import field
from typing import TYPE_CHECKING, Final, Protocol

from hermes_tui.domain.commands import Command
from hermes_tui.domain.errors import HermesError
from hermes_tui.domain.ids import Seq
from hermes_tui.domain.parts import Part, TextDelta, ThinkingDelta
from hermes_tui.domain.ports import Brain
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.values import mutable
from hermes_tui.services.brains import Missing
from hermes_tui.services.desk import Facts
from hermes_tui.services.errands import Errands

if TYPE_CHECKING:
    import asyncio

FRAME_S: Final = 1 / 30
CAPACITY: Final = 20_000


class Seat(Protocol):
    """The kernel as the app needs it; `services.desk.Desk` is one."""

    @property
    def state(self) -> SessionState:
        """The fold over every record so far."""
        ...

    @property
    def facts(self) -> Facts:
        """What does not change."""
        ...

    @property
    def errands(self) -> Errands:
        """What is done beside the session."""
        ...

    def start(
        self,
        *,
        on_record: Callable[[Record], None],
        on_part: Callable[[Place, Part], None],
        on_trouble: Callable[[HermesError], None],
    ) -> None:
        """Begin; the three are called on another thread."""
        ...

    def send(self, command: Command) -> None:
        """Order something, from any thread."""
        ...

    async def look(self) -> list[Brain | Missing]:
        """Return what each provider offers."""
        ...

    def close(self, timeout_s: float = 5.0) -> None:
        """Stop, resumably."""
        ...


@mutable
class Batch:
    """What came since the last frame. `overflowed` says that records must be read from the journal instead."""

    records: list[Record] = field(default_factory=list[Record])
    parts: list[tuple[Place, Part]] = field(default_factory=list[tuple[Place, Part]])
    troubles: list[HermesError] = field(default_factory=list[HermesError])
    overflowed: bool = False

    def __len__(self) -> int:
        return len(self.records) + len(self.parts) + len(self.troubles)


class Bridge:
    """Collects on any thread, hands over on the screen's loop, at most once per frame and at once after a pause."""

    def __init__(self, deliver: Callable[[Batch], None], *, frame_s: float = FRAME_S, capacity: int = CAPACITY) -> None:
        self._deliver = deliver
        self._frame_s = frame_s
        self._capacity = capacity
        self._batch = Batch()
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._context = copy_context()
        self._woken = False
        self._last = 0.0

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Deliver on `loop` from now on, in the context of the caller: a screen's timers need it."""
        with self._lock:
            self._loop = loop
            self._context = copy_context()
            self._last = loop.time() - self._frame_s
            waiting = len(self._batch) > 0
        if waiting:
            self._wake()

    def record(self, record: Record) -> None:
        """Take a record; any thread."""
        with self._lock:
            if len(self._batch) >= self._capacity:
                self._batch = Batch(troubles=self._batch.troubles, overflowed=True)
            self._batch.records.append(record)
        self._wake()

    def part(self, place: Place, part: Part) -> None:
        """Take a part; text that follows text of the same kind is joined. Any thread."""
        with self._lock:
            last = self._batch.parts[-1] if self._batch.parts else None
            joined = _joined(last, place, part)
            if joined is not None:
                self._batch.parts[-1] = (place, joined)
            else:
                self._batch.parts.append((place, part))
        self._wake()

    def trouble(self, error: HermesError) -> None:
        """Take what went wrong outside a run; any thread."""
        with self._lock:
            self._batch.troubles.append(error)
        self._wake()

    def _wake(self) -> None:
        with self._lock:
            if self._woken or self._loop is None or self._loop.is_closed():
                return
            self._woken = True
            loop = self._loop
        loop.call_soon_threadsafe(self._due, loop, context=self._context)

    def _due(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.call_at(self._last + self._frame_s, self._drain, loop, context=self._context)

    def _drain(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            batch, self._batch, self._woken = self._batch, Batch(), False
        self._deliver(batch)
        self._last = loop.time()


def _joined(last: tuple[Place, Part] | None, place: Place, part: Part) -> Part | None:
    if last is None or last[0] != place:
        return None
    match last[1], part:
        case TextDelta(text=before), TextDelta(text=more):
            return TextDelta(before + more)
        case ThinkingDelta(text=before), ThinkingDelta(text=more):
            return ThinkingDelta(before + more)
        case _:
            return None


def missing(records: Sequence[Record], after: Seq) -> list[Record]:
    """Return the records after one that was seen."""
    return [record for record in records if record.seq > after]
