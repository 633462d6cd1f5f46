"""What the calls under way can cost at the very most, and the wait of a call that has no room beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hermes_tui.domain.ids import RequestId
from hermes_tui.domain.usage import Bound
from hermes_tui.kernel.gate import Gate


class Room:
    """The calls of this process that are under way, each with its ceiling; they may be made on any loop.

    A bound is what a call is expected to cost at most, by what earlier replies showed. A ceiling holds even where they
    mislead. Whoever calls anything but `freed` and `leave` holds the session's `deciding`.
    """

    def __init__(self) -> None:
        self._ceilings: dict[RequestId, Bound] = {}
        self._gate = Gate()

    def enter(self, request_id: RequestId, ceiling: Bound) -> None:
        """Count a call that begins."""
        self._ceilings[request_id] = ceiling

    def leave(self, request_id: RequestId) -> None:
        """Count a call no more, and let all that wait look again."""
        self._ceilings.pop(request_id, None)
        self._gate.thaw()

    def ceilings(self, requests: Iterable[RequestId]) -> Mapping[RequestId, Bound]:
        """Return the ceilings of those of the calls that are under way here."""
        return {request_id: self._ceilings[request_id] for request_id in requests if request_id in self._ceilings}

    def close(self) -> None:
        """Make `freed` wait until the next call ends."""
        self._gate.freeze()

    async def freed(self) -> None:
        """Return once a call has ended since `close`."""
        await self._gate.passed()
