"""A vault for tests: a home with files, outbox and index, under a clock that the test owns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hermes_tui.capabilities.memory.candidates import Filters
from hermes_tui.capabilities.memory.database import IndexDatabase
from hermes_tui.capabilities.memory.files import VaultFiles
from hermes_tui.capabilities.memory.index import MemoryIndex
from hermes_tui.capabilities.memory.ingress import Edit, Ingress, Reason
from hermes_tui.capabilities.memory.ranking import Recall, Search
from hermes_tui.capabilities.state.ledger import Ledger
from hermes_tui.capabilities.state.outbox import LedgerOutbox
from hermes_tui.domain.memory import NoteAuthor

START = 1_767_268_800.0
"""2026-01-01T12:00:00Z."""
AGENT = Reason(author=NoteAuthor.AGENT, subject="remember")


class FixedClock:
    """Time stands still until the test moves it."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds


@dataclass
class TestVault:
    """Everything of one home."""

    __test__ = False

    home: Path
    clock: FixedClock
    ledger: Ledger
    outbox: LedgerOutbox
    index: MemoryIndex
    files: VaultFiles
    ingress: Ingress

    def put(self, path: str, text: str | bytes) -> None:
        """Write a file as an operator's editor does."""
        target = self.home / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode() if isinstance(text, str) else text)

    def change(self, path: str, data: bytes | None) -> None:
        """Change a file as Hermes does."""
        self.ingress.change([Edit(path, lambda _: data)], AGENT)

    def found(self, text: str, *, past: bool = False) -> list[str]:
        """Return the ids of what a search brings after a look at the files."""
        self.ingress.sync()
        search = Search(text=text, now=self.clock.now(), filters=Filters(past=past))
        return [hit.item.id for hit in Recall(self.index).search(search)]

    def close(self) -> None:
        self.index.database.close()
        self.files.close()
        self.ledger.close()


def open_vault(home: Path) -> TestVault:
    """Open the home at `home`, made if it is not there."""
    clock = FixedClock()
    state = home / "state"
    state.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(state / "ledger.db", clock)
    outbox = LedgerOutbox(ledger)
    index = MemoryIndex(IndexDatabase(state / "index.db"))
    files = VaultFiles(home, state)
    return TestVault(home, clock, ledger, outbox, index, files, Ingress(files, index, outbox, clock.now))


def note(text: str, **head: str) -> str:
    """Return the text of a note file."""
    lines = "".join(f"{key}: {value}\n" for key, value in head.items())
    return f"---\n{lines}---\n{text}\n"
