"""The nearest vectors of a layer: every one compared exactly while they are few, else by signs first.

Signs are one bit a number. Those that differ from the query's in the fewest bits are looked at closely: the exact
cosine decides among them. What a scan keeps between searches is brought up to date by what was added since.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from heapq import nlargest, nsmallest
from operator import mul
from typing import Final, Protocol

from hermes_tui.capabilities.memory.database import Connection, Cursor, born, parts
from hermes_tui.capabilities.memory.items import Layer
from hermes_tui.capabilities.memory.vectors import Query, signs_of
from hermes_tui.domain.values import frozen, mutable

EXACT: Final = 1_000
"""Up to so many vectors plain Python compares every one exactly."""
RESCORED: Final = 500
_PORTION: Final = 2_000
"""So many vectors are read at once, so that reading all takes no more memory than keeping them."""
_FRESH: Final = (
    """SELECT item.row, vector.no, signs FROM vector CROSS JOIN item ON item.digest=vector.digest
    WHERE vector.no>? AND model=? AND layer=?""",
    """SELECT item.row, vector.no, signs FROM item CROSS JOIN vector ON vector.digest=item.digest
    WHERE item.row>? AND item.row<=? AND vector.no<=? AND model=? AND layer=?""",
)


class Scan(Protocol):
    """A way to compare; each finds the same where it is exact."""

    name: str

    def nearest(self, connection: Connection, layer: Layer, query: Query, most: int) -> Mapping[int, float]:
        """Return the rows of the nearest items, at most `most` and nearest first, some of which may be gone.

        With each comes its cosine, as `cosines` gives it.
        """
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
    """Some of what was added: rows, each with its vector's number and signs; `anew` voids all that was kept before."""

    rows: Sequence[int]
    numbers: Sequence[int]
    signs: Sequence[bytes]
    anew: bool = False


def fresh(connection: Connection, layer: Layer, query: Query, mark: Mark) -> Iterator[Fresh]:
    """Yield the vectors that came since `mark`, a portion at a time, and move it once all are taken.

    Rows that are gone stay with who keeps them; they have no cosine any more, so they are never an answer.
    """
    now = born(connection)
    (last_vector,) = connection.execute("SELECT ifnull(max(no), 0) FROM vector").fetchone()
    (last_item,) = connection.execute("SELECT ifnull(max(row), 0) FROM item").fetchone()
    if anew := mark.born != now:
        mark.vector = mark.item = 0
        yield Fresh((), (), (), anew)
    if last_vector > mark.vector:
        yield from _portions(connection.execute(_FRESH[0], (mark.vector, query.model, layer.value)), query)
    if last_item > mark.item and not anew:
        bounds = (mark.item, last_item, mark.vector, query.model, layer.value)
        yield from _portions(connection.execute(_FRESH[1], bounds), query)
    mark.born, mark.vector, mark.item = now, last_vector, last_item


def _portions(found: Cursor, query: Query) -> Iterator[Fresh]:
    size = len(signs_of(query.body))
    while rows := found.fetchmany(_PORTION):
        kept = [each for each in rows if len(each[2]) == size]
        yield Fresh([row for row, _, _ in kept], [number for _, number, _ in kept], [signs for _, _, signs in kept])


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

    def nearest(self, connection: Connection, layer: Layer, query: Query, most: int) -> Mapping[int, float]:
        """Return the rows of the nearest items with their cosines, nearest first."""
        known = self._known.setdefault((query.model, layer, len(query.body)), _Known())
        for added in fresh(connection, layer, query, known.mark):
            if added.anew:
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


def bodies_numbered(connection: Connection, query: Query, numbers: Sequence[int]) -> list[tuple[int, bytes]]:
    """Return those of the vectors with these numbers that are still there and of the query's size."""
    found: list[tuple[int, bytes]] = []
    for part in parts(numbers):
        statement = f"SELECT no, body FROM numbers WHERE no IN ({','.join(map(str, part))}) AND length(body)=?"  # noqa: S608 - numbers
        found += connection.execute(statement, (len(query.body),)).fetchall()
    return found


def best_of(cosines: Mapping[int, float], most: int) -> Mapping[int, float]:
    """Return the rows with the largest cosines, the largest first; of equal ones the first stored comes first."""
    return {row: cosines[row] for row in nlargest(most, cosines, key=lambda row: (cosines[row], -row))}
