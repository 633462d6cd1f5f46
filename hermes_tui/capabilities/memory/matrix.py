"""Vectors compared by numpy; besides the local model the only file that imports it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Final

import numpy as np

from hermes_tui.capabilities.memory.database import Connection
from hermes_tui.capabilities.memory.items import Layer
from hermes_tui.capabilities.memory.scan import Mark, best_of, bodies_of, fresh
from hermes_tui.capabilities.memory.vectors import Query, signs_of
from hermes_tui.domain.values import mutable

EXACT: Final = 20_000
"""Up to so many vectors every one is compared exactly: 31 MB of MiniLM's, 3 ms."""
RESCORED: Final = 1_000
_SPARE: Final = 20
"""So many more than asked for are taken, since some rows may be gone."""
_Array = np.ndarray[Any, np.dtype[Any]]


@mutable
class _Known:
    """What is kept of one layer. Arrays have room to grow; `count` rows are in use."""

    mark: Mark = field(default_factory=Mark)
    count: int = 0
    rows: _Array = field(default_factory=lambda: np.empty(0, np.int64))
    signs: _Array = field(default_factory=lambda: np.empty((0, 0), np.uint8))
    exact: _Array | None = None


class MatrixScan:
    """Exact products with a matrix, beyond `EXACT` of those whose signs are nearest."""

    name = "exact, beyond 20,000 vectors by signs first (numpy)"

    def __init__(self, exact: int = EXACT) -> None:
        """Keep up to `exact` vectors whole and compare each."""
        self._exact = exact
        self._known: dict[tuple[str, Layer, int], _Known] = {}

    def nearest(self, connection: Connection, layer: Layer, query: Query, most: int) -> list[int]:
        """Return the rows of the nearest items, nearest first."""
        known = self._known.setdefault((query.model, layer, len(query.body)), _Known())
        self._refresh(connection, layer, query, known)
        if known.count == 0:
            return []
        if known.exact is not None:
            distances = -(known.exact[: known.count] @ np.frombuffer(query.body, "<f4"))
            wanted = most + _SPARE
        else:
            asked = np.frombuffer(signs_of(query.body), np.uint8)
            words = _words(known.signs[: known.count])
            distances = np.bitwise_count(words ^ _words(asked[None, :])).sum(1, dtype=np.uint16)
            wanted = RESCORED
        chosen = np.argpartition(distances, wanted)[:wanted] if wanted < known.count else np.arange(known.count)
        rows: list[int] = known.rows[chosen].tolist()
        return best_of(self.cosines(connection, query, rows), most)

    def cosines(self, connection: Connection, query: Query, rows: Sequence[int]) -> Mapping[int, float]:
        """Return how near each of `rows` lies to the query, where it has a vector of the query's model and size."""
        bodies = bodies_of(connection, query, rows)
        if not bodies:
            return {}
        matrix = np.frombuffer(b"".join(body for _, body in bodies), "<f4").reshape(len(bodies), -1)
        products: list[float] = (matrix @ np.frombuffer(query.body, "<f4")).tolist()
        return {row: product for (row, _), product in zip(bodies, products, strict=True)}

    def _refresh(self, connection: Connection, layer: Layer, query: Query, known: _Known) -> None:
        added = fresh(connection, layer, query, known.mark)
        if added.whole:
            known.count = 0
        if not added.rows:
            return
        start, known.count = known.count, known.count + len(added.rows)
        width = len(added.signs[0])
        known.rows = _grown(known.rows, start, known.count)
        known.signs = _grown(known.signs.reshape(-1, width), start, known.count)
        known.rows[start : known.count] = added.rows
        known.signs[start : known.count] = np.frombuffer(b"".join(added.signs), np.uint8).reshape(-1, width)
        self._refresh_exact(connection, query, known, start)

    def _refresh_exact(self, connection: Connection, query: Query, known: _Known, start: int) -> None:
        if known.count > self._exact:
            known.exact = None
            return
        if known.exact is None:
            known.exact, start = np.zeros((0, len(query.body) // 4), np.float32), 0
        known.exact = _grown(known.exact, start, known.count)
        rows: list[int] = known.rows[start : known.count].tolist()
        places = {row: place for place, row in enumerate(rows, start)}
        known.exact[start : known.count] = 0
        for row, body in bodies_of(connection, query, rows):
            known.exact[places[row]] = np.frombuffer(body, "<f4")


def _grown(kept: _Array, used: int, needed: int) -> _Array:
    """Return an array with room for `needed` rows, the first `used` of them as they were."""
    if len(kept) >= needed:
        return kept
    larger = np.empty((needed + needed // 4, *kept.shape[1:]), kept.dtype)
    larger[:used] = kept[:used]
    return larger


def _words(signs: _Array) -> _Array:
    """Return bytes as the widest words they fill, which are counted faster."""
    return signs.view(np.uint64) if signs.shape[1] % 8 == 0 and signs.flags.c_contiguous else signs
