"""Vectors compared by sqlite-vec inside SQLite, where this Python's SQLite may load extensions; its only importer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlite_vec

from hermes_tui.capabilities.memory.database import Connection, Damaged, parts
from hermes_tui.capabilities.memory.items import Layer
from hermes_tui.capabilities.memory.scan import best_of
from hermes_tui.capabilities.memory.vectors import Query, signs_of

EXACT: Final = 20_000
RESCORED: Final = 1_000
_FROM: Final = "FROM item CROSS JOIN vector USING(digest) CROSS JOIN numbers USING(no)"
_NEAREST: Final = """
    SELECT item.row FROM vector CROSS JOIN item USING(digest) WHERE model=? AND layer=? AND length(signs)=?
    ORDER BY vec_distance_hamming(vec_bit(signs), vec_bit(?)) LIMIT ?"""


class ExtensionScan:
    """Needs no memory of its own: every search reads the vectors where they are stored."""

    name = "exact, beyond 20,000 vectors by signs first (sqlite-vec)"

    def __init__(self, exact: int = EXACT) -> None:
        """Compare up to `exact` vectors one by one."""
        self._exact = exact
        self._loaded: Connection | None = None

    def nearest(self, connection: Connection, layer: Layer, query: Query, most: int) -> Mapping[int, float]:
        """Return the rows of the nearest items with their cosines, nearest first."""
        self._load(connection)
        count = "SELECT count(*) FROM vector CROSS JOIN item USING(digest) WHERE model=? AND layer=?"
        (known,) = connection.execute(count, (query.model, layer.value)).fetchone()
        signs = signs_of(query.body)
        limit = RESCORED if known > self._exact else -1
        found = connection.execute(_NEAREST, (query.model, layer.value, len(signs), signs, limit))
        return best_of(self.cosines(connection, query, [row for (row,) in found.fetchall()]), most)

    def cosines(self, connection: Connection, query: Query, rows: Sequence[int]) -> Mapping[int, float]:
        """Return how near each of `rows` lies to the query, where it has a vector of the query's model and size."""
        self._load(connection)
        found: dict[int, float] = {}
        for part in parts(rows):
            numbers = ",".join(map(str, part))
            statement = (
                f"SELECT row, 1 - vec_distance_cosine(body, ?) {_FROM}"
                f" WHERE row IN ({numbers}) AND model=? AND length(body)=?"
            )
            found.update(connection.execute(statement, (query.body, query.model, len(query.body))).fetchall())
        return found

    def _load(self, connection: Connection) -> None:
        """Load the extension into a connection that was opened anew."""
        if connection is not self._loaded:
            load(connection)
            self._loaded = connection


def loads(connection: Connection) -> bool:
    """Say whether sqlite-vec loads into `connection`, by loading it."""
    try:
        load(connection)
    except (AttributeError, Damaged):  # many Pythons are built without extension loading
        return False
    return True


def load(connection: Connection) -> None:
    """Load sqlite-vec, and close the door again behind it."""
    package: Any = sqlite_vec
    connection.enable_load_extension(True)  # noqa: FBT003 - its only argument
    try:
        package.load(connection)
    finally:
        connection.enable_load_extension(False)  # noqa: FBT003 - as above
