"""Who answers: the brain of each role, from the config, the keys and what is reachable."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hermes_tui.capabilities import registry
from hermes_tui.capabilities.providers import _catalog
from hermes_tui.domain.errors import NoProvider
from hermes_tui.domain.parts import Clocks
from hermes_tui.domain.ports import Brain, Provider
from hermes_tui.domain.usage import FREE, Price
from hermes_tui.services import config as settings
from hermes_tui.services.chains import Candidate, chain
from hermes_tui.services.config import HermesConfig, ProviderConfig

PROBE_S: Final = 1.0
LOCAL: Final = {
    "ollama": "Start it with `ollama serve` and pull a model, for example `ollama pull qwen3`.",
    "lmstudio": "Start LM Studio's server and load a model.",
}


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a provider cannot answer, and what to do."""

    provider: str
    found: str
    remedy: str


@dataclass(slots=True)
class ConfiguredBrains:
    """The brains that the config names; `wanted` is what the operator asked for on the spot, else `auto`.

    A local server that answered is not asked again what it has; cloud providers count as soon as their key is there.
    """

    config: HermesConfig
    wanted: str
    environ: Mapping[str, str]
    _probed: dict[str, tuple[str, ...] | None] = field(default_factory=dict[str, tuple[str, ...] | None])

    def __post_init__(self) -> None:
        """Refuse names that nothing stands behind, before anything runs.

        Raises:
            UsageInvalid: a name is no provider, model, role or tier.
        """
        for role in ("cortex", *self.config.brains):
            chain(self.config, role, self._wanted_for(role))

    async def choose(self, role: str, tried: Mapping[str, str]) -> Brain:
        """Return the first brain for `role` that can answer and was not tried; see `ports.Brains`."""
        missing: list[Missing] = []
        if not tried:
            self._probed = {name: found for name, found in self._probed.items() if found is not None}
        for candidate in chain(self.config, role, self._wanted_for(role)):
            offer = await self._offer(candidate, role)
            if isinstance(offer, Missing):
                missing.append(offer)
            elif offer.name in tried:
                missing.append(Missing(offer.name, tried[offer.name], ""))
            else:
                return offer
        raise _none_left(role, missing)

    async def look(self, role: str = "cortex") -> list[Brain | Missing]:
        """Return what each provider of the chain offers, in order, for a person to see."""
        return [await self._offer(candidate, role) for candidate in chain(self.config, role, self._wanted_for(role))]

    def switch(self, wanted: str) -> None:
        """Ask for another model from the next step on.

        Raises:
            UsageInvalid: nothing stands behind the name; the old choice holds.
        """
        chain(self.config, "cortex", wanted)
        self.wanted = wanted

    def _wanted_for(self, role: str) -> str:
        """Return what was asked for on the spot; a role that is a model's own name asks for that model."""
        if role == "cortex":
            return self.wanted
        return role if ":" in role else "auto"

    async def _offer(self, candidate: Candidate, role: str) -> Brain | Missing:
        name = candidate.provider
        provider, kind = self._settings(name)
        if kind not in registry.names("providers"):
            return Missing(name, f"this version has no provider of kind {kind}", "Choose another provider.")
        module = registry.load("providers", kind)
        base_url = provider.base_url or module.BASE_URL
        variable = provider.key_env or (module.KEY_ENV if name == kind else None)
        key = self.environ.get(variable, "").strip() if variable else ""
        if variable and not key:
            return Missing(name, f"no key in ${variable}", f"Set {variable} in the environment.")
        model = candidate.model or (provider.models[0] if provider.models else None)
        if kind in LOCAL:
            served = await self._served(name)
            if served is None:
                return Missing(name, f"no server at {base_url}", LOCAL[kind])
            model = _pulled(model, served)
            if model is None:
                return Missing(name, f"{base_url} does not have {candidate.model or 'any model'}", LOCAL[kind])
        model = model or _catalog.DEFAULT_MODELS.get(kind)
        if model is None:
            return Missing(name, "no model is named", f"Name one: `-m {name}:MODEL`, or providers.{name}.models.")
        offered = _Offered(candidate, kind, model, await self._window(kind, base_url, model))
        built = module.build(name, base_url, key or None, **_extras(self.config, provider, kind))
        return _brain(self.config.brain(role), offered, built)

    def _settings(self, name: str) -> tuple[ProviderConfig, str]:
        provider = self.config.providers.get(name, ProviderConfig())
        return provider, provider.kind or (name if name in (*settings.KINDS, "scripted") else "openai")

    async def _served(self, name: str) -> tuple[str, ...] | None:
        """Return the pulled models of a local server; the first time, every local server is asked at once."""
        if name not in self._probed:
            local = [one for one in {name, *self.config.providers} if self._settings(one)[1] in LOCAL]
            found = await asyncio.gather(*(self._ask(one) for one in local))
            self._probed.update(zip(local, found, strict=True))
        return self._probed[name]

    async def _ask(self, name: str) -> tuple[str, ...] | None:
        provider, kind = self._settings(name)
        if kind not in registry.names("providers"):
            return None
        module = registry.load("providers", kind)
        found: tuple[str, ...] | None = await module.pulled(provider.base_url or module.BASE_URL, PROBE_S)
        return found

    async def _window(self, kind: str, base_url: str, model: str) -> int | None:
        measure = getattr(registry.load("providers", kind), "window", None)
        measured: int | None = await measure(base_url, model, PROBE_S) if measure is not None else None
        return measured or _catalog.known(kind, model).window_tokens


@dataclass(frozen=True, slots=True)
class _Offered:
    """A candidate that can answer."""

    candidate: Candidate
    kind: str
    model: str
    window_tokens: int | None

    @property
    def local(self) -> bool:
        return self.kind in LOCAL

    @property
    def price(self) -> Price | None:
        return FREE if self.local or self.kind == "scripted" else _catalog.known(self.kind, self.model).price


def _brain(wanted: settings.Brain, offered: _Offered, provider: Provider) -> Brain:
    name = f"{offered.candidate.provider}:{offered.model}"
    clocks = wanted.clocks
    return Brain(
        name=name,
        model=offered.model,
        provider=provider,
        price=offered.price,
        window_tokens=offered.window_tokens or _catalog.UNKNOWN_WINDOW,
        why=offered.candidate.why,
        local=offered.local,
        clocks=Clocks(
            connect_s=clocks.connect_s,
            first_token_s=clocks.first_token_s,
            idle_s=clocks.idle_s,
            total_s=clocks.total_s,
        ),
        max_tokens=wanted.max_tokens,
        temperature=wanted.temperature if _catalog.allows_temperature(offered.model) else None,
    )


def _extras(config: HermesConfig, provider: ProviderConfig, kind: str) -> dict[str, object]:
    """Return what only some providers take."""
    extras: dict[str, object] = {"client": provider.client} if provider.client != "wire" else {}
    if kind == "openrouter" and config.openrouter.provider:
        extras["routing"] = dict(config.openrouter.provider)
    return extras


def _pulled(model: str | None, served: tuple[str, ...]) -> str | None:
    """Return the pulled model of that name, `:latest` being understood; without a name the first that can talk."""
    if model is None:
        return next((name for name in served if "embed" not in name), None)
    return next((name for name in served if name in (model, f"{model}:latest")), None)


def _none_left(role: str, missing: list[Missing]) -> NoProvider:
    said = "; ".join(f"{one.provider}: {one.found}" for one in missing)
    hint = " ".join(dict.fromkeys(one.remedy for one in missing if one.remedy))
    return NoProvider(f"No brain can answer for {role}. Looked for {said}.", hint=hint)
