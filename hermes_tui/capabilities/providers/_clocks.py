"""The four clocks of one request, measured on the loop that serves it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Final, TypeVar

from hermes_tui.domain.errors import FailureReason, ProviderUnreachable
from hermes_tui.domain.parts import Clocks

T = TypeVar("T")

DRAIN_S: Final = 0.5
"""How long the bytes after a whole reply are waited for: only a drained connection can be used again."""

_LATE: Final = {
    FailureReason.TIMEOUT_FIRST_TOKEN: "the first token of an answer",
    FailureReason.TIMEOUT_IDLE: "the next byte of its answer",
    FailureReason.TIMEOUT_TOTAL: "the end of its answer",
}


class Watch:
    """Says how long one request may still be waited for, and which clock ran out.

    Every wait has its own deadline: a scope around the whole stream would cancel whoever reads it, between two parts.
    The first-token clock runs from the connection to the first token, whatever else arrives before (pings, headers);
    the idle clock from byte to byte after it; the total clock from the start.

    Args:
        name: The provider, for messages.
        clocks: The limits.
    """

    def __init__(self, name: str, clocks: Clocks) -> None:
        self.name = name
        self.clocks = clocks
        self._now = asyncio.get_running_loop().time
        self._total_at = self._now() + clocks.total_s
        self._first_at: float | None = self._now() + clocks.connect_s + clocks.first_token_s
        self._idle_s = clocks.idle_s
        self._running: asyncio.Timeout | None = None

    def connected(self) -> None:
        """Start the first-token clock: the connection stands."""
        self._first_at = self._now() + self.clocks.first_token_s
        if self._running is not None:
            self._running.reschedule(self._next()[0])

    def begun(self) -> None:
        """Stop the first-token clock: the model talks."""
        self._first_at = None

    def drain(self) -> None:
        """Wait only shortly from here on: the reply is whole."""
        self._idle_s = min(DRAIN_S, self._idle_s)

    async def wait(self, awaited: Awaitable[T]) -> T:
        """Return what `awaited` gives in time.

        Raises:
            ProviderUnreachable: a clock ran out; its reason names which.
        """
        at, reason = self._next()
        try:
            async with asyncio.timeout_at(at) as self._running:
                result = await awaited
        except TimeoutError as error:
            raise self._late(reason) from error
        finally:
            self._running = None
        if self._now() >= self._total_at:  # what is always ready never meets a deadline
            raise self._late(FailureReason.TIMEOUT_TOTAL)
        return result

    def _next(self) -> tuple[float, FailureReason]:
        if self._first_at is None:
            at, reason = self._now() + self._idle_s, FailureReason.TIMEOUT_IDLE
        else:
            at, reason = self._first_at, FailureReason.TIMEOUT_FIRST_TOKEN
        return min((at, reason), (self._total_at, FailureReason.TIMEOUT_TOTAL), key=lambda pair: pair[0])

    def _late(self, reason: FailureReason) -> ProviderUnreachable:
        limits = {
            FailureReason.TIMEOUT_FIRST_TOKEN: self.clocks.first_token_s,
            FailureReason.TIMEOUT_IDLE: self.clocks.idle_s,
            FailureReason.TIMEOUT_TOTAL: self.clocks.total_s,
        }
        message = f"{self.name} did not send {_LATE[reason]} within {limits[reason]:g} s."
        return ProviderUnreachable(message, reason=reason)
