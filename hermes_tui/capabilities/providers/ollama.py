"""Local models through Ollama's native API."""

from __future__ import annotations

from typing import Final

from hermes_tui.capabilities.providers import _http
from hermes_tui.capabilities.providers._json import list_of, text_of
from hermes_tui.capabilities.providers._ollama_wire import OllamaWire
from hermes_tui.domain.ports import Provider

BASE_URL: Final = "http://127.0.0.1:11434"
KEY_ENV: Final[str | None] = None


def build(name: str, base_url: str, key: str | None) -> Provider:
    """Return the provider called `name` at `base_url`; the key goes to that host only."""
    return OllamaWire(name=name, base_url=base_url, key=key)


async def pulled(base_url: str, timeout_s: float) -> tuple[str, ...] | None:
    """Return the names of the pulled models, None if no server answers in time."""
    found = await _http.get_json(f"{base_url.rstrip('/')}/api/tags", {}, timeout_s)
    return None if found is None else tuple(text_of(model, "name") for model in list_of(found, "models"))
