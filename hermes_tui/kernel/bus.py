"""One record to many readers; the journal is upstream of it."""

from __future__ import annotations

from collections.abc import Callable, Collection

from hermes_tui.domain.events import Event
from hermes_tui.domain.ports import Publish
from hermes_tui.domain.records import Record

Kinds = Collection[type[Event]]
"""Classes of events, such as `frozenset({AgentEnded})`."""
_Reader = tuple[Publish, "Kinds | None"]


class Bus:
    """Hands each record to every subscriber of its kind, in the order they came, on the thread that published it."""

    def __init__(self) -> None:
        self._readers: list[_Reader] = []
        self._by_kind: dict[type[Event], tuple[Publish, ...]] = {}

    def subscribe(self, reader: Publish, kinds: Kinds | None = None) -> Callable[[], None]:
        """Call `reader` with every record of these `kinds` from now on, of all where None; return what ends that."""
        entry = (reader, kinds)
        self._readers.append(entry)
        self._by_kind = {}

        def leave() -> None:
            self._readers.remove(entry)
            self._by_kind = {}

        return leave

    def publish(self, record: Record) -> None:
        """Hand `record` to every subscriber of its kind."""
        kind = type(record.body)
        known = self._by_kind
        readers = known.get(kind)
        if readers is None:
            readers = known[kind] = tuple(reader for reader, kinds in self._readers if kinds is None or kind in kinds)
        for reader in readers:
            reader(record)
