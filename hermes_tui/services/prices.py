"""Read the prices that a provider publishes, so that the bill follows them between two releases."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.providers import _http
from hermes_tui.capabilities.providers._json import Fields, count_of, fields_of, list_of, text_of
from hermes_tui.domain.usage import MILLION
from hermes_tui.services.config import HermesConfig
from hermes_tui.services.provider_config import ProviderConfig

URL: Final = "https://openrouter.ai/api/v1"
TIMEOUT_S: Final = 15.0
RATES: Final = ("prompt", "input_cache_read", "input_cache_write", "completion")
SHIPPED: Final = ("anthropic", "openai")
Row = list[float | int | None]


async def refresh(config: HermesConfig, folder: Path) -> list[str]:
    """Write the published prices into `folder`; return a line for each provider that has any.

    OpenRouter is the only one that publishes them where a program can read them; the others' come with each release.
    No key is sent.
    """
    url = (config.providers.get("openrouter", ProviderConfig()).base_url or URL).rstrip("/")
    said = [f"{name}: its prices come with each release of Hermes." for name in SHIPPED]
    if "openrouter" in config.routing.ignore:
        return said
    found = await _http.get_json(f"{url}/models", {}, TIMEOUT_S)
    rows = _rows(found)
    if not rows:
        return [*said, f"openrouter: {url}/models gives no prices; those from before hold."]
    today = datetime.now(UTC).date().isoformat()
    path = _keep(folder, {"source": f"{url}/models", "dated": today, "models": rows})
    return [*said, f"openrouter: {len(rows)} prices as of {today}, kept in {path}."]


def _keep(folder: Path, table: Mapping[str, object]) -> Path:
    """Replace the newer table as a whole; a reader never sees half of it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "openrouter.json"
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(table), encoding="utf-8")
    return fresh.replace(path)


def _rows(found: object) -> dict[str, Row]:
    """Return the table rows of a model list; what has no price, or one that depends on the request, is left out."""
    rows = ((text_of(entry, "id"), _row(entry)) for entry in list_of(fields_of(found), "data"))
    return {name: row for name, row in rows if name and row is not None}


def _row(entry: Fields) -> Row | None:
    pricing = fields_of(entry, "pricing")
    sent, read, written, received = (_per_million(pricing.get(name)) for name in RATES)
    if sent is None or received is None or sent < 0 or received < 0:
        return None
    return [count_of(entry, "context_length") or None, 0, sent, read, written, received]


def _per_million(text: object) -> float | None:
    """Return dollars per token as dollars per million tokens."""
    try:
        return round(float(str(text)) * MILLION, 9)
    except ValueError:
        return None
