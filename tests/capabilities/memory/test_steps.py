"""kill -9 at every step of a write, a commit and a rebuild: the old state or the new one, never half."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_tui.capabilities.memory.history import History
from hermes_tui.capabilities.memory.ranking import Recall, Search
from hermes_tui.capabilities.memory.repository import Repository
from tests.capabilities.memory import steps
from tests.capabilities.memory.vaults import TestVault, open_vault

EVERY = pytest.param(1, 1, marks=pytest.mark.long, id="every step")
SOME = pytest.param(3, 17, id="every seventeenth step")
Listed = list[tuple[str, str, str]]


def killed(folder: Path, action: str, first: int, stride: int) -> Iterator[tuple[str, TestVault]]:
    """Yield what each killed process was about to do, and the home that it left, open."""
    argv = [sys.executable, "-m", "tests.capabilities.memory.steps", str(folder), action, str(first), str(stride)]
    printed = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=300).stdout
    for line in printed.splitlines():
        vault = open_vault(folder / line.split()[0])
        vault.ingress.sync()
        yield line, vault
        vault.close()


def untouched(folder: Path) -> TestVault:
    folder.mkdir()
    steps.prepare(folder / "whole")
    return open_vault(folder / "whole")


def files_of(vault: TestVault) -> dict[str, bytes]:
    places = [vault.home / "MEMORY.md", *(vault.home / "memory").rglob("*")]
    return {str(place.relative_to(vault.home)): place.read_bytes() for place in places if place.is_file()}


def index_of(vault: TestVault) -> tuple[object, ...]:
    """Return all that the index says: what is listed, counted and found, in which order, with which scores."""
    search = Search(text="Where does the kettle stand? The lamp hangs", now=vault.clock.now())
    hits = [(hit.item.id, hit.score) for hit in Recall(vault.index).search(search)]
    return vault.ingress.catalog.every(), vault.index.counts(), hits


@pytest.mark.parametrize(("first", "stride"), [SOME, EVERY])
def test_a_write_is_there_as_a_whole_or_not_at_all(tmp_path: Path, first: int, stride: int) -> None:
    whole = untouched(tmp_path / "untouched")
    old = files_of(whole), index_of(whole)
    steps.write(whole)
    new = files_of(whole), index_of(whole)
    whole.close()

    found = {
        line: (files_of(vault), index_of(vault)) for line, vault in killed(tmp_path / "homes", "write", first, stride)
    }

    assert len(found) > 5
    assert {line for line, state in found.items() if state not in (old, new)} == set()
    assert old in found.values()
    assert new in found.values()


@pytest.mark.parametrize(("first", "stride"), [SOME, EVERY])
def test_a_commit_is_in_history_once(tmp_path: Path, first: int, stride: int) -> None:
    wrong: dict[str, object] = {}
    count = 0
    for line, vault in killed(tmp_path, "commit", first, stride):
        count += 1
        repository = Repository(vault.home)
        history = History(repository, vault.outbox, vault.home / "state")
        history.flush()
        subjects = repository.run("log", "--format=%an: %s", "--reverse").decode().splitlines()
        listed = repository.run("ls-tree", "-r", "--name-only", "HEAD").decode().splitlines()
        state = (
            subjects,
            sorted(listed) == sorted(files_of(vault)),
            repository.run("fsck", "--strict"),
            history.waiting(),
        )
        if state != (SUBJECTS, True, b"", 0):
            wrong[line] = state

    assert count > 2
    assert wrong == {}


SUBJECTS = ["Hermes agent: remember: The kettle stands left", "Operator: edit outside Hermes"]


@pytest.mark.parametrize(("first", "stride"), [SOME, EVERY])
def test_a_rebuild_that_was_cut_off_is_made_again_and_equal(tmp_path: Path, first: int, stride: int) -> None:
    whole = untouched(tmp_path / "untouched")
    expected = index_of(whole)
    whole.close()

    found = {line: index_of(vault) for line, vault in killed(tmp_path / "homes", "reindex", first, stride)}

    assert len(found) > 5
    assert {line for line, state in found.items() if state != expected} == set()
