"""OpenRouter: chat completions in front of many providers, with the bill in the reply."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal

from hermes_tui.capabilities.providers._openai_wire import ChatWire, Dialect
from hermes_tui.domain.late import late
from hermes_tui.domain.ports import Provider

if TYPE_CHECKING:
    from hermes_tui.capabilities.providers import _sdk
else:
    _sdk = late("hermes_tui.capabilities.providers._sdk")

BASE_URL: Final = "https://openrouter.ai/api/v1"
KEY_ENV: Final[str | None] = "OPENROUTER_API_KEY"


def build(
    name: str,
    base_url: str,
    key: str | None,
    *,
    client: Literal["wire", "sdk"] = "wire",
    routing: Mapping[str, object] | None = None,
) -> Provider:
    """Return the provider called `name` at `base_url`; the key goes to that host only.

    `routing` is OpenRouter's own `provider` object (order, ignore, sort, data_collection …), passed on untouched.
    """
    extra: dict[str, object] = {"usage": {"include": True}}
    if routing:
        extra["provider"] = dict(routing)
    dialect = Dialect(effort="reasoning", caches="marks", extra=extra)
    if client == "sdk":
        given = {"name": name, "base_url": base_url, "key": key, "dialect": dialect}
        return _sdk.LazyProvider(name=name, module="_sdk_openai", factory="chat", given=given)
    return ChatWire(name=name, base_url=base_url, key=key, dialect=dialect)
