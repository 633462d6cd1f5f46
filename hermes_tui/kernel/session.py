"""A session: the one place where an event becomes a record and the record becomes state."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import field

from hermes_tui.domain.events import Event
from hermes_tui.domain.parts import Part
from hermes_tui.domain.ports import Journal
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.state import SessionState, fold
from hermes_tui.domain.values import mutable
from hermes_tui.kernel.bus import Bus
from hermes_tui.kernel.room import Room

Listen = Callable[[Place, Part], None]


@mutable
class Session:
    """Live state of one session; `state` is always the fold over every record appended so far.

    `listeners` hear the parts of a reply as they stream; parts are not records. Any thread may emit once the session
    has a home: whoever watches is called on the home loop's thread only, with every record in order. `deciding` is held
    by who reads the state and emits what follows from it, as one step. `room` knows the model calls under way.
    """

    journal: Journal
    bus: Bus
    state: SessionState
    listeners: list[Listen]
    deciding: threading.RLock = field(default_factory=threading.RLock)
    room: Room = field(default_factory=Room)
    _unseen: deque[Record] = field(default_factory=deque[Record])
    _unheard: deque[tuple[Place, Part]] = field(default_factory=deque[tuple[Place, Part]])
    _home: asyncio.AbstractEventLoop | None = None
    _thread: int = 0
    _handing: bool = False

    def settle(self) -> None:
        """Make the running loop the session's home."""
        self._home, self._thread = asyncio.get_running_loop(), threading.get_ident()

    def receive(self, record: Record) -> None:
        """Fold a published record and pass it on."""
        with self.deciding:
            self.state = fold(self.state, record)
            self._unseen.append(record)
        if self._away():
            self._post(self._show)
        elif not self._handing:
            self._show()

    def emit(self, event: Event, place: Place) -> Record:
        """Append `event`; it is in `state` when this returns, on disk when `durable` does."""
        with self.deciding:
            return self.journal.append(event, place)

    @contextlib.contextmanager
    def together(self) -> Generator[None]:
        """Let what is emitted within reach the disk in one commit: after a crash all of it is there, or none."""
        with self.deciding, self.journal.together():
            yield

    async def commit(self, record: Record) -> Record:
        """Return `record` when it is on disk."""
        await self.journal.durable(record.seq)
        return record

    def hear(self, place: Place, part: Part) -> None:
        """Let whoever watches see a part of a reply."""
        if not self.listeners:
            return
        self._unheard.append((place, part))
        if not self._away():
            self._play()
        elif len(self._unheard) == 1:
            self._post(self._play)

    def _away(self) -> bool:
        return self._home is not None and threading.get_ident() != self._thread

    def _post(self, work: Callable[[], None]) -> None:
        # A home that is closed has nobody left who watches; the journal has the record.
        with contextlib.suppress(RuntimeError):
            if self._home is not None:
                self._home.call_soon_threadsafe(work)

    def _show(self) -> None:
        """Publish what is unseen, in order; what a reader emits meanwhile comes after what it was called with."""
        self._handing = True
        try:
            while self._unseen:
                self.bus.publish(self._unseen.popleft())
        finally:
            self._handing = False

    def _play(self) -> None:
        while self._unheard:
            place, part = self._unheard.popleft()
            for listener in self.listeners:
                listener(place, part)
