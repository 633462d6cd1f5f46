"""The index of all memories: put in, taken out, looked up; it knows nothing of files or journals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from hermes_tui.capabilities.memory.candidates import EVERYTHING_LIVE, Candidates, Filters, Reading
from hermes_tui.capabilities.memory.catalog import NoteRow, drop_note, put_note
from hermes_tui.capabilities.memory.database import IndexDatabase, marks, parts
from hermes_tui.capabilities.memory.items import Item, Layer
from hermes_tui.capabilities.memory.pool import THREAD_SHIFT
from hermes_tui.capabilities.memory.question import Question
from hermes_tui.capabilities.memory.storing import Storing, entry_of

_COLUMNS: Final = "id, text, item.layer, name, spot, speaker, at, source, kind, live, scope, anchor"
_SELECT: Final = f"SELECT {_COLUMNS} FROM item JOIN thread ON no = spot >> {THREAD_SHIFT}"  # noqa: S608 - constants


class MemoryIndex:
    """Every memory's words; knows nothing of files or journals."""

    def __init__(self, database: IndexDatabase) -> None:
        self.database = database

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

    def replace_source(
        self, source: str, items: Sequence[Item], digest: str = "", status: str = "ok", note: NoteRow | None = None
    ) -> None:
        """Make `items` all that comes from `source`, and note that it was seen with `digest`; one transaction.

        `note` is the row by which a note is listed.
        """
        entries = [entry_of(item) for item in items]
        with self.database.transaction() as connection:
            writing = Storing(connection)
            writing.drop("source", (source,))
            writing.add(entries)
            drop_note(connection, source)
            if note is not None:
                put_note(connection, note)
            at = max((item.at for item in items), default=0.0)
            connection.execute("INSERT OR REPLACE INTO seen VALUES(?, ?, ?, ?)", (source, digest, status, at))

    def extend_source(self, source: str, items: Sequence[Item], digest: str) -> None:
        """Add `items` to what came from `source`, and note how far it was read; one transaction."""
        entries = [entry_of(item) for item in items]
        with self.database.transaction() as connection:
            Storing(connection).add(entries)
            connection.execute("INSERT OR REPLACE INTO seen VALUES(?, ?, 'ok', 0)", (source, digest))

    def forget_source(self, source: str) -> None:
        """Take out all that came from `source`, and that it was ever seen."""
        with self.database.transaction() as connection:
            Storing(connection).drop("source", (source,))
            drop_note(connection, source)
            connection.execute("DELETE FROM seen WHERE name=?", (source,))

    def seen(self) -> dict[str, tuple[str, str]]:
        """Return digest and status of every source."""
        with self.database.reading() as connection:
            rows = connection.execute("SELECT name, digest, status FROM seen").fetchall()
        return {name: (digest, status) for name, digest, status in rows}

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

    def counts(self) -> dict[str, int]:
        """Return how many items each layer has."""
        with self.database.reading() as connection:
            return dict(connection.execute("SELECT layer, items FROM tally").fetchall())

    def candidates(self, question: Question, layer: Layer, filters: Filters = EVERYTHING_LIVE) -> Candidates:
        """Return what a search for `question` looks at."""
        with self.database.reading() as connection:
            return Reading(connection, layer, filters).candidates(question)


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
