"""When a model that failed is asked again: a rest, and the circuit that everything else has too."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from hermes_tui.domain.circuit import OPEN_S, Circuit, Flow
from hermes_tui.domain.errors import FailureReason
from hermes_tui.domain.values import frozen, replace
from hermes_tui.kernel.retry import Patience, patience

REST_S: Final = 5.0
"""Rest after the first failure; twice as long after each further one."""
_SHUTS: Final = frozenset(
    {
        FailureReason.AUTHENTICATION,
        FailureReason.PERMISSION,
        FailureReason.QUOTA,
        FailureReason.NOT_FOUND,
        FailureReason.MODEL_MISSING,
    }
)
"""Asking again at once changes nothing: one such answer opens the circuit."""


class Standing(StrEnum):
    """Whether a model may be asked now."""

    READY = "ready"
    RESTING = "resting"
    """It failed lately: it is asked only where no other can answer."""
    LIMITED = "limited"
    """Its rate limit is used up: a request before its end would be refused."""
    OPEN = "open"
    """It failed too often: nobody asks it."""
    PROBE = "probe"
    """Its time is over: one caller may try it."""


@frozen
class Health:
    """What is known of one model at one URL with one key; instants are Unix seconds.

    `failures` are those in a row, `reason` and `message` describe the last one, `at` is the time of the last change.
    """

    failures: int = 0
    reason: FailureReason | None = None
    message: str = ""
    at: float = 0.0
    rests_until: float = 0.0
    limited_until: float = 0.0
    open_until: float = 0.0
    probed_until: float = 0.0

    def standing(self, now: float) -> Standing:
        """Return whether it may be asked; a clock that was set back never keeps it from being asked."""
        if now < self.at:
            return Standing.READY
        if now < self.limited_until:
            return Standing.LIMITED
        match self._circuit.flow(now):
            case Flow.OPEN:
                return Standing.OPEN
            case Flow.PROBE:
                return Standing.PROBE
            case Flow.CLOSED:
                return Standing.RESTING if now < self.rests_until else Standing.READY

    @property
    def _circuit(self) -> Circuit:
        return Circuit(failures=self.failures, at=self.at, open_until=self.open_until, probed_until=self.probed_until)

    def ready_in_s(self, now: float) -> float:
        """Return the seconds until it may be asked, 0 if it may."""
        if self.standing(now) in (Standing.LIMITED, Standing.OPEN):
            return max(self.limited_until, self._circuit.closed_to_all_until) - now
        return 0.0

    def probed(self, now: float) -> Health:
        """Return the health while one caller tries it."""
        return replace(self, at=now, probed_until=self._circuit.probed(now).probed_until)

    def limited(self, now: float, for_s: float) -> Health:
        """Return the health once its rate limit is known to be used up for so long."""
        return replace(self, at=now, limited_until=max(self.limited_until, now + for_s))

    def succeeded(self) -> Health:
        """Return the health after a whole reply."""
        return Health(limited_until=self.limited_until, at=self.at) if self.limited_until else Health()

    def failed(self, now: float, reason: FailureReason, message: str, retry_after_s: float | None = None) -> Health:
        """Return the health after a request that did not end with a reply.

        An answer that blames the request, or the pace, shows that the line is good.
        """
        if reason is FailureReason.CANCELLED:
            return replace(self, probed_until=0.0)
        if patience(reason) is Patience.STOP or reason is FailureReason.UNSUPPORTED:
            return self.succeeded()
        last = replace(Health(limited_until=self.limited_until), at=now, reason=reason, message=message)
        if reason is FailureReason.RATE_LIMITED:
            waits = last.limited(now, retry_after_s) if retry_after_s else last
            return replace(waits, rests_until=now + REST_S)
        circuit = self._circuit.failed(now, message, at_once=reason in _SHUTS, for_s=retry_after_s or 0.0)
        if circuit.open_until:
            return replace(last, failures=circuit.failures, open_until=circuit.open_until)
        rest_s = max(REST_S * 2 ** (circuit.failures - 1), retry_after_s or 0.0)
        return replace(last, failures=circuit.failures, rests_until=now + min(rest_s, OPEN_S))
