"""Which embedder a home's memory has: the one that the config names, MiniLM, or one that Ollama is found to have."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from hermes_tui.capabilities import registry
from hermes_tui.capabilities.embedding.local import INSTALL, local_model
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.memory import Embedder
from hermes_tui.services.config import HermesConfig
from hermes_tui.services.memory.settings import Seek


def embedder_of(config: HermesConfig, keys: Mapping[str, str]) -> Embedder | None:
    """Return what fills the role `hippocampus.embedding`, None where memory is to go by words alone.

    `auto` is the MiniLM of this machine if it is installed, else what `seeker_of` finds; `local` insists on MiniLM.

    Raises:
        UsageInvalid: it names a provider that has no embeddings, or a model that is not installed.
    """
    role = config.brains.get("hippocampus.embedding")
    wanted = role.model if role is not None else None
    match wanted:
        case None | "none":
            return None
        case "auto" | "local":
            found = local_model()
            if found is None and wanted == "local":
                message = "brains.hippocampus.embedding: local, but no embedding model is installed here."
                raise UsageInvalid(message, hint=INSTALL)
            return found
        case _:
            return _wire_embedder(config, keys, wanted)


def seeker_of(config: HermesConfig) -> Seek | None:
    """Return what looks for an embedding model in the Ollama server of this machine.

    None where the config says which embedder there is, or no such server: what is remembered never leaves the machine
    unless the operator said so.
    """
    role = config.brains.get("hippocampus.embedding")
    if role is None or role.model != "auto" or local_model() is not None:
        return None
    kinds = {name: provider.kind or name for name, provider in config.providers.items()}
    found = next((config.providers[name] for name, kind in kinds.items() if kind == "ollama"), None)
    if found is None:
        return None
    base = str(found.base_url or registry.load("providers", "ollama").BASE_URL)
    if urlsplit(base).hostname not in ("127.0.0.1", "::1", "localhost"):
        return None

    async def seek() -> Embedder | None:
        pulled: Embedder | None = await registry.load_private("providers", "_embeddings").pulled_embedder(base)
        return pulled

    return seek


def _wire_embedder(config: HermesConfig, keys: Mapping[str, str], wanted: str) -> Embedder:
    name, _, model = wanted.partition(":")
    provider = config.providers.get(name)
    kind = provider.kind or name if provider else name
    if provider is None or not model or kind not in ("ollama", "openai"):
        message = f"brains.hippocampus.embedding: {wanted!r} names no provider with embeddings."
        raise UsageInvalid(message, hint="Write auto, local, none, ollama:MODEL or openai:MODEL.")
    embeddings = registry.load_private("providers", "_embeddings")
    base = provider.base_url or registry.load("providers", kind).BASE_URL
    key = keys.get(provider.key_env or "", "")
    made: Embedder = embeddings.WireEmbedder(
        wire="ollama" if kind == "ollama" else "openai",
        base_url=base,
        model=model,
        headers={"authorization": f"Bearer {key}"} if key else {},
    )
    return made
