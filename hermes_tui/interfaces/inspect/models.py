"""`models`: what each provider offers now, and how it has done."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from hermes_tui.domain.ports import Brain
from hermes_tui.domain.usage import Price
from hermes_tui.interfaces._tables import table
from hermes_tui.interfaces.inspect._print import say, say_json
from hermes_tui.interfaces.inspect.parity import compare
from hermes_tui.kernel.breaker import Standing
from hermes_tui.services import prices, wiring
from hermes_tui.services.brains import Looked, Missing
from hermes_tui.services.workstation import Workstation

STALE_DAYS: Final = 60


async def models(station: Workstation, args: Namespace) -> int:
    """Print the chain of a role: who answers, who would answer next, and who cannot and why; 5 if nobody can."""
    if args.verb == "compare":
        return await compare(station, args)
    if args.refresh_prices:
        for line in await prices.refresh(station.config, wiring.prices_of(station.home)):
            say(line)
    found = await station.brains().survey(args.role)
    if args.json:
        say_json([_fields(one) for one in found])
    else:
        _show(found)
    return 0 if any(isinstance(one, Looked) for one in found) else 5


def _show(found: Sequence[Looked | Missing]) -> None:
    rows: list[Sequence[str]] = [("", "model", "window", "price in/out", "health", "speed", "why")]
    rows += [_row(one) for one in found]
    for line in table(rows):
        say(line)
    prices_known = [one.brain.price for one in found if isinstance(one, Looked) and one.brain.price is not None]
    dates = sorted({price.dated for price in prices_known if price.dated})
    if dates:
        age = (datetime.now(UTC).date() - datetime.fromisoformat(dates[0]).date()).days
        old = "; `hermes models --refresh-prices` reads newer ones" if age > STALE_DAYS else ""
        say(f"Prices are US dollars per million tokens, as of {dates[0]}{old}.")


def _row(one: Looked | Missing) -> tuple[str, ...]:
    if isinstance(one, Missing):
        return "○", one.provider, "-", "-", "-", "-", f"{one.found}. {one.remedy}".strip()
    brain, mark = one.brain, "✓" if one.standing in (Standing.READY, Standing.PROBE) else "×"
    window = f"{brain.window_tokens:,}" if brain.window_known else "unknown"
    return mark, brain.name, window, price_of(brain), health_of(one), _speed(one), brain.why


def price_of(brain: Brain) -> str:
    """Return a price in words; one that is not known is never shown as nothing."""
    if brain.local:
        return "free"
    price = brain.price
    return "unknown" if price is None else f"${price.input_usd:g} / ${price.output_usd:g}"


def health_of(one: Looked) -> str:
    """Return how a model stands, with the seconds until it may be asked."""
    health = one.health
    match one.standing:
        case Standing.READY:
            return "ok"
        case Standing.PROBE:
            return "open, may be tried"
        case Standing.RESTING:
            return f"rests {health.rests_until - one.now:.0f} s after {health.failures} failures"
        case Standing.LIMITED:
            return f"rate limit, {one.ready_in_s:.0f} s"
        case Standing.OPEN:
            return f"open {one.ready_in_s:.0f} s: {health.reason or 'failed'}"


def _speed(one: Looked) -> str:
    measure = one.measure
    return f"{measure.tokens_per_s:.0f} tok/s, {measure.first_token_s:.1f} s" if measure.calls else "not measured"


def _fields(one: Looked | Missing) -> dict[str, object]:
    if isinstance(one, Missing):
        return {"provider": one.provider, "available": False, "why": one.found, "remedy": one.remedy}
    brain, measure, health = one.brain, one.measure, one.health
    return {
        "provider": brain.name.partition(":")[0],
        "available": True,
        "model": brain.name,
        "local": brain.local,
        "window_tokens": brain.window_tokens if brain.window_known else None,
        "price": None if brain.price is None else _price(brain.price),
        "standing": one.standing.value,
        "ready_in_s": round(one.ready_in_s, 1),
        "failures": health.failures,
        "last_failure": health.message or None,
        "tokens_per_s": measure.tokens_per_s if measure.calls else None,
        "first_token_s": measure.first_token_s if measure.calls else None,
        "why": brain.why,
    }


def _price(price: Price) -> dict[str, object]:
    return {
        "input_usd": price.input_usd,
        "output_usd": price.output_usd,
        "cache_read_usd": price.cache_read_usd,
        "cache_write_usd": price.cache_write_usd,
        "dated": price.dated or None,
    }
