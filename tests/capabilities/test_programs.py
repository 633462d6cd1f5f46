"""Programs and modules that a workspace holds are never what Hermes itself runs on the host."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import hermes_tui
from hermes_tui.capabilities.programs import program
from hermes_tui.domain.guardrails import own_environment

ROOT = Path(hermes_tui.__file__).parents[1]
PLANTED = "#!/bin/sh\ntouch ran\n"
WRITES = """
import asyncio, sys
from pathlib import Path
from hermes_tui.capabilities.sandbox.ladder import find_sandbox
from hermes_tui.domain.processes import SandboxCommand
async def main():
    root = Path.cwd()
    sandbox = await find_sandbox(root, level=sys.argv[1])
    script = "echo x >.venv/lib/planted.pth; echo x >.venv/bin/planted; rm .venv/pyvenv.cfg; echo x >beside"
    await sandbox.run(SandboxCommand(argv=("/bin/sh", "-c", script), cwd=root, write=(root,)))
asyncio.run(main())
"""


def plant(folder: Path, name: str) -> Path:
    """Put a program into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(PLANTED)
    path.chmod(0o755)
    return path


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with programs in it, whose folder is the first on PATH, as in an active environment."""
    root = tmp_path.resolve() / "work"
    for name in ("git", "planted-tool"):
        plant(root / ".venv" / "bin", name)
    monkeypatch.setenv("PATH", f"{root / '.venv' / 'bin'}{os.pathsep}bin{os.pathsep}{os.environ['PATH']}")
    return root


def test_a_program_of_the_project_is_passed_over_wherever_it_stands_on_the_path(planted: Path) -> None:
    naive = shutil.which("git")

    assert naive == str(planted / ".venv" / "bin" / "git")
    assert program("git", planted) not in (None, naive)


def test_a_program_that_only_the_workspace_has_is_none(planted: Path, tmp_path: Path) -> None:
    assert shutil.which("planted-tool") is not None

    assert program("planted-tool", planted) is None
    assert program("planted-tool", tmp_path) is None


@pytest.mark.parametrize("folder", ["other/node_modules/.bin", "other/.venv/bin"])
def test_neither_is_one_of_another_projects_packages(
    planted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    theirs = plant(tmp_path / folder, "theirs")
    (theirs.parents[1] / "pyvenv.cfg").touch()
    monkeypatch.setenv("PATH", str(theirs.parent))

    assert shutil.which("theirs") == str(theirs)
    assert program("theirs", planted) is None


def test_neither_is_a_link_to_it_from_outside(planted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "linked-tool").symlink_to(planted / ".venv" / "bin" / "planted-tool")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    assert shutil.which("linked-tool") is not None
    assert program("linked-tool", planted) is None


def test_one_that_lies_elsewhere_on_the_path_is_found(
    planted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = plant(tmp_path / "mine", "my-own-tool")
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}{os.pathsep}{mine.parent}")

    assert program("my-own-tool", planted) == str(mine)


def test_no_module_is_taken_from_the_current_folder(tmp_path: Path) -> None:
    for name in ("argparse.py", "msgspec.py", "json.py"):
        (tmp_path / name).write_text("from pathlib import Path\nPath('ran').touch()\n")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HERMES_TUI_HOME": str(tmp_path / "home")}

    naive = subprocess.run([sys.executable, "-c", "import argparse"], cwd=tmp_path, env=environment, check=True)
    ran = (tmp_path / "ran").exists()
    (tmp_path / "ran").unlink()
    done = subprocess.run(
        [sys.executable, "-m", "hermes_tui", "--version"], cwd=tmp_path, env=environment, capture_output=True
    )

    assert (naive.returncode, ran) == (0, True)
    assert (done.returncode, (tmp_path / "ran").exists()) == (0, False)


@pytest.mark.parametrize("level", ["bubblewrap", "landlock"])
def test_no_command_changes_the_environment_that_hermes_runs_in(tmp_path: Path, level: str) -> None:
    root = tmp_path.resolve()
    venv.create(root / ".venv", with_pip=False, symlinks=True)
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{packages}"}
    before = sorted(path for place in own_environment(root / ".venv") for path in place.glob("*"))

    done = subprocess.run(
        [root / ".venv" / "bin" / "python", "-c", WRITES, level], cwd=root, env=environment, capture_output=True
    )

    if b"SandboxUnavailable" in done.stderr:
        pytest.skip("this level does not work here")
    assert done.returncode == 0, done.stderr
    assert sorted(path for place in own_environment(root / ".venv") for path in place.glob("*")) == before
    assert (root / ".venv" / "pyvenv.cfg").exists()
    assert (root / "beside").exists() or level == "landlock"
