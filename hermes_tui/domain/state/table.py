"""A mapping that is shared between versions: another value costs a few dozen entries and changes no earlier version."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping, ValuesView
from itertools import chain
from typing import Final, Generic, TypeVar, cast

K = TypeVar("K")
V = TypeVar("V")

_BITS: Final = 5
_ROW: Final = 1 << _BITS
_COLUMN: Final = _ROW - 1


class Table(Mapping[K, V], Generic[K, V]):
    """An immutable mapping with a fixed set of keys, in their order; versions share all rows of values but one."""

    __slots__ = ("_at", "_rows")
    __hash__ = None  # type: ignore[assignment] # what is compared by its entries has no hash

    def __init__(self, entries: Mapping[K, V]) -> None:
        values = list(entries.values())
        self._at = {key: at for at, key in enumerate(entries)}
        self._rows = [values[at : at + _ROW] for at in range(0, len(values), _ROW)]

    def having(self, key: K, value: V) -> Table[K, V]:
        """Return the mapping with another value for a key that it has.

        Raises:
            KeyError: it does not have it.
        """
        at = self._at[key]
        row, rows = at >> _BITS, self._rows.copy()
        rows[row] = values = rows[row].copy()
        values[at & _COLUMN] = value
        after = cast("Table[K, V]", object.__new__(Table))
        after._at, after._rows = self._at, rows
        return after

    def __getitem__(self, key: K) -> V:
        at = self._at[key]
        return self._rows[at >> _BITS][at & _COLUMN]

    def __contains__(self, key: object) -> bool:
        return key in self._at

    def __iter__(self) -> Iterator[K]:
        return iter(self._at)

    def __len__(self) -> int:
        return len(self._at)

    def items(self) -> ItemsView[K, V]:
        return self._plain().items()

    def values(self) -> ValuesView[V]:
        return self._plain().values()

    def _plain(self) -> dict[K, V]:
        """Return all of it at once: looked up key by key it would take ten times as long."""
        return dict(zip(self._at, chain.from_iterable(self._rows), strict=True))


def having(entries: Mapping[K, V], key: K, value: V) -> Table[K, V]:
    """Return a mapping with another value for a key that it has; from then on each such change is cheap.

    Raises:
        KeyError: it does not have it.
    """
    return (entries if isinstance(entries, Table) else Table(entries)).having(key, value)
