"""A time limit that costs nothing where nothing is waited for: most small reads end in their first step."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator, Iterator
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")


async def within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns; from its first wait on it has so many seconds.

    Raises:
        TimeoutError: it did not end in time, and was cancelled.
    """
    try:
        awaited = work.send(None)
    except StopIteration as ended:
        result: T = ended.value
        return result
    async with asyncio.timeout(seconds):
        return await _Begun(work, awaited)


class _Begun(Generic[T]):
    """A coroutine after its first step, to be awaited: it hands out what it waits for, then goes on as it is."""

    def __init__(self, work: Coroutine[Any, Any, T], awaited: object) -> None:
        self._work = work
        self._awaited: object | None = awaited

    def __await__(self) -> Generator[Any, Any, T]:
        return cast("Generator[Any, Any, T]", self)

    def __iter__(self) -> Iterator[object]:
        return self

    def __next__(self) -> object:
        return self.send(None)

    def send(self, value: object) -> object:
        """Return what is waited for next; the first time, what the coroutine waits for already."""
        if self._awaited is not None:
            awaited, self._awaited = self._awaited, None
            return awaited
        return self._work.send(value)

    def throw(self, *error: Any) -> object:  # noqa: ANN401 - in each of the three forms that Python knows
        """Let the coroutine see an error."""
        return self._work.throw(*error)

    def close(self) -> None:
        """End the coroutine where nobody waits for it any more."""
        self._work.close()
