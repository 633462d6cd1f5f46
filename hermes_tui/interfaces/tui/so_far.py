"""What a reply that streams in comes to so far: tokens, tokens a second, money; estimated until its provider says."""

from __future__ import annotations

from typing import Final

from hermes_tui.domain.usage import Price, Usage, cost_usd
from hermes_tui.domain.values import frozen, replace
from hermes_tui.interfaces.tui.drawing import wording

BYTES_PER_TOKEN: Final = 4
"""What the kernel books where no provider says; see `kernel/billing.py`."""
RATED_S: Final = 1.0
"""A rate over less time than this would jump."""


@frozen
class Sent:
    """What is known of a request while its reply streams in: about what was sent, and the price of its model."""

    prompt: Usage = Usage()
    price: Price | None = None


NOTHING: Final = Sent()


def sent(request_bytes: int, price: Price | None, before: tuple[int, Usage] | None) -> Sent:
    """Return what a request takes by what the one `before` it took, which was of so many bytes."""
    known, usage = before if before is not None else (0, Usage())
    if not known or not usage.prompt_tokens:
        return Sent(prompt=Usage(input_tokens=request_bytes // BYTES_PER_TOKEN + 1, source="estimated"), price=price)
    tokens = round(request_bytes * usage.prompt_tokens / known)
    cached = round(tokens * usage.cache_read_tokens / usage.prompt_tokens)
    prompt = Usage(input_tokens=tokens - cached, cache_read_tokens=cached, source="estimated")
    return Sent(prompt=prompt, price=price)


def told(said_bytes: int, seconds: float, request: Sent, reported: Usage | None) -> tuple[str, ...]:
    """Return it in words, in full and shorter and shorter; what is estimated says `about`."""
    usage = reported or replace(request.prompt, output_tokens=said_bytes // BYTES_PER_TOKEN + 1)
    tokens, usd = usage.output_tokens, cost_usd(usage, request.price)
    facts = [f"{wording.tokens(tokens)} token{'' if tokens == 1 else 's'}"]
    rate = f"{tokens / seconds:.0f}/s" if seconds >= RATED_S else ""
    spent = f"{wording.money(usd)} so far" if usd else ""
    about, apart = ("", " · ") if reported is not None and reported.source == "reported" else ("about ", ", ")
    choices = ([*facts, rate, spent], [*facts, rate], facts)
    return tuple(about + apart.join(filter(None, choice)) for choice in choices)
