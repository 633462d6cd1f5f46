"""Apply an edited config.yaml while Hermes runs; an edit that cannot be used is refused and the old one stays."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, cast

from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.events import ConfigApplied, ConfigRefused
from hermes_tui.domain.ports import Clock
from hermes_tui.services.config import HermesConfig
from hermes_tui.services.explain import Settings
from hermes_tui.services.sections import plain

POLL_S: Final = 0.5
Stamp = tuple[int, int, int] | None
Report = Callable[[ConfigApplied | ConfigRefused], object]


class ConfigWatch:
    """Looks after one config file.

    `read` reads every layer again; `apply` makes the result hold and may refuse it. A change counts once the file has
    stood still between two looks, so that half of an editor's work is never read.
    """

    def __init__(
        self, *, path: Path, current: HermesConfig, read: Callable[[], Settings], apply: Callable[[Settings], None]
    ) -> None:
        self.path = path
        self.current = current
        self.read = read
        self.apply = apply
        self._known = self._last = self._stamp()

    def look(self) -> ConfigApplied | ConfigRefused | None:
        """Return what came of an edit since the last look, None if there was none or it may go on."""
        now = self._stamp()
        still, self._last = now == self._last, now
        if now == self._known or not still:
            return None
        self._known = now
        settings: Settings | None = None
        try:
            settings = self.read()
            changed = tuple(_changes(self.current, settings.config))
            if changed:
                self.apply(settings)
        except UsageInvalid as error:
            return self._refused(error, settings)
        self.current = settings.config
        return ConfigApplied(file=str(self.path), changed=changed)

    def _refused(self, error: UsageInvalid, settings: Settings | None) -> ConfigRefused:
        """Say where the edit is wrong; a name that nothing stands behind is found by its key."""
        line = error.at.line if error.at is not None else 0
        message = str(error)
        if not line and settings is not None:
            keys = [change.partition(":")[0] for change in _changes(self.current, settings.config)]
            found = [explained for key in keys if (explained := settings.explain(key)).file == str(self.path)]
            line = found[0].line if found else 0
            message = f"{self.path}:{line}: {message}" if line else message
        return ConfigRefused(file=str(self.path), line=line, message=message)

    def _stamp(self) -> Stamp:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


@asynccontextmanager
async def watched(watch: ConfigWatch, clock: Clock, report: Report) -> AsyncGenerator[None]:
    """Look at the file every `POLL_S` while the block runs; `report` hears what came of each edit."""

    async def follow() -> None:
        while True:
            await clock.sleep(POLL_S)
            found = watch.look()
            if found is not None:
                report(found)

    following = asyncio.create_task(follow(), name="config")
    try:
        yield
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


def _changes(old: HermesConfig, new: HermesConfig) -> Iterator[str]:
    """Yield each key whose value changed, as `key: old → new`."""
    before, after = dict(_leaves(plain(old), "")), dict(_leaves(plain(new), ""))
    for key in sorted({*before, *after}):
        if before.get(key) != after.get(key):
            yield f"{key}: {json.dumps(before.get(key))} → {json.dumps(after.get(key))}"


def _leaves(value: object, key: str) -> Iterator[tuple[str, object]]:
    if not isinstance(value, dict) or not value:
        yield key, value
        return
    for name, inner in cast("dict[str, object]", value).items():
        yield from _leaves(inner, f"{key}.{name}" if key else name)
