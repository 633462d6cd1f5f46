"""From what a role wants to the chain of models that may answer for it, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.values import frozen
from hermes_tui.services.config import EMBEDDING, KINDS, NO_LADDER, NONE, ROUTED, HermesConfig
from hermes_tui.services.routes import tier_by
from hermes_tui.services.strict_yaml import closest

LOCAL: Final = ("ollama", "lmstudio")
"""Providers on this machine: they always close the chain."""


@frozen(kw_only=False)
class Candidate:
    """A model that may answer; `model` None is the provider's own choice, `why` how it got into the chain.

    `automatic` ones were not named: they may be sorted.
    """

    provider: str
    model: str | None
    why: str
    automatic: bool = False


def chain(config: HermesConfig, role: str, wanted: str) -> tuple[Candidate, ...]:
    """Return who may answer for `role`, first to last; `wanted` is what was asked for on the spot, or `auto`.

    Nobody is asked for embeddings where the config says `none`.

    Raises:
        UsageInvalid: a name is no provider, model, role or tier.
    """
    named = named_for(config, role, wanted)
    if role == EMBEDDING and named == NONE:
        return ()
    asked = _expand(config, named, "you asked for it" if wanted != "auto" else f"the config's choice for {role}", ())
    found = list(asked)
    if config.strategy == "auto" or named == "auto":
        found += _automatic(config, "next in routing.order" if found else "first that can answer")
    return tuple(_once(found))


def named_for(config: HermesConfig, role: str, wanted: str) -> str:
    """Return the name that a role is asked by: what is `wanted` on the spot, else what the config says."""
    return wanted if wanted != "auto" else (config.brain(role).model or "auto")


def _expand(config: HermesConfig, name: str, why: str, seen: tuple[str, ...]) -> list[Candidate]:
    """Return the models behind one name; circles are refused when the config is read, `seen` only bounds the walk."""
    if name in seen:
        return []
    if name == "auto":
        return _automatic(config, "first of routing.order that can answer")
    if name == ROUTED and name not in config.providers:
        tier = tier_by(config, None)[0]
        if not tier:
            raise UsageInvalid("`routed` has no tier to choose from.", hint=NO_LADDER)
        return _expand(config, tier, why, (*seen, name))
    if name == "local" and name not in config.providers:
        return _local_first(config, (*seen, name))
    if name in config.tiers:
        steps = config.tiers[name]
        return [one for step in steps for one in _expand(config, step, f"tier {name}", (*seen, name))]
    if name in config.brains:
        return _expand(config, config.brains[name].model or "auto", f"role {name}", (*seen, name))
    return [_named(config, name, why)]


def _local_first(config: HermesConfig, seen: tuple[str, ...]) -> list[Candidate]:
    """Return the models on this machine, then what cortex would be answered by."""
    local = [Candidate(name, None, "on this machine it costs nothing") for name in _allowed(config, LOCAL)]
    cortex = config.brain("cortex").model or "auto"
    return [*local, *_expand(config, cortex, "no local model can answer", seen)]


def _named(config: HermesConfig, name: str, why: str) -> Candidate:
    """Return the model called `provider:model`; `provider/model` and a bare provider are understood too."""
    provider, mark, model = name.partition(":")
    if provider not in _providers(config) and "/" in name:
        provider, mark, model = name.partition("/")
    if provider in _providers(config):
        return Candidate(provider, model if mark and model else None, why)
    known = sorted({*_providers(config), *config.tiers, *config.brains})
    hint = closest(provider, known) or f"Write `provider:model`; providers here: {', '.join(known)}."
    raise UsageInvalid(f"`{name}` is no model that Hermes can reach.", hint=hint)


def _providers(config: HermesConfig) -> set[str]:
    return {*config.providers, *KINDS}


def _automatic(config: HermesConfig, why: str) -> list[Candidate]:
    """Return each provider of `routing.order`, the local ones last."""
    distant = [name for name in config.routing.order if not is_local(config, name)]
    near = [name for name in config.routing.order if is_local(config, name)]
    order = [*distant, *near, *(name for name in LOCAL if name not in near)]
    return [Candidate(name, None, why, automatic=True) for name in _allowed(config, order)]


def is_local(config: HermesConfig, name: str) -> bool:
    """Whether a provider runs on this machine."""
    return kind_of(config, name) in LOCAL


def kind_of(config: HermesConfig, name: str) -> str:
    """Return the dialect of a provider; any URL that is not said to be something else speaks as OpenAI does."""
    provider = config.providers.get(name)
    if provider is not None and provider.kind:
        return provider.kind
    return name if name in (*KINDS, "scripted") else "openai"


def _allowed(config: HermesConfig, names: Iterable[str]) -> list[str]:
    return [name for name in names if name not in config.routing.ignore]


def _once(candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    """Drop what stands in the chain already; a provider's own choice is dropped where one of its models is named."""
    seen: set[tuple[str, str | None]] = set()
    for one in candidates:
        named = one.model is None and any(provider == one.provider for provider, _ in seen)
        if (one.provider, one.model) in seen or named:
            continue
        seen.add((one.provider, one.model))
        yield one
