"""How long a note takes to be safe on disk, and to stand in git, in a home that holds many already."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from hermes_tui.capabilities.governance.redact import SecretRedactor
from hermes_tui.capabilities.memory.history import History, HistoryWriter
from hermes_tui.capabilities.memory.repository import Repository
from hermes_tui.capabilities.memory.writing import Writer, WritingPolicy
from hermes_tui.domain.memory import NoteAuthor, NoteDraft, Origin
from tests.bench_memory.measures import percentile, say
from tests.capabilities.memory.vaults import TestVault, note, open_vault

NOTES = 1_000
WRITES = 100
POLL_S = 0.02
LIMIT_S = 30.0
AGENT = Origin(author=NoteAuthor.AGENT)


def report() -> None:
    """Print both times; the second is that of the background writer, as it runs in a session."""
    with tempfile.TemporaryDirectory() as folder:
        vault = open_vault(Path(folder) / "home")
        for number in range(NOTES):
            vault.put(f"memory/facts/shelf{number}.md", note(f"Shelf {number} holds crate {number * 7}"))
        vault.ingress.sync()
        history = History(Repository(vault.home), vault.outbox, vault.home / "state")
        history.flush()
        remembered, committed = _write(vault, history)
        durable = [_change(vault, number) for number in range(WRITES)]
        vault.close()
    _tell(f"a note beside {NOTES:,} others: compared with what is known, on disk and searchable", remembered)
    _tell("of that from its text to durable and searchable", durable)
    say(f"in git after {max(committed):.1f} s at most, {sum(committed) / len(committed):.1f} s on average")


def _write(vault: TestVault, history: History) -> tuple[list[float], list[float]]:
    writer = Writer(vault.ingress, SecretRedactor(), WritingPolicy(index_bytes=1_000_000), vault.clock.now)
    durable: list[float] = []
    committed: list[float] = []
    following = HistoryWriter(history, lambda error: say(str(error)))
    for number in range(WRITES):
        started = time.perf_counter()
        writer.remember(NoteDraft(text=f"Lamp {number} hangs over bench {number * 3}"), AGENT, "")
        durable.append(time.perf_counter() - started)
        following.wake()
        if number % 20 == 0:
            committed.append(_until_committed(history))
    following.close()
    return durable, committed


def _until_committed(history: History) -> float:
    started = time.perf_counter()
    while history.waiting() and time.perf_counter() - started < LIMIT_S:
        time.sleep(POLL_S)
    return time.perf_counter() - started


def _change(vault: TestVault, number: int) -> float:
    data = note(f"Bench {number} stands by door {number * 5}").encode()
    started = time.perf_counter()
    vault.change(f"memory/facts/bench{number}.md", data)
    return time.perf_counter() - started


def _tell(what: str, seconds: list[float]) -> None:
    p50, p95 = (percentile(seconds, share) * 1e3 for share in (0.5, 0.95))
    say(f"{what}: p50 {p50:.1f} ms, p95 {p95:.1f} ms")
