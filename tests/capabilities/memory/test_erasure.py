"""A note leaves history for good, and what was before it stays as it was."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hermes_tui.capabilities.memory.contents import without_line
from hermes_tui.capabilities.memory.erasure import Eraser
from hermes_tui.capabilities.memory.history import History
from hermes_tui.capabilities.memory.repository import Repository
from tests.capabilities.memory.vaults import TestVault, note, open_vault

GONE = "memory/gone.md"


class CountingRepository(Repository):
    """Counts how often git is started."""

    started = 0

    def run(self, *arguments: str, stdin: bytes = b"", allowed: Sequence[int] = (0,)) -> bytes:
        self.started += 1
        return super().run(*arguments, stdin=stdin, allowed=allowed)


def commit(vault: TestVault, changes: dict[str, bytes | None]) -> str:
    """Change files, and return the commit that this became."""
    for path, data in changes.items():
        vault.change(path, data)
    repository = Repository(vault.home)
    History(repository, vault.outbox, vault.home / "state").flush()
    return repository.head()


def history_with(vault: TestVault, before: int, after: int) -> list[str]:
    """Make commits before and after the one that brings the note that will be erased."""
    made = [commit(vault, {f"memory/early{n}.md": note(f"Early {n}").encode()}) for n in range(before)]
    made.append(
        commit(vault, {GONE: note("The code is swordfish").encode(), "MEMORY.md": b"- [Code](memory/gone.md)\n"})
    )
    return [*made, *(commit(vault, {f"memory/late{n}.md": note(f"Late {n}").encode()}) for n in range(after))]


def test_commits_from_before_an_erased_note_keep_their_ids_and_those_since_lose_it(tmp_path: Path) -> None:
    vault = open_vault(tmp_path)
    made = history_with(vault, 2, 2)
    repository = Repository(vault.home)
    commit(vault, {GONE: None, "MEMORY.md": b""})

    moved = Eraser(repository, without_line).erase([GONE], ["The code is swordfish"])

    assert not moved.keys() & set(made[:2])
    assert set(made[2:]) <= moved.keys()
    assert repository.run("rev-parse", "HEAD~4").decode().strip() == made[1]
    assert repository.run("log", "-Sswordfish", "--format=%H", "HEAD") == b""
    assert repository.run("log", "-Sgone.md", "--format=%H", "HEAD") == b""
    kept = repository.blobs(repository.head(), ["memory"])
    assert sorted(kept) == [f"memory/{when}{n}.md" for when in ("early", "late") for n in range(2)]
    vault.close()


def test_erasing_starts_git_no_more_often_for_a_long_history(tmp_path: Path) -> None:
    started: list[int] = []

    for after in (1, 8):
        vault = open_vault(tmp_path / f"{after}")
        history_with(vault, 1, after)
        repository = CountingRepository(vault.home)
        Eraser(repository, without_line).erase([GONE], ["The code is swordfish"])
        started.append(repository.started)
        vault.close()

    assert started[0] == started[1]


def test_a_note_that_history_never_had_changes_nothing(tmp_path: Path) -> None:
    vault = open_vault(tmp_path)
    head = commit(vault, {"memory/a.md": b"Lamp\n"})
    repository = Repository(vault.home)

    assert Eraser(repository, without_line).erase([GONE], ["swordfish"]) == {}
    assert repository.head() == head
    vault.close()
