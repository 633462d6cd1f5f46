"""Money and tokens are refused, or their cap is moved; spending itself stands in the model events."""

from __future__ import annotations

from hermes_tui.domain.ids import RequestId
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
class BoundPassed:
    """A call cost more than its bound by the provider's own count; later bounds of that model are the higher for it."""

    request_id: RequestId
    model: str
    bound: Bound
    tokens: int
    usd: float | None


@frozen
class CapRaised:
    """The operator moved the run's caps."""

    limits: Limits
    by: str


BudgetEvent = BudgetRefused | OutputLowered | BoundPassed | CapRaised
