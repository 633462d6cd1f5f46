"""Anthropic's messages API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from hermes_tui.capabilities.providers._anthropic_wire import AnthropicWire
from hermes_tui.domain.late import late
from hermes_tui.domain.ports import Provider

if TYPE_CHECKING:
    from hermes_tui.capabilities.providers import _sdk
else:
    _sdk = late("hermes_tui.capabilities.providers._sdk")

BASE_URL: Final = "https://api.anthropic.com"
KEY_ENV: Final[str | None] = "ANTHROPIC_API_KEY"


def build(name: str, base_url: str, key: str | None, *, client: Literal["wire", "sdk"] = "wire") -> Provider:
    """Return the provider called `name` at `base_url`; the key goes to that host only."""
    if client == "sdk":
        given = {"name": name, "base_url": base_url, "key": key}
        return _sdk.LazyProvider(name=name, module="_sdk_anthropic", factory="messages", given=given)
    return AnthropicWire(name=name, base_url=base_url, key=key)
