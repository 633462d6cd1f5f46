"""Notes as files with their history in git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hermes_tui.domain.errors import PathRefused, UsageInvalid
from hermes_tui.services.memory.notebook import Notebook


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def notebook(tmp_path: Path) -> Notebook:
    (tmp_path / "MEMORY.md").write_text("# Memory\n", encoding="utf-8")
    (tmp_path / "secrets.txt").write_text("not a note\n", encoding="utf-8")
    return Notebook(tmp_path)


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

    assert [change.subject for change in history] == [f"Edit {path}", f"Edit {path}"]
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
