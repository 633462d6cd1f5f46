"""Which failures of a model request are worth another try, and how long to wait."""

from __future__ import annotations

import random
from typing import Final

from hermes_tui.domain.errors import FailureReason, ProviderError

MAX_ATTEMPTS: Final = 3
BASE_S: Final = 1.0
CEILING_S: Final = 60.0

_AGAIN: Final = frozenset(
    {
        FailureReason.UNREACHABLE,
        FailureReason.TIMEOUT_CONNECT,
        FailureReason.TIMEOUT_FIRST_TOKEN,
        FailureReason.TIMEOUT_IDLE,
        FailureReason.CONNECTION_LOST,
        FailureReason.TRUNCATED,
        FailureReason.MALFORMED,
        FailureReason.RATE_LIMITED,
        FailureReason.OVERLOADED,
        FailureReason.SERVER,
    }
)


def delay_s(error: ProviderError, attempt: int) -> float | None:
    """Return seconds to wait before attempt `attempt` + 1, or None to give up.

    The provider's `Retry-After` wins; else full jitter over 1, 2, 4 … seconds (Brooker, "Exponential Backoff And
    Jitter", AWS Architecture Blog, 2015).
    """
    if attempt >= MAX_ATTEMPTS or error.reason not in _AGAIN:
        return None
    if error.retry_after_s is not None:
        return error.retry_after_s if error.retry_after_s <= CEILING_S else None
    return random.uniform(0, min(CEILING_S, BASE_S * 2 ** (attempt - 1)))  # noqa: S311 - spreads load, hides nothing
