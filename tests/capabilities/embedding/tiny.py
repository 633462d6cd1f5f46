"""A BERT of one layer and eight words with made-up weights, as files, and what it must answer by its definition."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "tea", "kettle", "##s", "!")
SIZE = 32
Weights = dict[str, np.ndarray[Any, np.dtype[np.float32]]]
Array = np.ndarray[Any, np.dtype[Any]]


def write_tiny(folder: Path) -> Weights:
    """Write the model's files into `folder`; return its weights."""
    chance = np.random.default_rng(5)
    weights: Weights = {name: chance.normal(0, 0.3, shape).astype(np.float32) for name, shape in _shapes().items()}
    (folder / "vocab.txt").write_text("\n".join(WORDS), encoding="utf-8")
    head: dict[str, object] = {"__metadata__": {"format": "pt"}}
    body = b""
    for name, weight in weights.items():
        data = weight.tobytes()
        head[name] = {"dtype": "F32", "shape": weight.shape, "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    packed = json.dumps(head).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(packed)) + packed + body)
    return weights


def forward(weights: Weights, ids: Sequence[int]) -> list[float]:
    """Return the vector of one text by BERT's definition, with one head."""
    layer = "encoder.layer.0"

    def dense(rows: Array, name: str) -> Array:
        return rows @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def normal(rows: Array, name: str) -> Array:
        rows = rows - rows.mean(-1, keepdims=True)
        rows = rows / np.sqrt((rows**2).mean(-1, keepdims=True) + 1e-12)
        return rows * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    rows = weights["embeddings.word_embeddings.weight"][list(ids)].astype(np.float64)
    rows += weights["embeddings.position_embeddings.weight"][: len(ids)]
    rows = normal(rows + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    query, key, value = (dense(rows, f"{layer}.attention.self.{part}") for part in ("query", "key", "value"))
    shares = np.exp(query @ key.T / math.sqrt(SIZE))
    seen = shares / shares.sum(-1, keepdims=True) @ value
    seen = normal(dense(seen, f"{layer}.attention.output.dense") + rows, f"{layer}.attention.output.LayerNorm")
    wide = dense(seen, f"{layer}.intermediate.dense")
    wide = wide * 0.5 * (1 + np.vectorize(math.erf)(wide / math.sqrt(2)))
    mean = normal(dense(wide, f"{layer}.output.dense") + seen, f"{layer}.output.LayerNorm").mean(0)
    vector: list[float] = (mean / np.linalg.norm(mean)).tolist()
    return vector


def _shapes() -> dict[str, tuple[int, ...]]:
    square, wide = (SIZE, SIZE), 2 * SIZE
    layer = "encoder.layer.0"
    dense = {f"{layer}.attention.self.{part}": square for part in ("query", "key", "value")}
    dense |= {
        f"{layer}.attention.output.dense": square,
        f"{layer}.intermediate.dense": (wide, SIZE),
        f"{layer}.output.dense": (SIZE, wide),
    }
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(WORDS), SIZE),
        "embeddings.position_embeddings.weight": (16, SIZE),
        "embeddings.token_type_embeddings.weight": (2, SIZE),
    }
    for name, shape in dense.items():
        shapes |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    for name in ("embeddings", f"{layer}.attention.output", f"{layer}.output"):
        shapes |= {f"{name}.LayerNorm.weight": (SIZE,), f"{name}.LayerNorm.bias": (SIZE,)}
    return shapes
