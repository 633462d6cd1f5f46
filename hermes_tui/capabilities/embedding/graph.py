"""MiniLM as an ONNX graph over the weights of a safetensors file, which stays where it is and is never copied.

The two formats are small enough to be written and read by hand: https://onnx.ai/onnx/repo-docs/IR.html (protocol
buffers; field numbers from onnx.proto) and https://huggingface.co/docs/safetensors (a length, a JSON head, numbers).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from hermes_tui.domain.values import frozen

IR_VERSION: Final = 9
OPSET: Final = 20
HEAD: Final = 32
"""Numbers that one head of MiniLM looks at."""
EPSILON: Final = 1e-12
_FLOAT, _INT64 = 1, 7
_MOST_HEAD: Final = 1_000_000
"""Bytes of a head; that of this model has 11,000."""
_EXTERNAL: Final = 1


@frozen(kw_only=False)
class Weight:
    """Where the numbers of one tensor lie in the file."""

    shape: tuple[int, ...]
    offset: int
    length: int


def weights_of(path: Path) -> dict[str, Weight]:
    """Return the float tensors of a safetensors file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no such file.
    """
    with path.open("rb") as file:
        head = file.read(8)
        (size,) = struct.unpack("<Q", head) if len(head) == 8 else (0,)
        if not 0 < size < _MOST_HEAD:
            raise ValueError(f"{path} is no safetensors file")
        fields = json.loads(file.read(size))
    return {
        name: Weight(tuple(tensor["shape"]), 8 + size + tensor["data_offsets"][0], _length(tensor["data_offsets"]))
        for name, tensor in fields.items()
        if tensor.get("dtype") == "F32"
    }


def graph_over(path: Path) -> bytes:
    """Return the model that turns `ids` and `mask` (both batch × length) into `vectors` of length one.

    Its weights are named by place in the file at `path`; who runs it says in which folder that is.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no safetensors file.
        KeyError: it holds another model.
    """
    return _Builder(weights_of(path), path.name).model()


def _length(offsets: Sequence[int]) -> int:
    return offsets[1] - offsets[0]


class _Builder:
    def __init__(self, weights: Mapping[str, Weight], file: str) -> None:
        self._weights = weights
        self._file = file
        (self._size,) = weights["embeddings.LayerNorm.weight"].shape
        self._layers = len({name.split(".")[2] for name in weights if name.startswith("encoder.layer.")})
        self._body: list[bytes] = []
        self._taken: set[str] = set()
        self._count = 0

    def model(self) -> bytes:
        """Return the whole model."""
        self._result(self._pooled(self._hidden()))
        given = [_message(11, _value(name, _INT64, ("batch", "length"))) for name in ("ids", "mask")]
        result = _message(12, _value("vectors", _FLOAT, ("batch", self._size)))
        graph = b"".join([*self._body, _text(2, "minilm"), *given, result])
        return _number(1, IR_VERSION) + _message(8, _text(1, "") + _number(2, OPSET)) + _message(7, graph)

    def _hidden(self) -> str:
        """Return the last layer's output, one row per token."""
        words = self._add("Gather", self._weight("embeddings.word_embeddings.weight"), "ids")
        length = self._add("Gather", self._add("Shape", "ids"), self._ints(1))
        table = self._weight("embeddings.position_embeddings.weight")
        positions = self._add("Slice", table, self._ints([0]), self._add("Unsqueeze", length, self._ints([0])))
        kind = self._add("Gather", self._weight("embeddings.token_type_embeddings.weight"), self._ints(0))
        summed = self._add("Add", self._add("Add", words, positions), kind)
        rows = self._add("Reshape", summed, self._ints([-1, self._size]))
        rows = self._normal(rows, "embeddings.LayerNorm")
        shape = self._add("Concat", self._add("Shape", "ids"), self._ints([self._size // HEAD, HEAD]), axis=0)
        hide = self._bias()
        for number in range(self._layers):
            rows = self._layer(rows, f"encoder.layer.{number}", shape, hide)
        return rows

    def _layer(self, rows: str, name: str, shape: str, hide: str) -> str:
        heads = {part: self._head(rows, f"{name}.attention.self.{part}", shape) for part in ("query", "key", "value")}
        keys = self._add("Transpose", heads["key"], perm=(0, 2, 3, 1))
        queries, values = (self._add("Transpose", heads[part], perm=(0, 2, 1, 3)) for part in ("query", "value"))
        scores = self._add("Mul", self._add("MatMul", queries, keys), self._floats(HEAD**-0.5))
        shares = self._add("Softmax", self._add("Add", scores, hide), axis=-1)
        seen = self._add("Transpose", self._add("MatMul", shares, values), perm=(0, 2, 1, 3))
        seen = self._add("Reshape", seen, self._ints([-1, self._size]))
        seen = self._add("Add", self._dense(seen, f"{name}.attention.output.dense"), rows)
        seen = self._normal(seen, f"{name}.attention.output.LayerNorm")
        wide = self._add("Gelu", self._dense(seen, f"{name}.intermediate.dense"))
        out = self._add("Add", self._dense(wide, f"{name}.output.dense"), seen)
        return self._normal(out, f"{name}.output.LayerNorm")

    def _pooled(self, rows: str) -> str:
        """Return the mean of each text's tokens, brought to length one."""
        shape = self._add("Concat", self._add("Shape", "ids"), self._ints([self._size]), axis=0)
        tokens = self._add("Reshape", rows, shape)
        there = self._add("Unsqueeze", self._add("Cast", "mask", to=_FLOAT), self._ints([2]))
        total = self._add("ReduceSum", self._add("Mul", tokens, there), self._ints([1]), keepdims=0)
        mean = self._add("Div", total, self._add("ReduceSum", there, self._ints([1]), keepdims=0))
        return self._add("LpNormalization", mean, axis=-1, p=2)

    def _bias(self) -> str:
        """Return what keeps a token from looking at padding."""
        there = self._add("Cast", "mask", to=_FLOAT)
        away = self._add("Mul", self._add("Sub", there, self._floats(1.0)), self._floats(1e9))
        return self._add("Unsqueeze", away, self._ints([1, 2]))

    def _head(self, rows: str, name: str, shape: str) -> str:
        return self._add("Reshape", self._dense(rows, name), shape)

    def _dense(self, rows: str, name: str) -> str:
        return self._add("Gemm", rows, self._weight(f"{name}.weight"), self._weight(f"{name}.bias"), transB=1)

    def _normal(self, rows: str, name: str) -> str:
        scale, shift = self._weight(f"{name}.weight"), self._weight(f"{name}.bias")
        return self._add("LayerNormalization", rows, scale, shift, axis=-1, epsilon=EPSILON)

    def _result(self, name: str) -> None:
        self._body.append(_message(1, _text(1, name) + _text(2, "vectors") + _text(4, "Identity")))

    def _add(self, kind: str, *inputs: str, **attributes: float | Sequence[int]) -> str:
        """Add a node; return the name of its output."""
        name = self._name()
        fields = [*(_text(1, given) for given in inputs), _text(2, name), _text(4, kind)]
        fields += [_message(5, _attribute(key, value)) for key, value in attributes.items()]
        self._body.append(_message(1, b"".join(fields)))
        return name

    def _weight(self, name: str) -> str:
        weight = self._weights[name]
        if name not in self._taken:
            self._taken.add(name)
            place = {"location": self._file, "offset": str(weight.offset), "length": str(weight.length)}
            entries = b"".join(_message(13, _text(1, key) + _text(2, value)) for key, value in place.items())
            dims = b"".join(_number(1, dim) for dim in weight.shape)
            tensor = dims + _number(2, _FLOAT) + _text(8, name) + entries + _number(14, _EXTERNAL)
            self._body.append(_message(5, tensor))
        return name

    def _ints(self, value: int | Sequence[int]) -> str:
        values = [value] if isinstance(value, int) else list(value)
        dims = b"" if isinstance(value, int) else _number(1, len(values))
        return self._constant(dims + _number(2, _INT64), struct.pack(f"<{len(values)}q", *values))

    def _floats(self, value: float) -> str:
        return self._constant(_number(2, _FLOAT), struct.pack("<f", value))

    def _constant(self, head: bytes, data: bytes) -> str:
        name = self._name()
        self._body.append(_message(5, head + _text(8, name) + _message(9, data)))
        return name

    def _name(self) -> str:
        self._count += 1
        return f"x{self._count}"


def _value(name: str, kind: int, shape: Sequence[str | int]) -> bytes:
    dims = b"".join(_message(1, _text(2, dim) if isinstance(dim, str) else _number(1, dim)) for dim in shape)
    return _text(1, name) + _message(2, _message(1, _number(1, kind) + _message(2, dims)))


def _attribute(name: str, value: float | Sequence[int]) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, 2)
    if isinstance(value, float):
        return _text(1, name) + _key(2, 5) + struct.pack("<f", value) + _number(20, 1)
    return _text(1, name) + b"".join(_number(8, number) for number in value) + _number(20, 7)


def _key(field: int, wire: int) -> bytes:
    return _varint(field << 3 | wire)


def _number(field: int, value: int) -> bytes:
    return _key(field, 0) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _message(field, value.encode())


def _message(field: int, body: bytes) -> bytes:
    return _key(field, 2) + _varint(len(body)) + body


def _varint(value: int) -> bytes:
    """Return a number seven bits a byte, least first; a negative one as its two's complement of 64 bits."""
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])
