"""What an ended request cost: estimated where nobody says, told where it passed its bound, booked against the day."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from hermes_tui.domain.events import BoundPassed, ModelFailed, ModelFinished
from hermes_tui.domain.parts import ModelRequest
from hermes_tui.domain.records import Record
from hermes_tui.domain.usage import Bound, Usage
from hermes_tui.domain.values import mutable
from hermes_tui.kernel import context
from hermes_tui.kernel.kit import Kit
from hermes_tui.kernel.reply import Reply

CENT_FRACTION: Final = 1e-9
"""Dollars by which sums of floats may differ."""


Settle = Callable[[], Awaitable[None]]
"""Returns once what was bought is on disk and booked; at once where it is."""


async def settled() -> None:
    """Return at once: an earlier process saw to it."""


@mutable
class Due:
    """The end of a call that is on record: whoever acts on it first settles it."""

    kit: Kit
    record: Record
    _booked: bool = False

    async def settle(self) -> None:
        """Return when it is on disk, and booked against the day; a stop during the wait loses no cost."""
        try:
            await self.kit.session.commit(self.record)
        finally:
            if not self._booked:
                self._booked = True
                book(self.kit, self.record)


def past_bound(bound: Bound, ended: ModelFinished | ModelFailed) -> BoundPassed | None:
    """Return what to tell the operator where a provider's count proves the bound of a call wrong."""
    tokens = ended.usage.total_tokens
    dear = bound.usd is not None and ended.usd is not None and ended.usd > bound.usd + CENT_FRACTION
    if not dear and (bound.usd is not None or tokens <= bound.tokens):
        return None
    return BoundPassed(request_id=ended.request_id, model=ended.model, bound=bound, tokens=tokens, usd=ended.usd)


def book(kit: Kit, record: Record) -> None:
    """Settle what was drawn for a call by what its end says it cost."""
    body = record.body
    if isinstance(body, ModelFinished | ModelFailed):
        kit.day.settle(body.usd or 0.0, body.usage.total_tokens, record.seq, call=body.request_id)


def estimated(request: ModelRequest, reply: Reply) -> Usage:
    """Return a usage for a reply that reported none: bytes over four, marked as an estimate."""
    sent = context.size_bytes(request) // 4 + 1
    said = len(reply.fragment().encode()) // 4 + 1
    return Usage(input_tokens=sent, output_tokens=said, source="estimated")
