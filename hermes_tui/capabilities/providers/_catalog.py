"""What is known of models before they are asked: price, window, default per provider, sampling."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, cast
from urllib.parse import urlsplit

from hermes_tui.domain.patterns import later
from hermes_tui.domain.usage import Price
from hermes_tui.domain.values import frozen

DEFAULT_MODELS: Final = {
    "anthropic": "claude-sonnet-5-5",
    "openai": "gpt-6.1-sol",
    "openrouter": "anthropic/claude-sonnet-5.5",
}
"""What `auto` takes from a cloud provider; local servers say themselves what they have."""
PRICED_AT: Final = {"generativelanguage.googleapis.com": "google"}
"""Hosts that speak as OpenAI does, and have a price table of their own."""
UNKNOWN_WINDOW: Final = 32_768
"""A window that nearly every hosted model exceeds; `providers.<name>` of an own server may be smaller and says so."""
_DATED: Final = later(r"[-@](\d{8}|\d{4}-\d{2}-\d{2}|latest)$")
_FIXED_SAMPLING: Final = (
    *("gpt-5", "gpt-6", "o1", "o3", "o4"),
    *("claude-opus-4-7", "claude-opus-4-8", "claude-haiku-5-5", "claude-mythos"),
)
_CLAUDE: Final = later(r"claude-(?:[a-z]+-)?(?:v)?(\d{1,2})(?!\d)(?:[-.](\d{1,2})(?!\d))?")
_ADAPTIVE_SINCE: Final = (4, 6)
"""The first Claude that is told by effort how much to think; those before take a number of tokens."""
_NEVER_REASONS: Final = later(
    r"gpt-3|gpt-4|chatgpt-|o1-mini|o1-preview|gpt-5(\.\d)?-chat|claude-instant|gemini-(1|2\.0)"
)

_SEEING: Final = later(
    r"claude-|(^|/)gpt-(4o|4\.1|4\.5|[5-9])|(^|/)o[134](-|$)|gemini-|grok-[2-9]|llava|vision|[-_]?vl\b|pixtral"
    r"|gemma-?[34]|llama-?4|minicpm-v|moondream|mistral-(small|medium|large)-?[3-9]"
)
"""Names of models that take pictures; no wire says so of all of them."""

Row = list[float | int | None]
Table = tuple[str, Mapping[str, Row]]


@frozen(kw_only=False)
class Known:
    """What the catalogue knows of one model; None is unknown."""

    price: Price | None
    window_tokens: int | None


def sees(model: str) -> bool:
    """Return whether a model is known to take pictures."""
    return _SEEING.search(model.casefold()) is not None


def table_for(kind: str, base_url: str) -> str:
    """Return whose prices and windows hold for a provider of `kind` that listens at a URL."""
    return PRICED_AT.get(urlsplit(base_url).hostname or "", kind)


def known(kind: str, model: str, newer: Path | None = None) -> Known:
    """Return what is known of `model` at a provider of `kind`; a table in the folder `newer` wins where it has it."""
    path = newer / f"{kind}.json" if newer is not None else None
    return _known_since(kind, model, path, _written_ns(path))


def _written_ns(path: Path | None) -> int:
    """Return when a file was written last, 0 where there is none."""
    try:
        return 0 if path is None else path.stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=256)
def _known_since(kind: str, model: str, path: Path | None, written_ns: int) -> Known:
    """Return what is known of `model` as long as the newer table is not written again; each step of a run asks."""
    if path is not None and written_ns:
        found = _known(_newer(path, written_ns), model)
        if found.price is not None:
            return found
    return _known(_table(kind), model)


def _known(table: Table, model: str) -> Known:
    dated, rows = table
    row = _row(rows, model) or _row(rows, _DATED.sub("", model))
    if row is None:
        return Known(None, None)
    window = row[0]
    return Known(_price(row, dated), int(window) if window else None)


def nearest(kind: str, model: str) -> str:
    """Return the known model whose name shares the longest beginning with `model`, empty where none does."""
    names = [name for name in _table(kind)[1] if not name.endswith("*")]
    best = max(names, key=lambda name: _shared(name, model), default="")
    return best if _shared(best, model) >= 3 else ""


def allows_temperature(model: str) -> bool:
    """Whether a model takes a sampling temperature; those that always reason refuse the request instead."""
    return not model.rpartition("/")[2].startswith(_FIXED_SAMPLING)


def takes_effort(model: str) -> bool:
    """Whether a model may be told how much to reason; one that has no such thing refuses the whole request.

    OpenRouter, whose names have a slash, leaves out what a model does not know; a name that says nothing is believed.
    """
    if "/" in model:
        return True
    claude = _CLAUDE.match(model)
    if claude is not None:
        return (int(claude[1]), int(claude[2] or 0)) >= _ADAPTIVE_SINCE
    return _NEVER_REASONS.match(model) is None


def _shared(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    return next((count for count, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _row(rows: Mapping[str, Row], model: str) -> Row | None:
    if model in rows:
        return rows[model]
    prefixes = [key for key in rows if key.endswith("*") and model.startswith(key[:-1])]
    return rows[max(prefixes, key=len)] if prefixes else None


def _price(row: Row, dated: str) -> Price:
    threshold = int(row[1] or 0)
    above = _rates(row[6:10], dated) if threshold else None
    base = _rates(row[2:6], dated)
    return Price(
        input_usd=base.input_usd,
        output_usd=base.output_usd,
        cache_read_usd=base.cache_read_usd,
        cache_write_usd=base.cache_write_usd,
        dated=dated,
        above_tokens=threshold,
        above=above,
    )


def _rates(rates: Row, dated: str) -> Price:
    """Return four rates as a price; what a provider does not price apart costs as much as plain input."""
    sent, read, written, received = rates
    plain = float(sent or 0.0)
    return Price(
        input_usd=plain,
        output_usd=float(received or 0.0),
        cache_read_usd=plain if read is None else float(read),
        cache_write_usd=plain if written is None else float(written),
        dated=dated,
    )


@cache
def _table(kind: str) -> Table:
    """Return the date and the rows of a provider's table, read once."""
    path = Path(__file__).parent / "prices" / f"{kind}.json"
    return _parsed(path.read_text(encoding="utf-8")) if path.is_file() else ("", {})


@lru_cache(maxsize=8)
def _newer(path: Path, written_ns: int) -> Table:  # noqa: ARG001 - a file that was written again is read again
    return _parsed(path.read_text(encoding="utf-8"))


def _parsed(text: str) -> Table:
    table = cast("dict[str, object]", json.loads(text))
    return str(table["dated"]), cast("Mapping[str, Row]", table["models"])
