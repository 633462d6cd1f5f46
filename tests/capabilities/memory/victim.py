"""A process that remembers, commits and indexes anew until it is killed or done; it prints the id of each note kept."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

from hermes_tui.capabilities.governance.redact import SecretRedactor
from hermes_tui.capabilities.memory.history import History
from hermes_tui.capabilities.memory.repository import Repository
from hermes_tui.capabilities.memory.writing import Writer, WritingPolicy
from hermes_tui.domain.memory import NoteAuthor, NoteDraft, Origin
from tests.capabilities.memory.vaults import open_vault


def main(home: Path, name: str, most: int | None = None) -> None:
    """Write `most` notes, or until the end of time."""
    vault = open_vault(home)
    writer = Writer(vault.ingress, SecretRedactor(), WritingPolicy(index_bytes=60_000), vault.clock.now)
    history = History(Repository(home), vault.outbox, home / "state")
    for number in itertools.islice(itertools.count(1), most):
        draft = NoteDraft(text=f"{name} counts crate {number}", about=f"{name} crate {number // 2}")
        kept = writer.remember(draft, Origin(author=NoteAuthor.AGENT, run=name), "")
        sys.stdout.write(f"{kept.note_id}\n")
        sys.stdout.flush()
        if number % 3 == 0:
            history.flush()
        if number % 5 == 0:
            vault.ingress.rebuild()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:]))
