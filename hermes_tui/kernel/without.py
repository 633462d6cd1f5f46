"""The brains without some that did not manage a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hermes_tui.domain.ports import Brain, Brains


@dataclass(frozen=True, slots=True)
class Without:
    """Chooses as `brains` does, but none of `avoided`."""

    brains: Brains
    avoided: Sequence[str]

    async def choose(self, role: str, tried: Mapping[str, str]) -> Brain:
        """Return the first that can answer and did not fail here; see `ports.Brains`."""
        return await self.brains.choose(role, {**dict.fromkeys(self.avoided, "it failed at this task"), **tried})
