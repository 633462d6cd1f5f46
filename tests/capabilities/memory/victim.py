"""A process that remembers and commits until it is killed; it prints the id of each note that was acknowledged."""

from __future__ import annotations

import sys
from pathlib import Path

from hermes_tui.capabilities.governance.redact import SecretRedactor
from hermes_tui.capabilities.memory.history import History
from hermes_tui.capabilities.memory.repository import Repository
from hermes_tui.capabilities.memory.writing import Writer, WritingPolicy
from hermes_tui.domain.memory import NoteAuthor, NoteDraft, Origin
from tests.capabilities.memory.vaults import open_vault


def main(home: Path, name: str) -> None:
    """Write until the end of time."""
    vault = open_vault(home)
    writer = Writer(vault.ingress, SecretRedactor(), WritingPolicy(index_bytes=60_000), vault.clock.now)
    history = History(Repository(home), vault.outbox, home / "state")
    number = 0
    while True:
        number += 1
        draft = NoteDraft(text=f"{name} counts crate {number}", about=f"{name} crate {number // 2}")
        kept = writer.remember(draft, Origin(author=NoteAuthor.AGENT, run=name), "")
        sys.stdout.write(f"{kept.note_id}\n")
        sys.stdout.flush()
        if number % 3 == 0:
            history.flush()
        if number % 5 == 0:
            vault.index.database.start_over()
            vault.ingress.forget_stamps()
            vault.ingress.sync()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
