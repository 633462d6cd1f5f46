"""Calls that change the same files take turns, from the copy before to the result after, which is durable first."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path


class _Claim:
    def __init__(self, paths: tuple[Path, ...]) -> None:
        self.paths = paths
        self.held: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def overlaps(self, other: _Claim) -> bool:
        return any(
            mine.is_relative_to(theirs) or theirs.is_relative_to(mine) for mine in self.paths for theirs in other.paths
        )

    def grant(self) -> None:
        """Let the claimant go on, on its own loop."""
        # A loop that was closed meanwhile has nobody left who waits.
        with contextlib.suppress(RuntimeError):
            self.held.get_loop().call_soon_threadsafe(self._release)

    def _release(self) -> None:
        if not self.held.done():
            self.held.set_result(None)


class Claims:
    """Who is changing what now; claims of the same file are granted in the order they came, on any event loop.

    Without this a call that is taken back after a crash would take back what another one did to the same folder
    meanwhile: a before-image knows only what stood there when it was taken.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._claims: list[_Claim] = []

    def held(self, paths: Sequence[Path]) -> contextlib.AbstractAsyncContextManager[None]:
        """Hold `paths`, and everything below them, while the block runs; without paths nothing is held."""
        return self._held(tuple(paths)) if paths else contextlib.nullcontext()

    @contextlib.asynccontextmanager
    async def _held(self, paths: tuple[Path, ...]) -> AsyncGenerator[None]:
        claim = _Claim(paths)
        with self._lock:
            free = not any(claim.overlaps(other) for other in self._claims)
            self._claims.append(claim)
        try:
            if not free:
                await claim.held
            yield
        finally:
            self._drop(claim)

    def _drop(self, claim: _Claim) -> None:
        with self._lock:
            self._claims.remove(claim)
            freed = [
                one
                for at, one in enumerate(self._claims)
                if one.overlaps(claim) and not any(one.overlaps(other) for other in self._claims[:at])
            ]
        for one in freed:
            one.grant()
