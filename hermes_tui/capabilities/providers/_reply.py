"""What every dialect's reader has in common: whole, or an error; and what was paid for is never lost."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from typing import Protocol

from hermes_tui.capabilities.providers._clocks import Watch
from hermes_tui.capabilities.providers._json import Batches, Fields
from hermes_tui.domain.errors import FailureReason, ProviderError, StreamTruncated
from hermes_tui.domain.parts import Part
from hermes_tui.domain.usage import Usage


class Reply(Protocol):
    """One reply as its events arrive."""

    @property
    def thinks(self) -> bool:
        """Whether the model began to reason, even if nothing of it is shown."""
        ...

    @property
    def ended(self) -> bool:
        """Whether the terminal marker came: what was read is a whole reply."""
        ...

    @property
    def usage(self) -> Usage | None:
        """What was reported so far, None if nothing was."""
        ...

    def read(self, event: Fields) -> list[Part]:
        """Return the parts of one event; an event that is not known means nothing.

        Raises:
            ProviderRefused: it is an error event.
        """
        ...

    def close(self) -> list[Part]:
        """Return the last parts of a whole reply, `Stop` at the end."""
        ...


async def parts_of(events: Batches, reply: Reply, watch: Watch) -> AsyncGenerator[Part]:
    """Yield the parts of a reply; a reply that failed still yields the usage it reported, before the error.

    What the connection does after the terminal marker (reset, silence) changes nothing.

    Raises:
        StreamTruncated: the events ended without the terminal marker.
        ProviderError: as `events` and the dialect say.
    """
    try:
        async for batch in events:
            parts, broken = _taken(batch, reply, watch)
            for part in parts:
                yield part
            if broken is not None:
                raise broken
        if not reply.ended:
            message = f"{watch.name} ended its answer without saying that it was whole."
            raise StreamTruncated(message, reason=FailureReason.TRUNCATED)
    except ProviderError:
        if not reply.ended:
            if reply.usage is not None:
                yield reply.usage
            raise
    finally:
        watch.stop()
        await events.aclose()
    for part in reply.close():
        yield part


def _taken(batch: Iterable[Fields], reply: Reply, watch: Watch) -> tuple[list[Part], ProviderError | None]:
    """Return the parts of what came at once, and what broke it off: the parts before that count.

    A list, as a generator in between would cost as much as reading the event does.
    """
    parts: list[Part] = []
    try:
        for event in batch:
            parts += reply.read(event)
    except ProviderError as error:
        return parts, error
    if parts or reply.thinks:
        watch.begun()
    if reply.ended and reply.usage is not None:
        watch.drain()
    return parts, None
