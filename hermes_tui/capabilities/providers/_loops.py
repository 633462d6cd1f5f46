"""Connections live as long as the event loop that opened them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Hashable
from dataclasses import field
from typing import Generic, TypeVar

from hermes_tui.domain.values import mutable

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


@mutable
class _Kept(Generic[K, T]):
    """What one loop has open, and the generators that close it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    opened: dict[K, T] = field(default_factory=dict[K, T])
    keepers: list[AsyncGenerator[T]] = field(default_factory=list[AsyncGenerator[T]])


class PerLoop(Generic[K, T]):
    """One `T` per key and event loop: opened when first asked for, closed with its loop.

    `asyncio.run` ends every asynchronous generator that still runs, all at once: so `opening` must hold what it gives
    in no second generator. An instance belongs at the top of a module: what is collected with an open connection
    inside leaks it.

    Args:
        opening: Opens what belongs to a key, yields once, closes.
    """

    def __init__(self, opening: Callable[[K], AsyncGenerator[T]]) -> None:
        self._opening = opening
        self._kept: dict[asyncio.AbstractEventLoop, _Kept[K, T]] = {}

    async def get(self, key: K) -> T:
        """Return the running loop's own."""
        loop = asyncio.get_running_loop()
        kept = self._kept.get(loop) or self._begin(loop)
        if key not in kept.opened:
            await self._open(kept, key)
        return kept.opened[key]

    def _begin(self, loop: asyncio.AbstractEventLoop) -> _Kept[K, T]:
        for ended in [known for known in list(self._kept) if known.is_closed()]:
            self._kept.pop(ended, None)
        return self._kept.setdefault(loop, _Kept())

    async def _open(self, kept: _Kept[K, T], key: K) -> None:
        async with kept.lock:
            if key not in kept.opened:
                keeper = self._opening(key)
                kept.opened[key] = await anext(keeper)
                kept.keepers.append(keeper)
