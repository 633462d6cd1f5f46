"""Notes as files with their history in git."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_tui.capabilities.state.ledger import Ledger
from hermes_tui.domain.errors import PathRefused, UsageInvalid
from hermes_tui.domain.memory import NoteAuthor, NoteDraft, Origin
from hermes_tui.services import wiring
from hermes_tui.services.config import HermesConfig
from hermes_tui.services.homes import open_home
from hermes_tui.services.memory.home import HomeMemory
from hermes_tui.services.memory.notebook import Notebook
from hermes_tui.services.memory.settings import MemorySettings
from hermes_tui.services.memory.upkeep import Upkeep
from tests.capabilities.memory.vaults import FixedClock


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def memory(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[HomeMemory]:
    """The memory of a home; `git` as a parameter is the program that keeps its history."""
    home, clock = open_home(tmp_path / "home"), FixedClock()
    (home.root / "MEMORY.md").write_text("# Memory\n", encoding="utf-8")
    (home.root / "secrets.txt").write_text("not a note\n", encoding="utf-8")
    ledger = Ledger(home.state / "ledger.db", clock)
    settings = MemorySettings(workspace=tmp_path, report=lambda _: None, git=getattr(request, "param", None))
    made = wiring.memory_of(home, ledger, HermesConfig(), clock, settings)
    yield made
    made.close()
    ledger.close()


@pytest.fixture
def notebook(memory: HomeMemory) -> Notebook:
    return Notebook(memory.store.home.root, lambda: Upkeep(memory.store))


async def put(notebook: Notebook, text: str) -> str:
    """Write a note and its line in the index; return its path."""
    path = f"memory/{text}.md"
    await notebook.write("MEMORY.md", f"# Memory\n- [{text}]({path})\n")
    await notebook.write(path, f"# {text}\n")
    return path


async def test_only_notes_enter_the_repository(notebook: Notebook) -> None:
    await put(notebook, "one")

    assert sorted(git(notebook.root, "ls-files").split()) == ["MEMORY.md", "memory/one.md"]


async def test_an_edit_becomes_a_commit_whose_diff_can_be_read_and_taken_back(notebook: Notebook) -> None:
    path = await put(notebook, "first")
    before = notebook.read(path)
    await notebook.write(path, "# first\n\nsecond\n", before=before)
    history = await notebook.history(path)
    diff = await notebook.diff(path, history[0].commit)
    await notebook.revert(path, history[0].commit)

    assert [(change.author, change.subject) for change in history] == [("Operator", f"Edit {path}")] * 2
    assert "+second" in diff.splitlines()
    assert notebook.read(path) == before


async def test_a_note_that_changed_meanwhile_is_not_overwritten(notebook: Notebook) -> None:
    path = await put(notebook, "first")
    before = notebook.read(path)
    (notebook.root / path).write_text("changed elsewhere\n", encoding="utf-8")

    with pytest.raises(UsageInvalid, match="changed outside Hermes"):
        await notebook.write(path, "mine\n", before=before)

    assert notebook.read(path) == "changed elsewhere\n"


async def test_what_stands_on_disk_only_is_the_newest_entry_of_the_history(notebook: Notebook) -> None:
    path = await put(notebook, "first")
    (notebook.root / path).write_text("# first\n\nchanged elsewhere\n", encoding="utf-8")
    history = await notebook.history(path)

    assert history[0].commit == ""
    assert "+changed elsewhere" in await notebook.diff(path, "")


async def test_what_an_agent_wrote_a_moment_ago_is_not_put_on_record_as_the_operators(
    memory: HomeMemory, notebook: Notebook
) -> None:
    note = await memory.remember(NoteDraft(text="Crates are blue"), Origin(author=NoteAuthor.AGENT))
    (row,) = memory.store.catalog.every()
    await notebook.write("MEMORY.md", "# Memory\nby hand\n")

    authors = {change.author for change in await notebook.history(row.path)}

    assert (authors, note.note_id) == ({"Hermes agent"}, row.id)


async def test_an_edit_is_found_at_once_and_keeps_encoding_and_line_ends(
    memory: HomeMemory, notebook: Notebook
) -> None:
    place = notebook.root / "memory" / "tea.md"
    place.parent.mkdir(exist_ok=True)
    place.write_bytes("Käse\r\nim Keller\r\n".encode("cp1252"))
    before = notebook.read("memory/tea.md")
    await notebook.write("memory/tea.md", before.replace("Keller", "Schrank"), before=before)

    assert place.read_bytes() == "Käse\r\nim Schrank\r\n".encode("cp1252")
    assert [hit.text.split() for hit in memory.store.look("Schrank", most=1)] == [["Käse", "im", "Schrank"]]


async def test_taking_back_leaves_what_was_changed_since(notebook: Notebook) -> None:
    path = await put(notebook, "first")
    await notebook.write(path, "# first\n\none\n\ntwo\n\nthree\n")
    await notebook.write(path, "# first\n\none\n\ntwo\n\nthree\n\nfour\n\nfive\n")
    await notebook.write(path, "# second\n\none\n\ntwo\n\nthree\n\nfour\n\nfive\n")
    added, made = (await notebook.history(path))[1].commit, (await notebook.history(path))[-1].commit
    await notebook.revert(path, added)

    assert notebook.read(path) == "# second\n\none\n\ntwo\n\nthree\n"
    with pytest.raises(UsageInvalid, match="did not exist"):
        await notebook.revert(path, made)


@pytest.mark.parametrize("memory", [""], indirect=True)
async def test_without_git_notes_are_written_and_forgotten_and_history_says_what_is_missing(notebook: Notebook) -> None:
    path = await put(notebook, "one")
    said = await notebook.write(path, "# two\n")
    history = await notebook.history(path)
    await notebook.forget(path)

    assert said.startswith("git is not installed")
    assert [change.subject for change in history] == ["git is not installed."]
    assert [note.path for note in notebook.notes()] == ["MEMORY.md"]


async def test_a_forgotten_note_is_gone_from_disk_and_index_and_git_keeps_it(notebook: Notebook) -> None:
    path = await put(notebook, "first")
    await notebook.forget(path)

    assert [note.path for note in notebook.notes()] == ["MEMORY.md"]
    assert path not in notebook.read("MEMORY.md")
    assert "first" in git(notebook.root, "show", f"HEAD~1:{path}")


@pytest.mark.parametrize("path", ["secrets.txt", "memory/../secrets.txt", "/etc/passwd"])
async def test_what_is_no_note_is_refused(notebook: Notebook, path: str) -> None:
    with pytest.raises(PathRefused):
        notebook.read(path)


async def test_a_link_out_of_the_memory_is_refused(notebook: Notebook) -> None:
    (notebook.root / "memory").mkdir()
    (notebook.root / "memory" / "out.md").symlink_to(notebook.root / "secrets.txt")

    assert [note.path for note in notebook.notes()] == ["MEMORY.md"]
    with pytest.raises(PathRefused):
        notebook.read("memory/out.md")


def test_a_note_is_called_by_its_first_words_whatever_stands_before_them(notebook: Notebook) -> None:
    (notebook.root / "memory").mkdir()
    note = "---\nid: m1\nkind: fact\n---\nAmounts are Decimal\n"
    (notebook.root / "memory" / "m1.md").write_text(note, encoding="utf-8")

    assert [note.title for note in notebook.notes()] == ["Memory", "Amounts are Decimal"]
