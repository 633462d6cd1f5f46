"""Recall on long dialogues, through the same JSON lines that anyone can use."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from hermes_tui.services.memory_pipe import Pipe, open_pipe
from tests.bench_memory.dialogues import Asked, Dialogue, dialogues
from tests.bench_memory.measures import NAMES, mean, measure, percentile
from tests.bench_memory.plain import PlainSearch

MOST = 20
KINDS = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}
Ask = Callable[[Asked], list[str]]


def report(path: Path) -> None:
    """Print recall, MRR and nDCG of Hermes and of plain full-text search, in all and by category."""
    found: dict[str, list[tuple[int, tuple[float, ...]]]] = {"hermes": [], "fts5-bm25": []}
    seconds: list[float] = []
    with open_pipe() as pipe:
        for dialogue in dialogues(path):
            found["fts5-bm25"] += _plainly(dialogue)
            found["hermes"] += _through(pipe, dialogue, seconds)
    count = len(found["hermes"])
    _say(f"recall over {count} questions ({path.name}), one memory per turn, no model")
    _say(f"{'':22}" + "".join(f"{name:>9}" for name in NAMES))
    for system, rows in found.items():
        _say(f"{system:22}" + "".join(f"{value:9.1f}" for value in mean([row for _, row in rows])))
    for category, kind in KINDS.items():
        for system, rows in found.items():
            of_kind = [row for asked, row in rows if asked == category]
            if of_kind:
                _say(f"  {kind:12} {system:9}" + "".join(f"{value:7.1f}  " for value in mean(of_kind)))
    p50, p95 = percentile(seconds, 0.5) * 1e3, percentile(seconds, 0.95) * 1e3
    _say(f"search through the pipe: p50 {p50:.1f} ms, p95 {p95:.1f} ms")


def _plainly(dialogue: Dialogue) -> list[tuple[int, tuple[float, ...]]]:
    plain = PlainSearch()
    plain.add(dialogue.turns)
    found = [(asked.category, measure(plain.search(asked.text, MOST), asked.evidence)) for asked in dialogue.asked]
    plain.close()
    return found


def _through(pipe: Pipe, dialogue: Dialogue, seconds: list[float]) -> list[tuple[int, tuple[float, ...]]]:
    _request(pipe, {"op": "reset"})
    _request(pipe, {"op": "ingest", "items": dialogue.turns})
    found: list[tuple[int, tuple[float, ...]]] = []
    for asked in dialogue.asked:
        started = time.perf_counter()
        ids = _request(pipe, {"op": "search", "query": asked.text, "k": MOST, "now": dialogue.now})["ids"]
        seconds.append(time.perf_counter() - started)
        found.append((asked.category, measure(ids, asked.evidence)))
    return found


def _request(pipe: Pipe, request: dict[str, object]) -> dict[str, list[str]]:
    answer: dict[str, list[str]] = json.loads(pipe.answer(json.dumps(request)))
    if "error" in answer:
        raise RuntimeError(answer["error"])
    return answer


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
