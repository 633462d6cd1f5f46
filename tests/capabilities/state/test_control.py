"""The control socket: private, for the same user only, short enough, and swept after a crash."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from hermes_tui.capabilities.state.control import LONGEST_PATH, ask, listening, private_folder
from hermes_tui.domain.errors import JournalError


@pytest.fixture
def folder() -> Iterator[Path]:
    """A private folder with a short path."""
    with tempfile.TemporaryDirectory(prefix="hermes-") as name:
        yield Path(name)


async def echo(request: Mapping[str, object]) -> Mapping[str, object]:
    return {"ok": True, "heard": request}


async def test_a_request_is_answered_and_the_socket_is_gone_afterwards(folder: Path) -> None:
    async with listening(echo, folder) as path:
        reply = await asyncio.to_thread(ask, path, {"do": "x"})
        mode = Path(path).stat().st_mode & 0o777

    assert reply == {"ok": True, "heard": {"do": "x"}}
    assert mode == 0o600
    assert list(folder.iterdir()) == []


async def test_another_user_gets_no_answer(folder: Path) -> None:
    heard: list[object] = []

    async def note(request: Mapping[str, object]) -> Mapping[str, object]:
        heard.append(request)
        return {"ok": True}

    async with listening(note, folder, uid=os.getuid() + 1) as path:
        with pytest.raises((ValueError, OSError)):
            await asyncio.to_thread(ask, path, {"do": "x"}, timeout_s=10)

    assert heard == []


async def test_an_answer_that_fails_on_the_journal_is_told(folder: Path) -> None:
    async def fail(_: Mapping[str, object]) -> Mapping[str, object]:
        raise JournalError("The disk is full.", hint="Free some space.")

    async with listening(fail, folder) as path:
        reply = await asyncio.to_thread(ask, path, {})

    assert reply == {"ok": False, "error": "The disk is full.", "hint": "Free some space."}


def a_dead_process() -> int:
    """Return the id of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait(timeout=30)
    return gone.pid


async def test_sockets_of_dead_processes_are_swept_and_those_of_live_ones_stay(folder: Path) -> None:
    for name in (f"{a_dead_process()}-a.sock", f"{os.getpid()}-b.sock", "notes.txt"):
        (folder / name).touch()

    async with listening(echo, folder):
        pass

    assert sorted(path.name for path in folder.iterdir()) == sorted([f"{os.getpid()}-b.sock", "notes.txt"])


async def test_where_the_path_would_be_too_long_there_is_no_socket_and_the_run_goes_on(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * LONGEST_PATH)
    deep.mkdir()

    async with listening(echo, deep) as path:
        entered = True

    assert (path, entered) == ("", True)


def test_the_folder_is_the_runtime_one_if_it_is_private_and_short_else_a_temporary_one(
    folder: Path, tmp_path: Path
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    open_to_all = folder / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o755)

    chosen = [
        private_folder({"XDG_RUNTIME_DIR": str(folder)}, temporary),
        private_folder({"XDG_RUNTIME_DIR": str(open_to_all)}, temporary),
        private_folder({"XDG_RUNTIME_DIR": "relative"}, temporary),
        private_folder({"XDG_RUNTIME_DIR": str(folder / ("x" * LONGEST_PATH))}, temporary),
        private_folder({}, temporary),
    ]

    own = temporary / f"hermes-tui-{os.getuid()}"
    assert chosen == [folder / "hermes-tui", own, own, own, own]
    assert own.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("trap", ["link", "open", "file"])
def test_a_folder_that_someone_else_could_have_put_there_is_refused(tmp_path: Path, trap: str) -> None:
    own = tmp_path / f"hermes-tui-{os.getuid()}"
    match trap:
        case "link":
            (tmp_path / "elsewhere").mkdir(mode=0o700)
            own.symlink_to(tmp_path / "elsewhere")
        case "open":
            own.mkdir()
            own.chmod(0o777)
        case _:
            own.touch()

    with pytest.raises((JournalError, FileExistsError)):
        private_folder({}, tmp_path)
