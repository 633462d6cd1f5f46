"""Money and tokens are refused, or their cap is moved; spending itself stands in the model events."""

from __future__ import annotations

from hermes_tui.domain.usage import Bound, Limits
from hermes_tui.domain.values import frozen


@frozen
class BudgetRefused:
    """A call was not made because its bound did not fit; `left_usd` and `left_tokens` are what was left.

    `limit` is `usd` or `tokens` for a cap of the run, with `role_` or `call_` before it for one of those.
    """

    limit: str
    bound: Bound
    left_usd: float | None
    left_tokens: int | None


@frozen
class OutputLowered:
    """A call asks for fewer output tokens than wanted, so that its bound fits."""

    wanted_tokens: int
    sent_tokens: int
    limit: str


@frozen
class CapRaised:
    """The operator moved the run's caps."""

    limits: Limits
    by: str


BudgetEvent = BudgetRefused | OutputLowered | CapRaised
