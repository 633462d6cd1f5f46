"""One record to many readers; the journal is upstream of it."""

from __future__ import annotations

from collections.abc import Callable

from hermes_tui.domain.ports import Publish
from hermes_tui.domain.records import Record


class Bus:
    """Hands each record to every subscriber, in order, on the thread that published it."""

    def __init__(self) -> None:
        self._readers: list[Publish] = []

    def subscribe(self, reader: Publish) -> Callable[[], None]:
        """Call `reader` with every record from now on; return what ends that."""
        self._readers.append(reader)
        return lambda: self._readers.remove(reader)

    def publish(self, record: Record) -> None:
        """Hand `record` to every subscriber."""
        for reader in tuple(self._readers):
            reader(record)
