"""A MiniLM run by onnxruntime; the only file that imports it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import onnxruntime

from hermes_tui.capabilities.embedding.graph import graph_over
from hermes_tui.capabilities.embedding.wordpiece import WordPiece

WEIGHTS: Final = "model.safetensors"
VOCABULARY: Final = "vocab.txt"
THREADS: Final = 2
AT_ONCE: Final = 16
"""Texts of one pass; more cost memory and gain nothing."""
_ERRORS_ONLY: Final = 3
_FOLDER: Final = "session.model_external_initializers_file_folder_path"
_SPIN: Final = "session.intra_op.allow_spinning"

_Numbers = np.ndarray[Any, np.dtype[Any]]


class _Session(Protocol):
    """What is asked of onnxruntime, which ships no types."""

    def run(self, names: Sequence[str], given: Mapping[str, _Numbers]) -> Sequence[Sequence[_Numbers]]: ...


class MiniLM:
    """The model, loaded; it may be asked from any thread."""

    def __init__(self, folder: Path) -> None:
        """Load the weights and the vocabulary in `folder`.

        Raises:
            OSError: a file cannot be read.
            ValueError: a file is not what its name says.
            KeyError: it is another model.
            RuntimeError: onnxruntime refuses it.
        """
        self._words = WordPiece(folder / VOCABULARY)
        self._session = _session(folder)

    def vectors_of(self, texts: Sequence[str]) -> list[bytes]:
        """Return the vectors of `texts`; texts of like length go together, since the longest sets the cost of all."""
        read = [self._words.read(text) for text in texts]
        order = sorted(range(len(read)), key=lambda place: len(read[place]))
        found = [b""] * len(read)
        for start in range(0, len(order), AT_ONCE):
            part = order[start : start + AT_ONCE]
            for place, vector in zip(part, _run(self._session, [read[place] for place in part]), strict=True):
                found[place] = vector
        return found


def _session(folder: Path) -> _Session:
    runtime: Any = onnxruntime
    options = runtime.SessionOptions()
    options.intra_op_num_threads = min(THREADS, os.cpu_count() or 1)
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    options.enable_cpu_mem_arena = False  # it keeps the largest batch's memory for ever
    options.add_session_config_entry(_SPIN, "0")  # spinning threads take the machine from everyone else
    options.add_session_config_entry(_FOLDER, str(folder))
    made: _Session = runtime.InferenceSession(graph_over(folder / WEIGHTS), options, providers=["CPUExecutionProvider"])
    return made


def _run(session: _Session, texts: Sequence[Sequence[int]]) -> list[bytes]:
    longest = max(map(len, texts))
    ids = np.zeros((len(texts), longest), dtype=np.int64)
    mask = np.zeros((len(texts), longest), dtype=np.int64)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = text
        mask[row, : len(text)] = 1
    (vectors,) = session.run(["vectors"], {"ids": ids, "mask": mask})
    return [np.asarray(vector, dtype="<f4").tobytes() for vector in vectors]
