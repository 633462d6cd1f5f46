"""OpenAI, and any server that speaks its chat completions."""

from __future__ import annotations

from typing import Final

from hermes_tui.capabilities.providers._openai_wire import ChatWire
from hermes_tui.domain.ports import Provider

BASE_URL: Final = "https://api.openai.com/v1"
KEY_ENV: Final[str | None] = "OPENAI_API_KEY"


def build(name: str, base_url: str, key: str | None) -> Provider:
    """Return the provider called `name` at `base_url`; the key goes to that host only."""
    return ChatWire(name=name, base_url=base_url, key=key)
