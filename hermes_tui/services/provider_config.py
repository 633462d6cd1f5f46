"""What can be configured about providers: sections of `config.yaml`.

Annotations are not put off here, as msgspec needs them at each start.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from hermes_tui.services.sections import Bounds, Json, Section

Name = Annotated[str, Bounds(pattern=r"^[a-z][a-z0-9_.-]{0,63}$")]


class Abilities(Section):
    """What a model can do, where its name and its server do not tell, or tell wrong."""

    window_tokens: Annotated[int, Bounds(ge=256, le=100_000_000)] | None = None
    """Its context window."""
    pictures: bool | None = None
    """Whether it takes pictures."""
    temperature: bool | None = None
    """Whether it takes a sampling temperature."""
    effort: bool | None = None
    """Whether it may be told how much to reason."""


class ProviderConfig(Section):
    """Who serves models; any OpenAI-compatible URL is a provider of kind `openai`."""

    kind: Literal["anthropic", "openai", "openrouter", "ollama", "lmstudio", "scripted"] | None = None
    """The dialect; left out, it is the provider's name if that is one of them, else `openai`."""
    client: Literal["wire", "sdk"] = "wire"
    """`wire` is Hermes' own fast client, `sdk` the vendor's package."""
    base_url: Annotated[str, Bounds(pattern=r"^https?://[^\s/@?#]+(/[^\s?#]*)?$")] | None = None
    """Where it listens; left out, the vendor's address."""
    key_env: Annotated[str, Bounds(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    """The environment variable that holds the key; never the key itself."""
    models: tuple[str, ...] = ()
    """The models to offer; empty asks the provider."""
    abilities: Mapping[str, Abilities] = {}
    """What a model can do, by its name at the provider."""


class Routing(Section):
    """In which order providers are tried."""

    order: tuple[Name, ...] = ("anthropic", "openai", "openrouter", "ollama", "lmstudio")
    """First to last; the next one answers when the one before cannot."""
    ignore: tuple[Name, ...] = ()
    """Providers that are never chosen by themselves."""
    sort: Literal["order", "price", "throughput", "latency"] = "order"
    """What decides among those that can answer; throughput and latency are measured. Local ones always come last."""
    max_distance: Annotated[float, Bounds(ge=0, le=1)] = 0.5
    """How far another model's turns may be from the present one's, for `hermes models compare` to let it take over."""


class OpenRouterConfig(Section):
    """What is passed on to OpenRouter."""

    provider: Mapping[str, Json] = {}
    """Its `provider` object, sent as it is."""
