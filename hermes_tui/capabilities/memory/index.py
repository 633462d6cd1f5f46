"""The index of all memories: put in, taken out, looked up; it knows nothing of files or journals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from hermes_tui.capabilities.memory.candidates import EVERYTHING_LIVE, Candidates, Filters, Near, Reading
from hermes_tui.capabilities.memory.catalog import NoteRow, drop_note, put_note
from hermes_tui.capabilities.memory.database import IndexDatabase, marks, parts
from hermes_tui.capabilities.memory.items import Item, Layer
from hermes_tui.capabilities.memory.pool import THREAD_SHIFT
from hermes_tui.capabilities.memory.question import Question
from hermes_tui.capabilities.memory.scan import Scan, SignScan
from hermes_tui.capabilities.memory.storing import Storing, entry_of
from hermes_tui.capabilities.memory.vectors import Query
from hermes_tui.domain.values import frozen

_COLUMNS: Final = "id, text, item.layer, name, spot, speaker, at, source, kind, live, scope, anchor"
_KINDS: Final = "SELECT DISTINCT kind FROM item WHERE source=?"
_SELECT: Final = f"SELECT {_COLUMNS} FROM item JOIN thread ON no = spot >> {THREAD_SHIFT}"  # noqa: S608 - constants


@frozen
class Source:
    """A file, session or document, and what it gives. `stamp` tells without reading that it is still the same."""

    name: str
    items: Sequence[Item] = ()
    digest: str = ""
    status: str = "ok"
    stamp: str = ""
    note: NoteRow | None = None

    def row(self) -> tuple[str, str, str, str]:
        """Return what is kept of it besides the items."""
        return self.name, self.digest, self.status, self.stamp


class MemoryIndex:
    """Every memory's words; knows nothing of files or journals."""

    def __init__(self, database: IndexDatabase, scan: Scan | None = None) -> None:
        """Use `scan` to compare vectors, plain Python if there is none."""
        self.database = database
        self.scan = scan or SignScan()

    def add(self, items: Sequence[Item]) -> None:
        """Store `items`, searchable on return; one with a known id replaces what was there, in its place."""
        entries = [entry_of(item) for item in items]
        with self.database.transaction() as connection:
            Storing(connection).add(entries)

    def drop(self, ids: Iterable[str]) -> int:
        """Take items out by id; return how many there were."""
        with self.database.transaction() as connection:
            return Storing(connection).drop("id", ids)

    def drop_source(self, source: str) -> int:
        """Take out all that came from `source`; return how many there were."""
        with self.database.transaction() as connection:
            return Storing(connection).drop("source", (source,))

    def replace_source(self, source: Source) -> None:
        """Make the items of `source` all that comes from it; one transaction."""
        self.replace_sources([source])

    def replace_sources(self, sources: Sequence[Source]) -> None:
        """Make the items of each source all that comes from it; one transaction for all."""
        entries = [entry_of(item) for source in sources for item in source.items]
        with self.database.transaction() as connection:
            storing = Storing(connection)
            storing.drop("source", [source.name for source in sources])
            for source in sources:
                drop_note(connection, source.name)
            storing.add(entries)
            for source in sources:
                if source.note is not None:
                    put_note(connection, source.note)
                connection.execute("INSERT OR REPLACE INTO seen VALUES(?, ?, ?, ?)", source.row())

    def extend_source(self, source: Source) -> None:
        """Add items to what came from a source, and note how far it was read; one transaction."""
        entries = [entry_of(item) for item in source.items]
        with self.database.transaction() as connection:
            Storing(connection).add(entries)
            connection.execute("INSERT OR REPLACE INTO seen VALUES(?, ?, ?, ?)", source.row())

    def forget_sources(self, names: Sequence[str]) -> None:
        """Take out all that came from some sources, and that they were ever seen; one transaction."""
        with self.database.transaction() as connection:
            Storing(connection).drop("source", names)
            for name in names:
                drop_note(connection, name)
                connection.execute("DELETE FROM seen WHERE name=?", (name,))

    def seen(self, names: Sequence[str] | None = None) -> list[Source]:
        """Return every source, or those of some names, without their items."""
        query, rows = "SELECT name, digest, status, stamp FROM seen", list[tuple[str, str, str, str]]()
        with self.database.reading() as connection:
            if names is None:
                rows = connection.execute(f"{query} ORDER BY name").fetchall()
            else:
                for part in parts(names):
                    rows += connection.execute(f"{query} WHERE name IN ({marks(part)})", part).fetchall()
        return [Source(name=name, digest=digest, status=status, stamp=stamp) for name, digest, status, stamp in rows]

    def get(self, ids: Sequence[str]) -> dict[str, Item]:
        """Return the items of `ids` that are there."""
        found: dict[str, Item] = {}
        with self.database.reading() as connection:
            for part in parts(ids):
                rows = connection.execute(
                    f"{_SELECT} WHERE id IN ({marks(part)})",
                    part,
                ).fetchall()
                found |= {row[0]: _item(row) for row in rows}
        return found

    def around(self, item_id: str, reach: int) -> list[Item]:
        """Return the item with `reach` items before and after it in its thread, in order."""
        with self.database.reading() as connection:
            row = connection.execute("SELECT spot FROM item WHERE id=?", (item_id,)).fetchone()
            if row is None:
                return []
            first = max(row[0] - reach, row[0] >> THREAD_SHIFT << THREAD_SHIFT)
            rows = connection.execute(
                f"{_SELECT} WHERE spot BETWEEN ? AND ? ORDER BY spot",
                (first, row[0] + reach),
            ).fetchall()
        return [_item(row) for row in rows]

    def speakers(self) -> list[str]:
        """Return everyone who speaks."""
        with self.database.reading() as connection:
            return [name for (name,) in connection.execute("SELECT name FROM speaker WHERE items > 0 ORDER BY name")]

    def holds_kind(self, source: str, wanted: Callable[[str], bool]) -> bool:
        """Whether a source has an item whose kind is one of those wanted."""
        with self.database.reading() as connection:
            return any(wanted(kind) for (kind,) in connection.execute(_KINDS, (source,)))

    def counts(self) -> dict[str, int]:
        """Return how many items each layer has."""
        with self.database.reading() as connection:
            return dict(connection.execute("SELECT layer, items FROM tally").fetchall())

    def counts_by_source(self, prefix: str) -> dict[str, int]:
        """Return how many items each source has whose name begins with `prefix`."""
        query = "SELECT source, count(*) FROM item WHERE source>=? AND source<? GROUP BY source"
        with self.database.reading() as connection:
            return dict(connection.execute(query, (prefix, prefix + "\U0010ffff")).fetchall())

    def candidates(
        self, question: Question, layer: Layer, filters: Filters = EVERYTHING_LIVE, query: Query | None = None
    ) -> Candidates:
        """Return what a search for `question` looks at; `query` is its vector, if there is one."""
        near = Near(self.scan, query) if query is not None else None
        with self.database.reading() as connection:
            return Reading(connection, layer, filters, near).candidates(question)


def _item(row: tuple[str, str, str, str, int, str, float, str, str, int, str, str]) -> Item:
    item_id, text, layer, thread, spot, speaker, at, source, kind, live, scope, anchor = row
    return Item(
        id=item_id,
        text=text,
        layer=Layer(layer),
        thread=thread,
        place=spot & ((1 << THREAD_SHIFT) - 1),
        speaker=speaker,
        at=at,
        source=source,
        kind=kind,
        live=bool(live),
        scope=scope,
        anchor=anchor,
    )
