"""Which failures of a model request are worth another try, and how long to wait."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from hermes_tui.domain.errors import FailureReason, ProviderError
from hermes_tui.kernel.chance import up_to

MAX_ATTEMPTS: Final = 3
BASE_S: Final = 1.0
CEILING_S: Final = 60.0
PATIENT_S: Final = 10.0
"""A wait longer than this is spent on another brain, where there is one."""


class Patience(StrEnum):
    """What a failure says about the brain that failed."""

    WAIT = "wait"
    """It will answer soon: ask it again, then another."""
    MOVE = "move"
    """Its line is bad: ask another at once, and it again where there is no other."""
    LEAVE = "leave"
    """It cannot answer: ask another."""
    STOP = "stop"
    """The request is at fault: no brain will take it."""


_WAIT: Final = frozenset({FailureReason.RATE_LIMITED, FailureReason.OVERLOADED, FailureReason.SERVER})
_MOVE: Final = frozenset(
    {
        FailureReason.UNREACHABLE,
        FailureReason.TIMEOUT_CONNECT,
        FailureReason.TIMEOUT_FIRST_TOKEN,
        FailureReason.TIMEOUT_IDLE,
        FailureReason.CONNECTION_LOST,
        FailureReason.TRUNCATED,
        FailureReason.MALFORMED,
    }
)
_STOP: Final = frozenset(
    {
        FailureReason.INVALID_REQUEST,
        FailureReason.CONTEXT_LENGTH,
        FailureReason.CONTENT_FILTER,
        FailureReason.CANCELLED,
    }
)


def patience(reason: FailureReason) -> Patience:
    """Return what to do about a failure."""
    if reason in _WAIT:
        return Patience.WAIT
    if reason in _MOVE:
        return Patience.MOVE
    return Patience.STOP if reason in _STOP else Patience.LEAVE


def delay_s(error: ProviderError, attempt: int) -> float | None:
    """Return seconds before the same brain is asked attempt `attempt` + 1, or None to give it up.

    The provider's `Retry-After` wins; else full jitter over 1, 2, 4 … seconds (Brooker, "Exponential Backoff And
    Jitter", AWS Architecture Blog, 2015).
    """
    if attempt >= MAX_ATTEMPTS or patience(error.reason) in (Patience.LEAVE, Patience.STOP):
        return None
    if error.retry_after_s is not None:
        return error.retry_after_s if error.retry_after_s <= CEILING_S else None
    return up_to(min(CEILING_S, BASE_S * 2 ** (attempt - 1)))
