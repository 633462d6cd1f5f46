"""Write the price tables of `capabilities/providers/prices/` from the maintained library, as of today."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Final

from genai_prices import data
from genai_prices.types import (
    ClauseEquals,
    ClauseOr,
    ClauseStartsWith,
    MatchLogic,
    ModelInfo,
    ModelPrice,
    StartDateConstraint,
    TieredPrices,
)

FOLDER: Final = Path(__file__).parents[2] / "hermes_tui" / "capabilities" / "providers" / "prices"
PROVIDERS: Final = ("anthropic", "google", "openai", "openrouter")
RATES: Final = ("input_mtok", "cache_read_mtok", "cache_write_mtok", "output_mtok")
Rate = Decimal | TieredPrices | None


def main() -> None:
    """Write one table a provider."""
    FOLDER.mkdir(exist_ok=True)
    for provider in data.providers:
        if provider.id in PROVIDERS:
            models = {key: row for model in provider.models if (row := row_of(model)) for key in keys_of(model)}
            table = {"source": f"genai-prices {version('genai-prices')}", "dated": str(date.today()), "models": models}  # noqa: DTZ011 - the builder's day
            lines = json.dumps(table, indent=0, sort_keys=True, separators=(",", ":"))
            (FOLDER / f"{provider.id}.json").write_text(compact(lines), encoding="utf-8")


def compact(text: str) -> str:
    """Return indented JSON with one model a line, so that a change of price is one line of a diff."""
    return text.replace("[\n", "[").replace(",\n", ",").replace("\n]", "]").replace('],"', '],\n"') + "\n"


def keys_of(model: ModelInfo) -> list[str]:
    """Return the names of a model; one that ends in `*` is a prefix."""
    return [model.id, *_clause_keys(model.match)]


def _clause_keys(clause: MatchLogic) -> list[str]:
    match clause:
        case ClauseEquals():
            return [clause.equals]
        case ClauseStartsWith():
            return [f"{clause.starts_with}*"]
        case ClauseOr():
            return [key for inner in clause.or_ for key in _clause_keys(inner)]
        case _:
            return []


def row_of(model: ModelInfo) -> list[float | int | None] | None:
    """Return `[window, threshold, four rates, four rates above the threshold]`."""
    price = price_now(model)
    rates: list[Rate] = [getattr(price, name) for name in RATES]
    if price.input_mtok is None or price.output_mtok is None:
        return None
    starts = [rate.tiers[0].start for rate in rates if isinstance(rate, TieredPrices)]
    base = [_base(rate) for rate in rates]
    above = [_above(rate) for rate in rates] if starts else []
    return [model.context_window, starts[0] if starts else 0, *base, *above]


def price_now(model: ModelInfo) -> ModelPrice:
    """Return the price in force today."""
    if isinstance(model.prices, ModelPrice):
        return model.prices
    today = datetime.now(UTC).date()
    started = [
        (one.constraint.start_date if isinstance(one.constraint, StartDateConstraint) else date.min, one.prices)
        for one in model.prices
        if not isinstance(one.constraint, StartDateConstraint) or one.constraint.start_date <= today
    ]
    return max(started, key=lambda pair: pair[0])[1]


def _base(rate: Rate) -> float | None:
    return None if rate is None else float(rate.base if isinstance(rate, TieredPrices) else rate)


def _above(rate: Rate) -> float | None:
    return float(rate.tiers[-1].price) if isinstance(rate, TieredPrices) else _base(rate)


if __name__ == "__main__":
    main()
