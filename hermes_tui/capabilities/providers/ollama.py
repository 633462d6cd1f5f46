"""Local models through Ollama's native API, and what it has pulled."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from hermes_tui.capabilities.providers import _http
from hermes_tui.capabilities.providers._json import count_of, fields_of, list_of, text_of
from hermes_tui.capabilities.providers._ollama_wire import OllamaWire
from hermes_tui.domain.late import late
from hermes_tui.domain.patterns import later
from hermes_tui.domain.ports import Provider

if TYPE_CHECKING:
    from hermes_tui.capabilities.providers import _sdk
else:
    _sdk = late("hermes_tui.capabilities.providers._sdk")

BASE_URL: Final = "http://127.0.0.1:11434"
KEY_ENV: Final[str | None] = None

_NUM_CTX: Final = later(r"^\s*num_ctx\s+(\d+)", re.MULTILINE)


def build(name: str, base_url: str, key: str | None, *, client: Literal["wire", "sdk"] = "wire") -> Provider:
    """Return the provider called `name` at `base_url`; the key goes to that host only."""
    if client == "sdk":
        given = {"name": name, "base_url": base_url, "key": key}
        return _sdk.LazyProvider(name=name, module="_sdk_ollama", factory="chat", given=given)
    return OllamaWire(name=name, base_url=base_url, key=key)


async def pulled(base_url: str, timeout_s: float, key: str | None = None) -> tuple[str, ...] | None:
    """Return the names of the pulled models, None if no server answers in time."""
    found = await _http.get_json(f"{base_url.rstrip('/')}/api/tags", _http.bearer(key), timeout_s)
    return None if found is None else tuple(text_of(model, "name") for model in list_of(fields_of(found), "models"))


async def window(base_url: str, model: str, timeout_s: float, key: str | None = None) -> int | None:
    """Return the context window of a pulled model in tokens, None if nothing says so in time.

    What its Modelfile sets (`num_ctx`) is what its author meant to be used; else it is what the model was trained for.
    """
    found = await _http.get_json(f"{base_url.rstrip('/')}/api/show", _http.bearer(key), timeout_s, {"model": model})
    info = fields_of(found, "model_info")
    trained = count_of(info, f"{text_of(info, 'general.architecture')}.context_length")
    told = _NUM_CTX.search(text_of(fields_of(found), "parameters"))
    own = int(told.group(1)) if told else 0
    return min((length for length in (trained, own) if length), default=None)


async def loaded(base_url: str, model: str, timeout_s: float, key: str | None = None) -> bool | None:
    """Return whether a model is in memory and answers at once, None if nothing says so in time."""
    found = await _http.get_json(f"{base_url.rstrip('/')}/api/ps", _http.bearer(key), timeout_s)
    return None if found is None else any(text_of(one, "name") == model for one in list_of(fields_of(found), "models"))


async def warm(base_url: str, model: str, window_tokens: int, timeout_s: float, key: str | None = None) -> bool:
    """Let the server load a model; return whether it did in time. With another window it would be loaded again."""
    body = {"model": model, "options": {"num_ctx": window_tokens}}  # without a prompt it is only loaded
    url = f"{base_url.rstrip('/')}/api/generate"
    return await _http.get_json(url, _http.bearer(key), timeout_s, {**body, "stream": False}) is not None
