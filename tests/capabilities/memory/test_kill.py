"""Processes that write, commit and index anew at once, or are killed over it: what was acknowledged is there, whole."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from hermes_tui.capabilities.memory.decoding import decode
from hermes_tui.capabilities.memory.history import History
from hermes_tui.capabilities.memory.notes import read_note
from hermes_tui.capabilities.memory.repository import Repository
from tests.capabilities.memory.vaults import TestVault, open_vault

KILLS = 5


def victim(home: Path, name: str, acknowledged: int) -> list[str]:
    """Start a writer, kill it in the middle of what follows so many acknowledged notes; return their ids."""
    argv = [sys.executable, "-m", "tests.capabilities.memory.victim", str(home), name]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    ids = [process.stdout.readline().strip() for _ in range(acknowledged)]
    process.kill()
    ids += process.stdout.read().split()
    process.wait()
    process.stdout.close()
    return ids


def check(vault: TestVault, ids: list[str]) -> None:
    """Every note is whole, listed and in history; superseded pairs point at each other."""
    vault.ingress.sync()
    rows = {row.id: row for row in vault.ingress.catalog.every()}
    assert set(ids) <= set(rows)
    for row in rows.values():
        note = read_note(row.path, decode((vault.home / row.path).read_bytes()).text)
        assert note.problems == ()
        assert note.body.rpartition(" ")[2].isdigit()
        if row.superseded_by:
            assert row.id in read_note("x", (vault.home / rows[row.superseded_by].path).read_text()).supersedes
    live = [row.about for row in rows.values() if row.live]
    assert len(live) == len(set(live))
    assert list(vault.home.rglob(".hermes-*")) == []
    history = History(Repository(vault.home), vault.outbox, vault.home / "state")
    history.flush()
    listed = Repository(vault.home).blobs(Repository(vault.home).head(), ["memory"])
    assert set(listed) == {row.path for row in rows.values()}
    found = vault.index.get(list(rows))
    assert len(found) == len(rows)


@pytest.mark.parametrize(
    "seed", [11, pytest.param(12, marks=pytest.mark.long), pytest.param(13, marks=pytest.mark.long)]
)
def test_nothing_acknowledged_is_lost_and_nothing_is_half(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    home = tmp_path / "home"
    ids: list[str] = []
    for number in range(KILLS):
        ids += victim(home, f"writer{number}", chance.randint(1, 6))
        vault = open_vault(home)
        check(vault, ids)
        vault.close()


@pytest.mark.parametrize("writes", [20, pytest.param(200, marks=pytest.mark.long)])
def test_two_processes_that_share_a_home_lose_nothing(tmp_path: Path, writes: int) -> None:
    home = tmp_path / "home"
    argv = [sys.executable, "-m", "tests.capabilities.memory.victim", str(home)]
    writing = [
        subprocess.Popen([*argv, name, str(writes)], stdout=subprocess.PIPE, text=True) for name in ("ann", "bob")
    ]
    ids = [note_id for process in writing for note_id in process.communicate()[0].split()]

    vault = open_vault(home)
    check(vault, ids)
    vault.close()

    assert [process.returncode for process in writing] == [0, 0]
    assert len(set(ids)) == 2 * writes
