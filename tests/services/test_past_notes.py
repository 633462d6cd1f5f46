"""The notes as they were at a moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from hermes_tui.capabilities.memory.history import History
from hermes_tui.capabilities.memory.repository import HistoryUnavailable, Repository
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.services.memory.notebook import Note
from hermes_tui.services.past_notes import PastNotes
from tests.capabilities.memory.vaults import START, TestVault, note, open_vault

LAMP, KETTLE = "memory/facts/lämp lit.md", "memory/kettle.md"


def commit(vault: TestVault, at: float, changes: dict[str, bytes | None]) -> None:
    vault.clock.at = at
    for path, data in changes.items():
        vault.change(path, data)
    History(Repository(vault.home), vault.outbox, vault.home / "state").flush()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose notes changed three times, ten seconds apart."""
    vault = open_vault(tmp_path / "home")
    commit(vault, START, {LAMP: note("The lamp hangs low", id="lamp").encode(), "MEMORY.md": b"- lamp\n"})
    commit(vault, START + 10, {KETTLE: "Schöner Kessel\r\nleft\r\n".encode("latin-1")})
    commit(vault, START + 20, {LAMP: None, KETTLE: b"# Kettle\nright\n"})
    vault.close()
    return vault.home


def test_the_notes_of_a_moment_are_listed_with_their_titles_and_times(home: Path) -> None:
    past = PastNotes(home)

    listed = {second: past.notes(past.commit_at(START + second)) for second in (9.9, 10, 25)}

    index = Note(path="MEMORY.md", title="- lamp", changed_at=START)
    lamp = Note(path=LAMP, title="The lamp hangs low", changed_at=START)
    assert listed == {
        9.9: [index, lamp],
        10: [index, lamp, Note(path=KETTLE, title="Schöner Kessel", changed_at=START + 10)],
        25: [index, Note(path=KETTLE, title="Kettle", changed_at=START + 20)],
    }


def test_a_note_is_read_as_it_was_and_one_that_was_not_there_is_said_to_be_missing(home: Path) -> None:
    past = PastNotes(home)
    second = past.commit_at(START + 10)

    said = past.read(KETTLE, second[:10])

    assert (said.split(), past.read(KETTLE, "HEAD")) == (["Schöner", "Kessel", "left"], "# Kettle\nright\n")
    with pytest.raises(UsageInvalid, match="was not there"):
        past.read(LAMP, "HEAD")
    with pytest.raises(UsageInvalid, match="was not there"):
        past.read("state/ledger.db", second)
    with pytest.raises(HistoryUnavailable, match="There is no commit nowhere"):
        past.notes("nowhere")


def test_before_the_first_commit_and_without_a_repository_there_is_no_moment(home: Path, tmp_path: Path) -> None:
    assert PastNotes(home).commit_at(START - 1) == ""
    assert PastNotes(tmp_path).commit_at(START) == ""
    assert (PastNotes(home).kept, PastNotes(tmp_path).kept) == (True, False)
