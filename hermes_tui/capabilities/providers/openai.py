"""OpenAI through its Responses API, and any other server that speaks chat completions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

from hermes_tui.domain.late import late
from hermes_tui.domain.ports import Provider

if TYPE_CHECKING:
    from hermes_tui.capabilities.providers import _openai_responses_wire, _openai_wire, _sdk
else:
    _openai_responses_wire = late("hermes_tui.capabilities.providers._openai_responses_wire")
    _openai_wire = late("hermes_tui.capabilities.providers._openai_wire")
    _sdk = late("hermes_tui.capabilities.providers._sdk")

BASE_URL: Final = "https://api.openai.com/v1"
KEY_ENV: Final[str | None] = "OPENAI_API_KEY"
OWN_HOST: Final = "api.openai.com"
AZURE: Final = ".azure.com"


def build(
    name: str,
    base_url: str,
    key: str | None,
    *,
    client: Literal["wire", "sdk"] = "wire",
    dialect: Literal["auto", "chat", "responses"] = "auto",
) -> Provider:
    """Return the provider called `name` at `base_url`; the key goes to that host only.

    The dialect `auto` is responses on OpenAI's own host and chat completions anywhere else.
    """
    host = urlsplit(base_url).hostname or ""
    given = {"name": name, "base_url": base_url, "key": key}
    if dialect == "responses" or (dialect == "auto" and host == OWN_HOST):
        if client == "sdk":
            return _sdk.LazyProvider(name=name, module="_sdk_openai", factory="responses", given=given)
        return _openai_responses_wire.ResponsesWire(name=name, base_url=base_url, key=key)
    newer = host == OWN_HOST or host.endswith(AZURE)
    chat = _openai_wire.Dialect(cap="max_completion_tokens", caches="key") if newer else _openai_wire.Dialect()
    if client == "sdk":
        return _sdk.LazyProvider(name=name, module="_sdk_openai", factory="chat", given={**given, "dialect": chat})
    return _openai_wire.ChatWire(name=name, base_url=base_url, key=key, dialect=chat)
