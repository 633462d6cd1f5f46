"""A process that kills copies of itself at one step after the other of a write, a commit and a rebuild.

A step is a call into the system or the database: each is announced by the interpreter itself, so none is left out and
nothing of the product knows of it. For every step one line is printed: its number, and what was about to happen.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Final

from hermes_tui.capabilities.governance.redact import SecretRedactor
from hermes_tui.capabilities.memory.history import History
from hermes_tui.capabilities.memory.repository import Repository
from hermes_tui.capabilities.memory.writing import Writer, WritingPolicy
from hermes_tui.domain.memory import NoteAuthor, NoteDraft, Origin
from tests.capabilities.memory.vaults import TestVault, note, open_vault

STEPS: Final = frozenset(
    (
        *("open", "write", "pwrite", "fsync", "replace", "rename", "unlink", "mkdir", "chmod", "ftruncate", "flock"),
        *("execute", "executemany", "connect", "close", "fork_exec"),
    )
)
POLL_S: Final = 0.002


def write(vault: TestVault) -> None:
    """Remember what takes the place of a note."""
    writer = Writer(vault.ingress, SecretRedactor(), WritingPolicy(), vault.clock.now)
    draft = NoteDraft(text="The kettle stands right", about="kettle")
    writer.remember(draft, Origin(author=NoteAuthor.AGENT, key="second"), "")


def commit(vault: TestVault) -> None:
    """Bring what waits into git."""
    History(Repository(vault.home), vault.outbox, vault.home / "state").flush()


def reindex(vault: TestVault) -> None:
    """Make the index anew from the files."""
    vault.ingress.rebuild()
    vault.index.database.set_complete()


def prepare(home: Path) -> None:
    """Make a home that holds a note, its line in the index and an edit of the operator's, all of it waiting for git."""
    vault = open_vault(home)
    writer = Writer(vault.ingress, SecretRedactor(), WritingPolicy(), vault.clock.now)
    draft = NoteDraft(text="The kettle stands left", about="kettle")
    writer.remember(draft, Origin(author=NoteAuthor.AGENT, key="first"), "")
    vault.put("memory/facts/lamp.md", note("The lamp hangs low", id="lamp"))
    vault.ingress.sync()
    vault.index.database.set_complete()
    vault.close()


def main(folder: Path, action: str, first: int, stride: int) -> None:
    """Kill at step `first` and every `stride` steps after it, each in a home of its own, until none is left."""
    act = {"write": write, "commit": commit, "reindex": reindex}[action]
    prepare(folder / "start")
    number = first
    while (name := _killed_at(folder, act, number)) is not None:
        sys.stdout.write(f"{number} {name}\n")
        number += stride


def _killed_at(folder: Path, act: Callable[[TestVault], None], number: int) -> str | None:
    """Run `act` in a copy of the home until step `number`; return what that was, None where it ended before."""
    home = folder / str(number)
    shutil.copytree(folder / "start", home)
    child = os.fork()
    if child == 0:
        _run(home, act, number)
    os.setpgid(child, child)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        return None
    with contextlib.suppress(ProcessLookupError):
        while True:  # git that was started before ends by itself; nobody else may look at the home until it has
            os.killpg(child, 0)
            time.sleep(POLL_S)
    return (folder / f"{number}.step").read_text(encoding="utf-8")


def _run(home: Path, act: Callable[[TestVault], None], number: int) -> None:
    with contextlib.suppress(PermissionError):
        os.setpgid(0, 0)
    vault = open_vault(home)
    left = number

    def count(_: FrameType, event: str, called: object) -> None:
        nonlocal left
        name = getattr(called, "__name__", "")
        if event != "c_call" or name not in STEPS:
            return
        left -= 1
        if left == 0:
            sys.setprofile(None)
            home.with_name(f"{number}.step").write_text(name, encoding="utf-8")
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count)
    act(vault)
    sys.setprofile(None)
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
