"""What was spent, what it costs, and what may be spent."""

from __future__ import annotations

from typing import Literal

from hermes_tui.domain.values import frozen

MILLION = 1_000_000


@frozen
class Usage:
    """Tokens of one or many model calls.

    The four input and output counts are disjoint: `input_tokens` excludes what was read from or written to the
    provider's prompt cache. `reasoning_tokens` is a part of `output_tokens`. `reported_usd` is set where a provider
    bills in its reply (OpenRouter). No provider was
    asked where the source is `kept` (an earlier reply was given again) or `rule` (a rule made the next call).
    """

    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    reported_usd: float | None = None
    source: Literal["reported", "estimated", "kept", "rule"] = "reported"

    @property
    def asked(self) -> bool:
        """Whether a provider was asked at all."""
        return self.source not in ("kept", "rule")

    @property
    def prompt_tokens(self) -> int:
        """Every token that was sent, cached or not."""
        return self.input_tokens + self.cache_read_tokens + self.cache_write_tokens

    @property
    def total_tokens(self) -> int:
        """Everything sent and received."""
        return self.prompt_tokens + self.output_tokens

    def plus(self, other: Usage) -> Usage:
        """Return the sum; it is `estimated` as soon as one part is."""
        reported = [usd for usd in (self.reported_usd, other.reported_usd) if usd is not None]
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            cache_read_tokens=self.cache_read_tokens + other.cache_read_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            reported_usd=sum(reported) if reported else None,
            source="estimated" if "estimated" in (self.source, other.source) else "reported",
        )


KEPT = Usage(reported_usd=0.0, source="kept")
"""What a reply costs that was given again: nothing was sent, and nobody bills it."""
BY_RULE = Usage(reported_usd=0.0, source="rule")
"""What a call costs that a rule made: nothing either."""


@frozen
class Price:
    """US dollars per million tokens, as of `dated` (ISO date).

    A request with more than `above_tokens` of prompt is charged at `above` as a whole; None is one price for all.
    """

    input_usd: float
    output_usd: float
    cache_read_usd: float
    cache_write_usd: float
    dated: str
    above_tokens: int = 0
    above: Price | None = None

    def at(self, prompt_tokens: int) -> Price:
        """Return the price of a request with that much prompt."""
        return self.above if self.above is not None and prompt_tokens > self.above_tokens else self


FREE = Price(input_usd=0.0, output_usd=0.0, cache_read_usd=0.0, cache_write_usd=0.0, dated="")
"""The price of a model on this machine."""


def cost_usd(usage: Usage, price: Price | None) -> float | None:
    """Return what `usage` costs, or None where the price is unknown. A bill in the reply wins."""
    if usage.reported_usd is not None:
        return usage.reported_usd
    if price is None:
        return None
    due = price.at(usage.prompt_tokens)
    return (
        usage.input_tokens * due.input_usd
        + usage.cache_read_tokens * due.cache_read_usd
        + usage.cache_write_tokens * due.cache_write_usd
        + usage.output_tokens * due.output_usd
    ) / MILLION


@frozen
class Limits:
    """Caps of a run, a task or a day; None is no cap of that kind."""

    usd: float | None = None
    tokens: int | None = None
    steps: int | None = None
    seconds: float | None = None


@frozen
class Bound:
    """The worst case of one model call; `usd` is None where the price is unknown."""

    tokens: int
    usd: float | None
