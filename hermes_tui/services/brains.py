"""Who answers: the brain of each role, from the config, the keys and what is reachable."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

from hermes_tui.capabilities import registry
from hermes_tui.domain.errors import NoProvider
from hermes_tui.domain.ports import Brain
from hermes_tui.services.config import HermesConfig

CLOUD_KEYS: Final = {
    "anthropic": "ANTHROPIC_API_KEY",
    "openai": "OPENAI_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
}
LOCAL: Final = {"ollama": "start it with `ollama serve` and pull a model", "lmstudio": "load a model in LM Studio"}


@dataclass(frozen=True, slots=True)
class Looked:
    """What was looked for, what was found, and what to do."""

    provider: str
    found: str
    remedy: str


class ConfiguredBrains:
    """The brains that the config names; `auto` tries `routing.order`."""

    def __init__(self, config: HermesConfig, wanted: str) -> None:
        self._config = config
        cortex = config.brains.get("cortex")
        self._wanted = wanted if wanted != "auto" else (cortex.model if cortex and cortex.model else "auto")

    async def choose(self, role: str) -> Brain:
        """Return the brain for `role`.

        Raises:
            NoProvider: nothing can answer; the message names each provider, what was found, and the remedy.
        """
        looked = [self._look(name) for name in self._config.routing.order if name not in self._config.routing.ignore]
        said = "; ".join(f"{one.provider}: {one.found}" for one in looked)
        hint = " ".join(f"{one.provider}: {one.remedy}." for one in looked)
        raise NoProvider(f"No brain can answer for {role} ({self._wanted}). Looked for {said}.", hint=hint)

    def _look(self, name: str) -> Looked:
        provider = self._config.providers.get(name)
        key = (provider.key_env if provider else None) or CLOUD_KEYS.get(name)
        built_in = name in registry.names("providers")
        if not built_in:
            return Looked(name, "not part of this version", "choose another provider")
        if key is not None and not os.environ.get(key):
            return Looked(name, f"no key in ${key}", f"set {key}")
        return Looked(name, "no answer", LOCAL.get(name, "check its address with `hermes config explain providers`"))
