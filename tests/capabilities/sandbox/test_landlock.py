"""What still works where only Landlock confines."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import pytest_asyncio

from hermes_tui.capabilities.sandbox import landlock
from hermes_tui.capabilities.sandbox.ladder import find_sandbox
from hermes_tui.capabilities.sandbox.landlock import carved
from hermes_tui.domain.processes import ProcessEnd
from tests.capabilities.sandbox.conftest import Box, make_repository
from tests.capabilities.sandbox.test_contract import alive


@pytest_asyncio.fixture
async def land(tmp_path: Path) -> Box:
    """A repository under Landlock."""
    if not landlock.works():
        pytest.skip("this kernel has no Landlock of version 3 or newer")
    root = tmp_path.resolve() / "ws"
    (root / "src").mkdir(parents=True)
    (root / "notes.md").write_text("old\n")
    make_repository(root)
    return Box(root, await find_sandbox(root, level="landlock"))


async def test_tests_run_in_it(land: Box) -> None:
    text = "import subprocess, tempfile\n\n\ndef test_it():\n    with tempfile.TemporaryFile() as file:\n"
    (land.root / "src" / "test_it.py").write_text(f"{text}        subprocess.run(['true'], check=True, stdout=file)\n")

    result = await land.raw((sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "src/test_it.py"))

    assert result.exit_code == 0, result.stdout + result.stderr


async def test_files_and_folders_of_the_scope_are_written(land: Box) -> None:
    said = await land.sh("echo new >notes.md && mkdir -p src/a && echo x >src/a/b && mv src/a src/c && cat src/c/b")

    assert (said.out, (land.root / "notes.md").read_text()) == ("x\n", "new\n")


async def test_without_a_repository_the_top_is_writable_but_for_protected_names(land: Box) -> None:
    said = await land.sh("echo x >src/new; touch top; echo; touch src/../.hermes-tui.yaml", write=("src",))

    assert said.code != 0
    assert sorted(path.name for path in land.root.iterdir()) == [".git", "notes.md", "src"]
    assert (land.root / "src" / "new").exists()


async def test_git_can_be_read(land: Box) -> None:
    said = await land.sh("git -c safe.directory='*' log --format=%s")

    assert said.out == "first\n"


async def test_a_call_leaves_no_folder_behind(land: Box) -> None:
    said = await land.sh('d=$HOME; for n in $(seq 60); do d=$d/deep; done; mkdir -p "$d" && touch "$d/x"; echo $HOME')

    assert said.out.startswith("/")
    assert not Path(said.out.strip()).exists()


@pytest.mark.parametrize("script", ["sleep 305.{tag}", "(setsid sleep 305.{tag} &); env -i setsid sleep 305.{tag}"])
async def test_the_whole_tree_dies_at_the_deadline(land: Box, script: str) -> None:
    tag = str(os.getpid())

    said = await land.sh(script.replace("{tag}", tag), timeout_s=0.6)

    assert said.end is ProcessEnd.DEADLINE
    assert alive(f"305.{tag}") == []


async def test_a_signal_is_an_exit_code_and_a_missing_program_a_result(land: Box) -> None:
    killed, missing = await land.sh("kill -TERM $$"), await land.raw(("no-such-program",))

    assert (killed.code, missing.exit_code) == (128 + 15, 127)


def test_what_covers_a_tree_leaves_out_what_it_must(tmp_path: Path) -> None:
    for name in ("a/x", "a/y", "b", ".git"):
        (tmp_path / name).mkdir(parents=True)

    found = set(carved(tmp_path, (tmp_path / ".git", tmp_path / "a" / "x", tmp_path / "a" / "missing")))

    assert found == {tmp_path / "b", tmp_path / "a" / "y"}
    assert list(carved(tmp_path / "b", ())) == [tmp_path / "b"]
