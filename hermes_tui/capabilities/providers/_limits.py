"""What an answer's headers say about the rate limit, told to whoever asked for the answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final

from hermes_tui.domain.patterns import later
from hermes_tui.domain.values import frozen

Hear = Callable[[str, Mapping[str, str]], None]
HEAR: Final[ContextVar[Hear | None]] = ContextVar("hear", default=None)
"""Who listens to the headers of the requests of this task: called with the URL and the headers of each answer."""

_FAMILIES: Final = (
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests", "requests"),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens", "tokens"),
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset", "requests"),
    ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset", "tokens"),
    ("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset", "tokens"),
    ("x-ratelimit-remaining", "x-ratelimit-reset", "requests"),
)
_PART: Final = later(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNIT_S: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_YEAR_S: Final = 31_536_000.0


@frozen
class Headroom:
    """What a rate limit leaves: requests and tokens, and the Unix second at which each is whole again; None unknown."""

    requests: int | None = None
    requests_reset_at: float = 0.0
    tokens: int | None = None
    tokens_reset_at: float = 0.0

    def wait_s(self, tokens: int, now: float) -> float:
        """Return how long a request of so many tokens has to wait, 0 if it may go."""
        waits = [0.0]
        if self.requests == 0:
            waits.append(self.requests_reset_at - now)
        if self.tokens is not None and self.tokens < tokens:
            waits.append(self.tokens_reset_at - now)
        return max(waits)


def note(url: str, headers: Mapping[str, str]) -> None:
    """Tell the listener of this task what an answer from `url` said; without one nothing happens."""
    hear = HEAR.get()
    if hear is not None:
        hear(url, headers)


def headroom(headers: Mapping[str, str], now: float) -> Headroom | None:
    """Return what the headers say, None where they say nothing; the tightest limit of a kind counts."""
    found: dict[str, tuple[int, float]] = {}
    for left_name, reset_name, kind in _FAMILIES:
        left = _count(headers.get(left_name))
        reset_at = _instant(headers.get(reset_name), now)
        if left is not None and reset_at is not None and (kind not in found or left < found[kind][0]):
            found[kind] = (left, reset_at)
    if not found:
        return None
    requests, tokens = found.get("requests", (None, 0.0)), found.get("tokens", (None, 0.0))
    return Headroom(requests=requests[0], requests_reset_at=requests[1], tokens=tokens[0], tokens_reset_at=tokens[1])


def _count(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"\d{1,15}", text) else None


def _instant(text: str | None, now: float) -> float | None:
    """Return a reset as a Unix second: `6m0s`, seconds, seconds or milliseconds of the epoch, or RFC 3339."""
    if text is None:
        return None
    if re.fullmatch(r"\d{1,15}(\.\d{1,9})?", text):
        value = float(text)
        if value > _YEAR_S * 1000:
            return value / 1000
        return value if value > _YEAR_S else now + value
    parts = _PART.findall(text)
    if parts and _PART.sub("", text) == "":
        return now + sum(float(count) * _UNIT_S[unit] for count, unit in parts)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
