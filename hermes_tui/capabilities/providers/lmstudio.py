"""Local models through LM Studio's chat completions, and what it has loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from hermes_tui.capabilities.providers import _http
from hermes_tui.capabilities.providers._json import count_of, fields_of, list_of, text_of
from hermes_tui.capabilities.providers._openai_wire import ChatWire, Dialect
from hermes_tui.domain.late import late
from hermes_tui.domain.ports import Provider
from hermes_tui.domain.values import frozen

if TYPE_CHECKING:
    from hermes_tui.capabilities.providers import _sdk
else:
    _sdk = late("hermes_tui.capabilities.providers._sdk")

BASE_URL: Final = "http://127.0.0.1:1234/v1"
KEY_ENV: Final[str | None] = None


@frozen
class LocalModel:
    """A model that LM Studio has; `window_tokens` and `loaded` are None where the server does not say."""

    name: str
    window_tokens: int | None = None
    loaded: bool | None = None


def build(name: str, base_url: str, key: str | None, *, client: Literal["wire", "sdk"] = "wire") -> Provider:
    """Return the provider called `name` at `base_url`; the key goes to that host only."""
    if client == "sdk":
        given = {"name": name, "base_url": base_url, "key": key, "dialect": Dialect()}
        return _sdk.LazyProvider(name=name, module="_sdk_openai", factory="chat", given=given)
    return ChatWire(name=name, base_url=base_url, key=key)


async def pulled(base_url: str, timeout_s: float, key: str | None = None) -> tuple[str, ...] | None:
    """Return the names of the models that can chat, what is loaded first; None if no server answers in time."""
    found = await models(base_url, timeout_s, key)
    return None if found is None else tuple(model.name for model in sorted(found, key=lambda model: not model.loaded))


async def window(base_url: str, model: str, timeout_s: float, key: str | None = None) -> int | None:
    """Return the context window of a model in tokens, None if nothing says so in time."""
    found = await models(base_url, timeout_s, key)
    return next((one.window_tokens for one in found or () if one.name == model), None)


async def models(base_url: str, timeout_s: float, key: str | None = None) -> tuple[LocalModel, ...] | None:
    """Return the models that can answer a chat, None if no server answers within `timeout_s`.

    LM Studio's own list says what is loaded and with which window; the OpenAI-like one only has names.
    """
    root = base_url.rstrip("/")
    own = f"{root.removesuffix('/v1')}/api/v0/models"
    found = await _http.first_json((own, f"{root}/models"), _http.bearer(key), timeout_s)
    if found is None:
        return None
    entries = [entry for entry in list_of(fields_of(found), "data") if text_of(entry, "type") != "embeddings"]
    return tuple(
        LocalModel(
            name=text_of(entry, "id"),
            window_tokens=count_of(entry, "loaded_context_length") or count_of(entry, "max_context_length") or None,
            loaded=text_of(entry, "state") == "loaded" if "state" in entry else None,
        )
        for entry in entries
    )


async def loaded(base_url: str, model: str, timeout_s: float, key: str | None = None) -> bool | None:
    """Return whether a model is in memory and answers at once, None if nothing says so in time."""
    found = await models(base_url, timeout_s, key)
    return next((one.loaded for one in found or () if one.name == model), None)


async def warm(base_url: str, model: str, window_tokens: int, timeout_s: float, key: str | None = None) -> bool:
    """Let the server load a model, which its first request does; return whether it answered in time.

    Its window is the server's own setting, so `window_tokens` must only fit a word.
    """
    body = {"model": model, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": min(1, window_tokens)}
    url = f"{base_url.rstrip('/')}/chat/completions"
    return await _http.get_json(url, _http.bearer(key), timeout_s, body) is not None
