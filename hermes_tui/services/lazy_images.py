"""The before-images of a run, opened with the first call that may write: a run that only talks takes none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hermes_tui.domain.events.tool import FileChange
from hermes_tui.domain.ports import BeforeImages


class LazyImages:
    """The images that `find` opens; implements `ports.BeforeImages`."""

    def __init__(self, find: Callable[[], BeforeImages]) -> None:
        self._find = find
        self._found: BeforeImages | None = None

    def _opened(self) -> BeforeImages:
        if self._found is None:
            self._found = self._find()
        return self._found

    async def take(self, targets: Sequence[Path]) -> str:
        return await self._opened().take(targets)

    async def restore(self, image: str, *, entirely: bool = False) -> tuple[FileChange, ...]:
        return await self._opened().restore(image, entirely=entirely)

    async def changes(self, image: str) -> tuple[FileChange, ...]:
        return await self._opened().changes(image)
