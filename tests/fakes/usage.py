"""What a reply costs: the usage a scenario asks for, settled into whole numbers."""

import math
from dataclasses import dataclass

BYTES_PER_TOKEN = 4
"""Stand-in tokenizer: usage left open is bytes divided by this, rounded up."""

USD_PER_INPUT_TOKEN = 1e-6
USD_PER_OUTPUT_TOKEN = 4e-6


def tokens_in(text: str | bytes) -> int:
    """Count tokens the way the fake bills them: UTF-8 bytes / 4, rounded up."""
    size = len(text.encode()) if isinstance(text, str) else len(text)
    return math.ceil(size / BYTES_PER_TOKEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """Settled usage of one reply, in one normal form for every dialect.

    `input_tokens` counts all input, cached or not; `output_tokens` includes
    `reasoning_tokens`. Dialects translate to their own habits.
    """

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: float = 0.0

    @property
    def uncached_tokens(self) -> int:
        """Input neither read from nor written to the cache, as Anthropic counts it."""
        return self.input_tokens - self.cached_tokens - self.cache_write_tokens

    def __add__(self, other: "Bill") -> "Bill":
        """Sum two bills field by field."""
        return Bill(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            cost_usd=self.cost_usd + other.cost_usd,
        )


NOTHING = Bill(input_tokens=0, output_tokens=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Usage a scenario asks for; `None` means counted from bytes.

    `hidden` bills and logs, but tells the client nothing, like servers that
    ignore `stream_options.include_usage`.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int | None = None
    cost_usd: float | None = None
    hidden: bool = False

    def settle(self, *, request_tokens: int, output_tokens: int, thinking_tokens: int) -> Bill:
        """Fill what was left open with the counts taken from bytes."""
        asked = request_tokens if self.input_tokens is None else self.input_tokens
        told = output_tokens if self.output_tokens is None else self.output_tokens
        thought = thinking_tokens if self.reasoning_tokens is None else self.reasoning_tokens
        price = asked * USD_PER_INPUT_TOKEN + told * USD_PER_OUTPUT_TOKEN
        return Bill(
            input_tokens=asked,
            output_tokens=told,
            cached_tokens=self.cached_tokens,
            cache_write_tokens=self.cache_write_tokens,
            reasoning_tokens=thought,
            cost_usd=round(price, 9) if self.cost_usd is None else self.cost_usd,
        )
