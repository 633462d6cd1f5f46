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
        self._loop = asyncio.get_running_loop()
        self._now = self._loop.time
        self._total_at = self._now() + clocks.total_s
        self._first_at: float | None = self._now() + clocks.connect_s + clocks.first_token_s
        self._idle_s = clocks.idle_s
        self._at = 0.0
        self._waiting: asyncio.Task[object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._expired = False

    def connected(self) -> None:
        """Start the first-token clock: the connection stands."""
        self._first_at = self._now() + self.clocks.first_token_s
        if self._waiting is not None:
            self._arm(self._next()[0])

    def begun(self) -> None:
        """Stop the first-token clock: the model talks."""
        self._first_at = None

    def drain(self) -> None:
        """Wait only shortly from here on: the reply is whole."""
        self._idle_s = min(DRAIN_S, self._idle_s)

    def stop(self) -> None:
        """Measure nothing more: the request is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def wait(self, awaited: Awaitable[T]) -> T:
        """Return what `awaited` gives in time.

        One timer lasts for many waits, because making one costs more than reading a delta: it looks at the deadline
        when it goes off, and goes on where that has moved. The rest is what `asyncio.timeout` does.

        Raises:
            ProviderUnreachable: a clock ran out; its reason names which.
        """
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("A watch waits inside a task.")
        cancelling, self._waiting, self._expired = task.cancelling(), task, False
        at, reason = self._next()
        self._arm(at)
        try:
            result = await awaited
        except asyncio.CancelledError as error:
            self._waiting = None
            if self._expired and task.uncancel() <= cancelling:
                raise self._late(reason) from error
            raise
        self._waiting = None
        if self._expired:  # it came in the same moment: what is there counts
            task.uncancel()
        if self._now() >= self._total_at:  # what is always ready never meets a deadline
            raise self._late(FailureReason.TIMEOUT_TOTAL)
        return result

    def _arm(self, at: float) -> None:
        """Let the timer go off at `at`, or earlier: then it looks again."""
        self._at = at
        if self._timer is not None and self._timer.when() > at:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._loop.call_at(at, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._waiting is None:
            return
        if self._now() < self._at:
            self._arm(self._at)
        else:
            self._expired = True
            self._waiting.cancel()

    def _next(self) -> tuple[float, FailureReason]:
        if self._first_at is None:
            at, reason = self._now() + self._idle_s, FailureReason.TIMEOUT_IDLE
        else:
            at, reason = self._first_at, FailureReason.TIMEOUT_FIRST_TOKEN
        return (at, reason) if at < self._total_at else (self._total_at, FailureReason.TIMEOUT_TOTAL)

    def _late(self, reason: FailureReason) -> ProviderUnreachable:
        limits = {
            FailureReason.TIMEOUT_FIRST_TOKEN: self.clocks.first_token_s,
            FailureReason.TIMEOUT_IDLE: self.clocks.idle_s,
            FailureReason.TIMEOUT_TOTAL: self.clocks.total_s,
        }
        message = f"{self.name} did not send {_LATE[reason]} within {limits[reason]:g} s."
        return ProviderUnreachable(message, reason=reason)
