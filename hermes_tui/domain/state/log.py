"""An append-only sequence that is shared between versions: appending costs O(1) and changes no earlier version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar, cast, overload

T = TypeVar("T")


class Log(Sequence[T], Generic[T]):
    """An immutable sequence whose versions share one list.

    Only the newest version extends the shared list; appending to an older one copies its prefix first.
    """

    __slots__ = ("_items", "_size")
    __hash__ = None  # type: ignore[assignment] # what is compared by its items has no hash

    def __init__(self, items: Sequence[T] = (), shared: list[T] | None = None) -> None:
        self._items = list(items) if shared is None else shared
        self._size = len(self._items)

    def append(self, item: T) -> Log[T]:
        """Return the sequence with `item` at its end."""
        shared = self._items if self._size == len(self._items) else self._items[: self._size]
        shared.append(item)
        return Log(shared=shared)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Log):
            return NotImplemented
        return self is other or self[:] == cast("Log[object]", other)[:]

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        if isinstance(index, slice):
            return tuple(self._items[at] for at in range(*index.indices(self._size)))
        if not -self._size <= index < self._size:
            raise IndexError(index)
        return self._items[index % self._size]

    def __iter__(self) -> Iterator[T]:
        for at in range(self._size):
            yield self._items[at]
