"""The brains without some that did not manage a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hermes_tui.domain.ports import Brain, Brains, CallEnd, Weigh
from hermes_tui.domain.values import frozen


@frozen(kw_only=False)
class OtherBrains:
    """Chooses as `brains` does, but none of `avoided`."""

    brains: Brains
    avoided: Sequence[str]

    async def choose(
        self,
        role: str,
        tried: Mapping[str, str],
        *,
        size_bytes: int = 0,
        tier: str = "",
        weigh: Weigh | None = None,
    ) -> Brain:
        """Return the first that can answer and did not fail here; see `ports.Brains`."""
        gone = {**dict.fromkeys(self.avoided, "it failed at this task"), **tried}
        return await self.brains.choose(role, gone, size_bytes=size_bytes, tier=tier, weigh=weigh)

    def ended(self, brain: Brain, end: CallEnd) -> bool:
        """Learn how a request ended; see `ports.Brains`."""
        return self.brains.ended(brain, end)
