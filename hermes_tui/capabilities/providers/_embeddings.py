"""Embeddings over the wires of Ollama and OpenAI: texts in, vectors of length one out."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from hermes_tui.capabilities.providers._http import get_json
from hermes_tui.capabilities.providers._json import fields_of, list_of
from hermes_tui.domain.errors import FailureReason, ProviderUnreachable, ReplyMalformed
from hermes_tui.domain.patterns import later
from hermes_tui.domain.values import frozen

LIMIT_S: Final = 60.0
PROBE_S: Final = 1.0
"""How long a server of this machine may take to say which models it has."""
_MOST_ASKED: Final = 8
_EMBEDS: Final = later(r"embed|minilm|bge|arctic|gte-|e5-|paraphrase", re.IGNORECASE)
"""How models that make vectors are called; what a server says of its model decides, this only saves asking."""


@frozen
class WireEmbedder:
    """Implements `memory.Embedder`; `model` is the name the server knows."""

    wire: Literal["ollama", "openai"]
    base_url: str
    model: str
    headers: Mapping[str, str]

    @property
    def name(self) -> str:
        """What vectors are kept under; another model's are never compared with them."""
        return f"{self.wire}:{self.model}"

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        """Return a vector for each text, as little-endian float32 of length one.

        Raises:
            ProviderError: the server did not answer, refused, or sent something else.
        """
        path = "/api/embed" if self.wire == "ollama" else "/embeddings"
        headers = {**self.headers, "content-type": "application/json"}
        url = self.base_url.rstrip("/") + path
        answer = await get_json(url, headers, LIMIT_S, {"model": self.model, "input": list(texts)})
        if answer is None:
            message = f"{self.name} gave no embeddings at {url}."
            raise ProviderUnreachable(message, reason=FailureReason.UNREACHABLE, hint="Is the model pulled?")
        rows = self._rows(answer)
        if len(rows) != len(texts) or not all(rows):
            message = f"{self.name} sent {len(rows)} vectors for {len(texts)} texts."
            raise ReplyMalformed(message, reason=FailureReason.MALFORMED)
        return [_packed(row) for row in rows]

    def _rows(self, answer: object) -> list[list[float]]:
        if self.wire == "ollama":
            return [_numbers(row) for row in _list(fields_of(answer).get("embeddings"))]
        return [_numbers(row.get("embedding")) for row in list_of(fields_of(answer), "data")]


async def pulled_embedder(base_url: str) -> WireEmbedder | None:
    """Return the first embedding model, by name, that the Ollama server at `base_url` has pulled; None if it has none.

    A model that talks is never taken, though Ollama would make vectors with it: they tell little apart.
    """
    root = base_url.rstrip("/")
    listed = list_of(fields_of(await get_json(f"{root}/api/tags", {}, PROBE_S)), "models")
    names = sorted(str(entry.get("name", "")) for entry in listed)
    for name in [name for name in names if _EMBEDS.search(name)][:_MOST_ASKED]:
        headers = {"content-type": "application/json"}
        shown = fields_of(await get_json(f"{root}/api/show", headers, PROBE_S, {"model": name}))
        if shown and "embedding" in _list(shown.get("capabilities", ["embedding"])):
            return WireEmbedder(wire="ollama", base_url=base_url, model=name.removesuffix(":latest"), headers={})
    return None


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []  # pyright: ignore[reportUnknownArgumentType] any JSON


def _numbers(value: object) -> list[float]:
    return [float(number) for number in _list(value) if isinstance(number, int | float)]


def _packed(row: Sequence[float]) -> bytes:
    length = math.sqrt(sum(number * number for number in row)) or 1.0
    packed = array("f", [number / length for number in row])
    if packed.itemsize != 4:
        raise ReplyMalformed("This machine has no 32-bit floats.", reason=FailureReason.UNSUPPORTED)
    return packed.tobytes()
