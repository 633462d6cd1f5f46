"""The wheel holds the built-in home and runs from another folder in a fresh environment."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path
from typing import Final
from zipfile import ZipFile

import pytest

from hermes_tui.version import VERSION

ROOT: Final = Path(__file__).resolve().parents[1]


def run(*argv: str, cwd: Path) -> str:
    """Run a command; return what it printed.

    Raises:
        AssertionError: it failed; its whole output is shown.
    """
    done = subprocess.run(
        argv, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a freshly built wheel."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=ROOT)
    return next(folder.glob("hermes_tui-*.whl"))


def test_the_wheel_holds_the_home_template_and_the_licence(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    templates = [path for name in ("memory", "skills", "themes") for path in (ROOT / name).rglob("*.*")]
    wanted = {f"hermes_tui/home/{path.relative_to(ROOT).as_posix()}" for path in templates if path.is_file()}

    assert wanted | {"hermes_tui/home/config.yaml", "hermes_tui/home/MEMORY.md"} <= names
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_nothing_of_the_checkout_but_the_package_is_in_the_wheel(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in ZipFile(wheel).namelist()}

    assert tops == {"hermes_tui", f"hermes_tui-{VERSION}.dist-info"}


def test_the_installed_wheel_answers_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "fresh"
    venv.create(place, symlinks=True)
    python = place / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    run(*pip, "install", "--quiet", "--no-index", "--no-deps", str(wheel), cwd=tmp_path)

    for command in (["hermes"], ["hermes-tui"], ["python", "-I", "-m", "hermes_tui"]):
        argv = [str(place / "bin" / command[0]), *command[1:], "--version"]
        assert run(*argv, cwd=tmp_path) == f"hermes {VERSION}\n"
