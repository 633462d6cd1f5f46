"""The owner of a session as other shells reach it."""

from __future__ import annotations

from collections.abc import Callable

from hermes_tui.capabilities import registry
from hermes_tui.capabilities.state.control import Fields
from hermes_tui.domain.ports import Clock
from hermes_tui.domain.records import Place
from hermes_tui.domain.values import frozen
from hermes_tui.kernel.gate import Gate
from hermes_tui.kernel.session import Session


@frozen
class Owner:
    """What the owner of a session lets others do. `stop` interrupts the run, resumably; `place` is where it stands."""

    session: Session
    gate: Gate
    place: Callable[[], Place]
    stop: Callable[[], object]
    clock: Clock

    async def answer(self, request: Fields) -> Fields:
        """Carry out one request; what it changes is on disk before the asker hears of it.

        How is loaded with the first one: most runs are never asked.
        """
        answered: Fields = await registry.load_late("services.answering").answer(self, request)
        return answered
