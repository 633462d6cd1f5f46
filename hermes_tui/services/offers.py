"""What a provider can answer with now: its key, its server, its model, and the brain made of them."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final

from hermes_tui.capabilities import registry
from hermes_tui.capabilities.providers import _catalog, _limits
from hermes_tui.capabilities.state.reply_store import ReplyStore
from hermes_tui.domain.late import late
from hermes_tui.domain.parts import Clocks, ModelRequest, Part
from hermes_tui.domain.ports import Brain, Provider
from hermes_tui.domain.usage import FREE, Limits, Price
from hermes_tui.domain.values import frozen, mutable, replace
from hermes_tui.services import config as settings
from hermes_tui.services.chains import LOCAL, Candidate, chain, kind_of
from hermes_tui.services.config import HermesConfig
from hermes_tui.services.keys import Keys
from hermes_tui.services.missing import Missing
from hermes_tui.services.provider_config import Abilities, ProviderConfig
from hermes_tui.services.sections import without_empty

if TYPE_CHECKING:
    from hermes_tui.services import reflexes, reply_cache
else:
    reflexes = late("hermes_tui.services.reflexes")
    reply_cache = late("hermes_tui.services.reply_cache")

PROBE_S: Final = 1.0
"""Everything that is asked before a choice ends within this time, however many questions to however many servers."""
LEAST_S: Final = 0.001
"""With less time left nothing is asked any more."""
REMEDIES: Final = {
    "ollama": "Start it with `ollama serve` and pull a model, for example `ollama pull qwen3`.",
    "lmstudio": "Start LM Studio's server and load a model.",
}
KEPT_S: Final = 240.0
"""A local model that answered or was seen in memory is taken to be there for so long; servers keep them for minutes."""
UNTOLD_S: Final = 60.0
"""A server that did not tell a model's context window is not asked for it again for so long."""
SILENT_S: Final = 10.0
"""A server that did not answer is not asked again for so long."""
CLOUD_CLOCKS: Final = Clocks(connect_s=10.0, first_token_s=30.0, idle_s=60.0, total_s=900.0)
LOCAL_CLOCKS: Final = Clocks(connect_s=2.0, first_token_s=120.0, idle_s=60.0, total_s=1800.0)
"""A model on this machine may have to be loaded before its first token."""

_UNTOLD: Final = Abilities()

Hear = Callable[[str, Mapping[str, str]], None]


@frozen(kw_only=False)
class _Offered:
    """A candidate that can answer, with what is known of its model."""

    candidate: Candidate
    kind: str
    model: str
    window_tokens: int | None
    price: Price | None

    @property
    def local(self) -> bool:
        return self.kind in LOCAL


_Chain = tuple[Candidate, ...]
_Asked = tuple[_Offered, str, str, bool]
"""What a brain is made of: an offer, the role, the key, and whether its model is loaded."""


@mutable
class Offers:
    """Turns candidates into brains; a local server that answered is not asked again until `forget`."""

    config: HermesConfig
    environ: Mapping[str, str]
    hear: Hear
    now: Callable[[], float]
    prices: Path | None = None
    kept: ReplyStore | None = None
    _probed: dict[str, tuple[str, ...] | None] = field(default_factory=dict[str, tuple[str, ...] | None])
    _windows: dict[str, tuple[float, int | None]] = field(default_factory=dict[str, tuple[float, int | None]])
    _memory: dict[str, tuple[float, bool]] = field(default_factory=dict[str, tuple[float, bool]])
    _silent_at: dict[str, float] = field(default_factory=dict[str, float])
    _chains: dict[tuple[str, str], _Chain] = field(default_factory=dict[tuple[str, str], _Chain])
    _brains: dict[_Asked, Brain] = field(default_factory=dict[_Asked, Brain])

    def forget(self) -> None:
        """Ask servers again that did not answer a while ago."""
        late = self.now() - SILENT_S
        again = [name for name, at in self._silent_at.items() if not late < at <= self.now()]
        for name in again:
            self._probed.pop(name, None)
            del self._silent_at[name]

    def chain(self, role: str, wanted: str) -> tuple[Candidate, ...]:
        """Return who may answer for `role`, first to last; it is worked out once.

        Raises:
            UsageInvalid: a name is no provider, model, role or tier.
        """
        found = self._chains.get((role, wanted))
        if found is None:
            found = self._chains[role, wanted] = chain(self.config, role, wanted)
        return found

    def deadline(self) -> float:
        """Return until when servers may be asked for a choice that begins now."""
        return self.now() + PROBE_S

    async def of(self, candidate: Candidate, role: str, until: float) -> Brain | Missing:
        """Return the brain that a candidate stands for, or why there is none; no server is asked after `until`."""
        name = candidate.provider
        provider, kind = self._settings(name)
        if kind not in registry.names("providers"):
            return Missing(name, f"this version has no provider of kind {kind}", "Choose another provider.")
        module = registry.load("providers", kind)
        base_url = provider.base_url or module.BASE_URL
        variable, key = self._key(name)
        if variable and not key:
            return self._without_key(name, variable)
        model = candidate.model or (provider.models[0] if provider.models else None)
        loaded = True
        if kind in LOCAL:
            served = await self._served(name, model, until)
            if served is None:
                return Missing(name, f"no server at {base_url}", REMEDIES[kind])
            model = pulled(model, served)
            if model is None:
                self._probed.pop(name, None)
                return Missing(name, f"{base_url} does not have {candidate.model or 'any model'}", REMEDIES[kind])
            loaded = await self._in_memory(name, model, until)
        model = model or _catalog.DEFAULT_MODELS.get(kind)
        if model is None:
            return Missing(name, "no model is named", f"Name one: `-m {name}:MODEL`, or providers.{name}.models.")
        told = provider.abilities.get(model, _UNTOLD).window_tokens or await self._told(name, model, until)
        known = _catalog.known(_catalog.table_for(kind, base_url), model, self.prices)
        free = kind in LOCAL or kind == "scripted"
        offered = _Offered(candidate, kind, model, told or known.window_tokens, FREE if free else known.price)
        asked = (offered, role, key, loaded)
        found = self._brains.get(asked)
        if found is None:
            found = self._brains[asked] = self._made(*asked)
        return found

    def _made(self, offered: _Offered, role: str, key: str, loaded: bool) -> Brain:  # noqa: FBT001 - one of a key
        """Return the brain of an offer; as long as the offer stays the same, each step asks the same one."""
        name = offered.candidate.provider
        provider, kind = self._settings(name)
        module, base_url, _ = self._server(name)
        built = module.build(name, base_url, key or None, **_extras(self.config, provider, kind))
        heard = HeardProvider(built, target_of(base_url, offered.model, key), base_url, self.hear)
        wanted = self.config.brain(role)
        found = _brain(wanted, offered, can(provider, offered.model), heard.target, self._kept(wanted, heard))
        return replace(found, loaded=loaded, call_cap=limits_of(self.config.budgets.call))

    def _kept(self, wanted: settings.Brain, heard: HeardProvider) -> Provider:
        """Return a provider that gives replies again where its role keeps them, and follows the rules of the config."""
        found: Provider = heard
        if self.kept is not None and wanted.keep_s:
            found = reply_cache.CachedProvider(heard, self.kept, heard.target, wanted.keep_s)
        return reflexes.RuledProvider(found, self.config.reflexes) if self.config.reflexes else found

    def answered(self, brain: Brain) -> None:
        """Learn that a model just answered: it is in memory."""
        if brain.local:
            self._memory[brain.name] = self.now(), True

    def nearest(self, brain: Brain) -> str:
        """Return what to ask for instead of a model that its provider does not have, empty where nothing is like it."""
        name = brain.name.partition(":")[0]
        known = _catalog.nearest(self._settings(name)[1], brain.model)
        return f"The nearest known model is {name}:{known}." if known not in ("", brain.model) else ""

    async def warm(self, brain: Brain) -> bool:
        """Let a local server load the model of `brain`; return whether it is there now."""
        name = brain.name.partition(":")[0]
        module, base_url, key = self._server(name)
        done: bool = await module.warm(base_url, brain.model, brain.window_tokens, brain.clocks.first_token_s, key)
        if done:
            self.answered(brain)
        return done

    async def _in_memory(self, name: str, model: str, until: float) -> bool:
        """Return whether a local model answers at once; where nothing says so, it is taken to."""
        at, there = self._memory.get(f"{name}:{model}", (-KEPT_S, False))
        if self.now() - at >= (KEPT_S if there else SILENT_S):
            there = await self._look_in_memory(name, model, until)
        return there

    async def _look_in_memory(self, name: str, model: str, until: float) -> bool:
        left = self._left(until)
        if not left:
            return True
        module, base_url, key = self._server(name)
        there = await module.loaded(base_url, model, left, key) is not False
        self._memory[f"{name}:{model}"] = self.now(), there
        return there

    def _left(self, until: float) -> float:
        """Return for how long a server may be asked, 0 if not at all."""
        left = until - self.now()
        return left if left >= LEAST_S else 0.0

    def _server(self, name: str) -> tuple[ModuleType, str, str | None]:
        """Return the module of a provider, where it listens, and its key."""
        provider, kind = self._settings(name)
        module = registry.load("providers", kind)
        return module, provider.base_url or module.BASE_URL, self._key(name)[1] or None

    def _settings(self, name: str) -> tuple[ProviderConfig, str]:
        provider = self.config.providers.get(name, ProviderConfig())
        return provider, kind_of(self.config, name)

    def _key(self, name: str) -> tuple[str | None, str]:
        """Return the variable of a provider's key, None if it needs none, and the key, empty if there is none."""
        provider, kind = self._settings(name)
        variable = provider.key_env or (registry.load("providers", kind).KEY_ENV if name == kind else None)
        return variable, self.environ.get(variable, "").strip() if variable else ""

    def _without_key(self, name: str, variable: str) -> Missing:
        """Say that there is no key, or why the one that is stored is not used."""
        refused = self.environ.refused.get(variable) if isinstance(self.environ, Keys) else None
        if refused:
            return Missing(name, f"its stored key is not used: {refused}", f"Set {variable}, or store another key.")
        return Missing(name, f"no key in ${variable}", f"Set {variable}, or run `hermes keys set {name}`.")

    async def _served(self, name: str, model: str | None, until: float) -> tuple[str, ...] | None:
        """Return the models of a local server; the first time, every local server is asked at once."""
        if name not in self._probed:
            known = {*self.config.providers} - {*self.config.routing.ignore}
            local = [one for one in known if self._settings(one)[1] in LOCAL and one not in self._probed]
            asked = list(dict.fromkeys((name, *local)))
            found = await asyncio.gather(*(self._ask(one, model if one == name else None, until) for one in asked))
            self._probed.update(zip(asked, found, strict=True))
            self._silent_at.update({one: self.now() for one in asked if self._probed[one] is None})
        return self._probed[name]

    async def _ask(self, name: str, model: str | None, until: float) -> tuple[str, ...] | None:
        """Return the models of a local server, and learn of the one it would answer with, before `until`."""
        provider, kind = self._settings(name)
        if kind not in registry.names("providers"):
            return None
        module, base_url, key = self._server(name)
        models: tuple[str, ...] | None = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._left(until)):
                models = await module.pulled(base_url, PROBE_S, key)
                first = pulled(model or (provider.models[0] if provider.models else None), models or ())
                if first is not None:
                    await self._told(name, first, until)
                    await self._look_in_memory(name, first, until)
        return models

    async def _told(self, name: str, model: str, until: float) -> int | None:
        """Return the window of a model as its server tells it before `until`, None where it does not."""
        at, told = self._windows.get(f"{name}:{model}", (-UNTOLD_S, None))
        left = self._left(until)
        if told is not None or not left or self.now() - at < UNTOLD_S:
            return told
        module, base_url, key = self._server(name)
        if hasattr(module, "window"):
            told = await module.window(base_url, model, left, key)
        self._windows[f"{name}:{model}"] = self.now(), told
        return told


@frozen(kw_only=False)
class HeardProvider:
    """A provider whose answers' headers are heard: what they say of a rate limit counts before the next call."""

    provider: Provider
    target: str
    base_url: str
    hear: Hear

    def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        """Stream as the provider does; see `ports.Provider`."""
        _limits.HEAR.set(self._heard)
        return self.provider.stream(request)

    def _heard(self, url: str, headers: Mapping[str, str]) -> None:
        if url.startswith(self.base_url.rstrip("/")):
            self.hear(self.target, headers)


@frozen
class Can:
    """What a model can do, as the config says, else as its name tells."""

    see: bool
    sample: bool
    reason: bool


def can(provider: ProviderConfig, model: str) -> Can:
    """Return what a model of a provider can do."""
    said = provider.abilities.get(model, Abilities())
    return Can(
        see=_catalog.sees(model) if said.pictures is None else said.pictures,
        sample=_catalog.allows_temperature(model) if said.temperature is None else said.temperature,
        reason=_catalog.takes_effort(model) if said.effort is None else said.effort,
    )


def target_of(base_url: str, model: str, key: str) -> str:
    """Return what stands for one model at one URL with one key; the key cannot be read from it."""
    address = re.sub(r"^(https?://)localhost(?=[:/]|$)", r"\g<1>127.0.0.1", base_url.rstrip("/").lower())
    return hashlib.sha256("\0".join((address, model, key)).encode()).hexdigest()[:16]


def _brain(wanted: settings.Brain, offered: _Offered, able: Can, target: str, provider: Provider) -> Brain:
    return Brain(
        name=f"{offered.candidate.provider}:{offered.model}",
        model=offered.model,
        provider=provider,
        price=offered.price,
        window_tokens=offered.window_tokens or _catalog.UNKNOWN_WINDOW,
        window_known=offered.window_tokens is not None,
        why=offered.candidate.why,
        local=offered.local,
        clocks=clocks_of(wanted, local=offered.local),
        max_tokens=wanted.max_tokens,
        temperature=wanted.temperature if able.sample else None,
        target=target,
        sees=able.see,
        reasons=able.reason,
        role_cap=limits_of(wanted.budget),
    )


def limits_of(cap: settings.Cap) -> Limits:
    """Return a cap of the config as the kernel keeps it."""
    return Limits(usd=cap.usd, tokens=cap.tokens)


def clocks_of(wanted: settings.Brain, *, local: bool) -> Clocks:
    """Return the four clocks of a role; what neither it nor cortex sets depends on where the model runs."""
    own = without_empty(wanted.clocks)
    return replace(LOCAL_CLOCKS if local else CLOUD_CLOCKS, **own)


def _extras(config: HermesConfig, provider: ProviderConfig, kind: str) -> dict[str, object]:
    """Return what only some providers take."""
    extras: dict[str, object] = {"client": provider.client} if provider.client != "wire" else {}
    if kind == "openrouter" and config.openrouter.provider:
        extras["routing"] = dict(config.openrouter.provider)
    return extras


def pulled(model: str | None, served: tuple[str, ...]) -> str | None:
    """Return the pulled model of that name, `:latest` being understood; without a name the first that can talk."""
    if model is None:
        return next((name for name in served if "embed" not in name), None)
    return next((name for name in served if name in (model, f"{model}:latest")), None)
