"""The nearest vectors of a layer: every one compared exactly while they are few, else by signs first.

Signs are one bit a number. Those that differ from the query's in the fewest bits are looked at closely: the exact
cosine decides among them. What a scan keeps between searches is brought up to date by what was added since.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import field
from heapq import nlargest, nsmallest
from operator import mul
from typing import Final, Protocol

from hermes_tui.capabilities.memory.database import Connection, born, parts
from hermes_tui.capabilities.memory.items import Layer
from hermes_tui.capabilities.memory.vectors import Query, signs_of
from hermes_tui.domain.values import frozen, mutable

EXACT: Final = 1_000
"""Up to so many vectors plain Python compares every one exactly."""
RESCORED: Final = 500
_FRESH: Final = (
    """SELECT item.row, vector.no, signs FROM vector CROSS JOIN item ON item.digest=vector.digest
    WHERE vector.no>? AND model=? AND layer=?""",
    """SELECT item.row, vector.no, signs FROM item CROSS JOIN vector ON vector.digest=item.digest
    WHERE item.row>? AND item.row<=? AND vector.no<=? AND model=? AND layer=?""",
)


class Scan(Protocol):
    """A way to compare; each finds the same where it is exact."""

    name: str

    def nearest(self, connection: Connection, layer: Layer, query: Query, most: int) -> list[int]:
        """Return the rows of the nearest items, nearest first."""
        ...

    def cosines(self, connection: Connection, query: Query, rows: Sequence[int]) -> Mapping[int, float]:
        """Return how near each of `rows` lies to the query, where it has a vector of the query's model and size."""
        ...


@mutable
class Mark:
    """How far a scan has read: the index it read, the last vector and the last item."""

    born: int = -1
    vector: int = 0
    item: int = 0


@frozen(kw_only=False)
class Fresh:
    """What was added: rows with their signs. `whole` is True where everything kept before is void."""

    rows: Sequence[int]
    signs: Sequence[bytes]
    whole: bool


def fresh(connection: Connection, layer: Layer, query: Query, mark: Mark) -> Fresh:
    """Return the vectors that came since `mark`, and move it.

    Rows that are gone stay with who keeps them; they have no cosine any more, so they are never an answer.
    """
    now = born(connection)
    whole = mark.born != now
    after_vector, after_item = (0, 0) if whole else (mark.vector, mark.item)
    (last_vector,) = connection.execute("SELECT ifnull(max(no), 0) FROM vector").fetchone()
    (last_item,) = connection.execute("SELECT ifnull(max(row), 0) FROM item").fetchone()
    found: list[tuple[int, int, bytes]] = []
    if last_vector > after_vector:
        found += connection.execute(_FRESH[0], (after_vector, query.model, layer.value)).fetchall()
    if last_item > after_item and not whole:
        bounds = (after_item, last_item, after_vector, query.model, layer.value)
        found += connection.execute(_FRESH[1], bounds).fetchall()
    mark.born, mark.vector, mark.item = now, last_vector, last_item
    size = len(signs_of(query.body))
    kept = [(row, signs) for row, _, signs in found if len(signs) == size]
    return Fresh([row for row, _ in kept], [signs for _, signs in kept], whole)


@mutable
class _Known:
    mark: Mark = field(default_factory=Mark)
    rows: list[int] = field(default_factory=list[int])
    signs: list[int] = field(default_factory=list[int])


class SignScan:
    """Plain Python; nothing needs to be installed."""

    name = "signs, then exact (plain Python)"

    def __init__(self) -> None:
        self._known: dict[tuple[str, Layer, int], _Known] = {}

    def nearest(self, connection: Connection, layer: Layer, query: Query, most: int) -> list[int]:
        """Return the rows of the nearest items, nearest first."""
        known = self._known.setdefault((query.model, layer, len(query.body)), _Known())
        added = fresh(connection, layer, query, known.mark)
        if added.whole:
            known.rows, known.signs = [], []
        known.rows += added.rows
        known.signs += [int.from_bytes(signs, "big") for signs in added.signs]
        rows = known.rows
        if len(rows) > EXACT:
            asked = int.from_bytes(signs_of(query.body), "big")
            distances = [(asked ^ signs).bit_count() for signs in known.signs]
            rows = [rows[place] for place in nsmallest(RESCORED, range(len(rows)), key=distances.__getitem__)]
        return best_of(self.cosines(connection, query, rows), most)

    def cosines(self, connection: Connection, query: Query, rows: Sequence[int]) -> Mapping[int, float]:
        """Return how near each of `rows` lies to the query, where it has a vector of the query's model and size."""
        asked = array("f", query.body)
        bodies = bodies_of(connection, query, rows)
        return {row: sum(map(mul, asked, array("f", body))) for row, body in bodies}


def bodies_of(connection: Connection, query: Query, rows: Sequence[int]) -> list[tuple[int, bytes]]:
    """Return the vectors of `rows` that may be compared with the query."""
    found: list[tuple[int, bytes]] = []
    for part in parts(rows):
        numbers = ",".join(map(str, part))
        statement = (
            "SELECT row, body FROM item CROSS JOIN vector USING(digest) CROSS JOIN numbers USING(no)"  # noqa: S608 - numbers
            f" WHERE row IN ({numbers}) AND model=? AND length(body)=?"
        )
        found += connection.execute(statement, (query.model, len(query.body))).fetchall()
    return found


def best_of(cosines: Mapping[int, float], most: int) -> list[int]:
    """Return the rows with the largest cosines; of equal ones the first stored comes first."""
    return nlargest(most, cosines, key=lambda row: (cosines[row], -row))
