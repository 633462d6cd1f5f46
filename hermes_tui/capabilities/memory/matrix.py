"""Vectors compared by numpy; besides the local model the only file that imports it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Final

import numpy as np

from hermes_tui.capabilities.memory.database import Connection
from hermes_tui.capabilities.memory.items import Layer
from hermes_tui.capabilities.memory.scan import Fresh, Mark, best_of, bodies_numbered, bodies_of, fresh
from hermes_tui.capabilities.memory.vectors import Query, signs_of
from hermes_tui.domain.values import mutable

RESCORED: Final = 300
"""So many vectors are compared exactly."""
BY_SIGNS: Final = 5
"""For each of these so many are compared by their signs with the query's numbers."""
_WORD: Final = 8
_Array = np.ndarray[Any, np.dtype[Any]]


@mutable
class _Known:
    """What is kept of one layer: 64 bytes for a vector of MiniLM. Arrays have room to grow; `count` vectors are in use.

    `signs` has a row for each 64 numbers of a vector, so that a search reads it from end to end.
    """

    mark: Mark = field(default_factory=Mark)
    count: int = 0
    rows: _Array = field(default_factory=lambda: np.empty(0, np.int64))
    numbers: _Array = field(default_factory=lambda: np.empty(0, np.int64))
    signs: _Array = field(default_factory=lambda: np.empty((0, 0), np.uint64))


class MatrixScan:
    """Three passes, each closer and over fewer: signs with signs, signs with the query's numbers, then exactly.

    The middle one costs a hundredth of reading as many vectors, and leaves so few of them to be read.
    """

    name = "by signs, the nearest exactly (numpy)"

    def __init__(self, rescored: int = RESCORED) -> None:
        """Compare `rescored` vectors exactly, more if more are asked for."""
        self._rescored = rescored
        self._known: dict[tuple[str, Layer, int], _Known] = {}

    def nearest(self, connection: Connection, layer: Layer, query: Query, most: int) -> Mapping[int, float]:
        """Return the rows of the nearest items with their cosines, nearest first; some of them may be gone."""
        known = self._known.setdefault((query.model, layer, len(query.body)), _Known())
        for added in fresh(connection, layer, query, known.mark):
            known.count *= not added.anew
            if added.rows:
                _append(known, added)
        if known.count == 0:
            return {}
        places = _nearest_signs(known, query, max(self._rescored, most + most // 2))
        numbers: list[int] = known.numbers[places].tolist()
        rows: list[int] = known.rows[places].tolist()
        near = _products(query, bodies_numbered(connection, query, numbers))
        return best_of({row: near[number] for row, number in zip(rows, numbers, strict=True) if number in near}, most)

    def cosines(self, connection: Connection, query: Query, rows: Sequence[int]) -> Mapping[int, float]:
        """Return how near each of `rows` lies to the query, where it has a vector of the query's model and size."""
        return _products(query, bodies_of(connection, query, rows))


def _append(known: _Known, added: Fresh) -> None:
    start, known.count = known.count, known.count + len(added.rows)
    signs = np.frombuffer(b"".join(map(_padded, added.signs)), np.uint64).reshape(len(added.rows), -1).T
    if start == 0:
        known.signs = np.empty((len(signs), 0), np.uint64)
    for name, new in (("rows", added.rows), ("numbers", added.numbers), ("signs", signs)):
        kept = _grown(getattr(known, name), start, known.count)
        kept[..., start : known.count] = new
        setattr(known, name, kept)


def _grown(kept: _Array, used: int, needed: int) -> _Array:
    """Return an array with room for `needed` vectors, the first `used` of them as they were."""
    if kept.shape[-1] >= needed:
        return kept
    larger = np.empty((*kept.shape[:-1], needed + needed // 4), kept.dtype)
    larger[..., :used] = kept[..., :used]
    return larger


def _nearest_signs(known: _Known, query: Query, most: int) -> _Array:
    """Return the places of about `most` vectors whose signs lie nearest to the query."""
    places = np.arange(known.count)
    if known.count > most * BY_SIGNS:
        places = _fewest(_differing_bits(known, query), most * BY_SIGNS)
    if len(places) <= most:
        return places
    signs = np.ascontiguousarray(known.signs[:, places].T).view(np.uint8)
    asked = np.frombuffer(query.body, "<f4")
    is_negative = np.unpackbits(signs, axis=1, count=len(asked)).astype(np.float32)
    return places[np.argpartition(_dot(is_negative, asked), most)[:most]]


def _differing_bits(known: _Known, query: Query) -> _Array:
    """Return for each vector in how many signs it differs from the query's."""
    differing = np.zeros(known.count, np.uint16)
    for kept, asked in zip(known.signs, np.frombuffer(_padded(signs_of(query.body)), np.uint64), strict=True):
        differing += np.bitwise_count(kept[: known.count] ^ asked)
    return differing


def _fewest(counts: _Array, most: int) -> _Array:
    """Return the places of the smallest counts: `most`, and those that are as small as the last of them."""
    limit = np.searchsorted(np.cumsum(np.bincount(counts)), most)
    return np.flatnonzero(counts <= limit)


def _padded(signs: bytes) -> bytes:
    """Return signs as a whole number of words."""
    return signs.ljust(-(-len(signs) // _WORD) * _WORD, b"\0")


def _products(query: Query, bodies: Sequence[tuple[int, bytes]]) -> Mapping[int, float]:
    if not bodies:
        return {}
    matrix = np.frombuffer(b"".join(body for _, body in bodies), "<f4").reshape(len(bodies), -1)
    products: list[float] = _dot(matrix, np.frombuffer(query.body, "<f4")).tolist()
    return {key: product for (key, _), product in zip(bodies, products, strict=True)}


def _dot(matrix: _Array, vector: _Array) -> _Array:
    """Return each row's product with a vector, without BLAS: for so few its threads cost more than they give."""
    products: _Array = np.einsum("ij,j->i", matrix, vector)
    return products
