"""A session: the one place where an event becomes a record and the record becomes state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hermes_tui.domain.events import Event
from hermes_tui.domain.parts import Part
from hermes_tui.domain.ports import Journal
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.state import SessionState, fold
from hermes_tui.kernel.bus import Bus

Listen = Callable[[Place, Part], None]


@dataclass(slots=True)
class Session:
    """Live state of one session; `state` is always the fold over every record appended so far.

    `listeners` hear the parts of a reply as they stream; parts are not records.
    """

    journal: Journal
    bus: Bus
    state: SessionState
    listeners: list[Listen]

    def receive(self, record: Record) -> None:
        """Fold a published record and pass it on."""
        self.state = fold(self.state, record)
        self.bus.publish(record)

    def emit(self, event: Event, place: Place) -> Record:
        """Append `event`; it is in `state` when this returns, on disk when `durable` does."""
        return self.journal.append(event, place)

    async def commit(self, record: Record) -> Record:
        """Return `record` when it is on disk."""
        await self.journal.durable(record.seq)
        return record

    def hear(self, place: Place, part: Part) -> None:
        """Let whoever watches see a part of a reply."""
        for listener in self.listeners:
            listener(place, part)
