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
from hermes_tui.domain.values import mutable

if TYPE_CHECKING:
    import asyncio

    from hermes_tui.domain.state import SessionState
    from hermes_tui.services.desk import Facts
    from hermes_tui.services.drawer import Drawer
    from hermes_tui.services.errands import Errands
    from hermes_tui.services.missing import Missing
    from hermes_tui.services.outlook import Outlook

FRAME_S: Final = 1 / 30
BURST_S: Final = 0.015
"""How long records that belong together take to come: from a prompt to the request on the wire."""
CAPACITY: Final = 20_000


class Seat(Protocol):
    """The kernel as the app needs it; `services.desk.Desk` is one."""

    @property
    def state(self) -> SessionState:
        """The fold over every record so far."""
        ...

    @property
    def outlook(self) -> Outlook:
        """How the first screen looks."""
        ...

    @property
    def facts(self) -> Facts:
        """What does not change; the config among it is read when it is first asked for."""
        ...

    @property
    def drawer(self) -> Drawer:
        """What was left here before."""
        ...

    @property
    def errands(self) -> Errands:
        """What is done beside the session; it is built by `prepare`, or now."""
        ...

    def prepare(self) -> None:
        """Build what the session works with, once; it takes a while, from any thread.

        Raises:
            UsageInvalid: a name in the config has nothing behind it.
        """
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

    def close(self, timeout_s: float = 5.0) -> bool:
        """End; wait for what ends, and return whether the session was ever open."""
        ...


@mutable
class Batch:
    """What came since the last frame. `overflowed` says that records must be read from the journal instead.

    `before` says for each part how many of the records came before it.
    """

    records: list[Record] = field(default_factory=list[Record])
    parts: list[tuple[Place, Part]] = field(default_factory=list[tuple[Place, Part]])
    before: list[int] = field(default_factory=list[int])
    troubles: list[HermesError] = field(default_factory=list[HermesError])
    overflowed: bool = False

    def __len__(self) -> int:
        return len(self.records) + len(self.parts) + len(self.troubles)


class Bridge:
    """Collects on any thread and hands over on the screen's loop.

    Records come in bursts, while the kernel is at work: they are handed over a moment after the first of them. Parts
    are what somebody reads: they come at once after a pause. Either comes once per frame at most; where a frame is
    longer than usual, nothing comes more often than that.
    """

    def __init__(self, deliver: Callable[[Batch], None], *, frame_s: float = FRAME_S, capacity: int = CAPACITY) -> None:
        self._deliver = deliver
        self._frame_s = frame_s
        self._capacity = capacity
        self._batch = Batch()
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._context = copy_context()
        self._woken = self._hurried = False
        self._timer: asyncio.TimerHandle | None = None
        self._last = self._last_parts = 0.0

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Deliver on `loop` from now on, in the context of the caller: a screen's timers need it."""
        with self._lock:
            self._loop = loop
            self._context = copy_context()
            self._last = self._last_parts = loop.time() - self._frame_s
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
            known = len(self._batch.records)
            last = self._batch.parts[-1] if known in self._batch.before[-1:] else None
            joined = _joined(last, place, part)
            if joined is not None:
                self._batch.parts[-1] = (place, joined)
            else:
                self._batch.parts.append((place, part))
                self._batch.before.append(known)
        self._wake(hurry=True)

    def trouble(self, error: HermesError) -> None:
        """Take what went wrong outside a run; any thread."""
        with self._lock:
            self._batch.troubles.append(error)
        self._wake()

    def _wake(self, *, hurry: bool = False) -> None:
        with self._lock:
            if (self._woken and not hurry) or self._hurried or self._loop is None or self._loop.is_closed():
                return
            self._woken, self._hurried = True, hurry
            loop = self._loop
        loop.call_soon_threadsafe(self._due, loop, context=self._context)

    def _due(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hand over when it is time; what hurries does not wait for what came before it."""
        if self._hurried and self._frame_s <= FRAME_S:
            at = self._last_parts + self._frame_s
        else:
            at = max(self._last + self._frame_s, loop.time() + BURST_S)
        if self._timer is not None:
            at = min(at, self._timer.when())
            self._timer.cancel()
        self._timer = loop.call_at(at, self._drain, loop, context=self._context)

    def _drain(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            batch, self._batch = self._batch, Batch()
            self._woken = self._hurried = False
            self._timer = None
        if not len(batch):
            return
        self._deliver(batch)
        self._last = loop.time()
        self._last_parts = self._last if batch.parts else self._last_parts


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
