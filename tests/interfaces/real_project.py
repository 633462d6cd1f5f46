"""A checked-out third-party project, and a scripted model that writes tests for it."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Final

import pytest

from tests.fakes import Asked, Call, Reply

ROOT: Final = Path(__file__).resolve().parents[2]
ARCHIVES: Final = ROOT / ".venv" / "projects"
GOAL: Final = """\
---
budget: {usd: 2.00, steps: 30, time: 10m}
mode: auto-edit
write: [tests/]
allow: ["shell(python -m pytest *)"]
success:
  - run: python -m pytest -q -p no:cacheprovider
  - file: tests/test_hermes_tokens.py
---
Find the three least-tested modules, write tests for them, make pytest green.
"""
WRITTEN: Final = {
    "tests/test_hermes_tokens.py": (
        "from sqlparse import tokens as T\n\n\ndef test_a_token_type_contains_its_children():\n"
        "    assert T.Keyword.DML in T.Keyword\n    assert T.Keyword not in T.Keyword.DML\n"
    ),
    "tests/test_hermes_utils.py": (
        "from sqlparse import utils\n\n\ndef test_quotes_are_removed_only_in_pairs():\n"
        "    assert utils.remove_quotes('\"a\"') == 'a'\n    assert utils.remove_quotes('a') == 'a'\n"
    ),
    "tests/test_hermes_output.py": (
        "import sqlparse\n\n\ndef test_python_output_is_an_assignment():\n"
        "    text = sqlparse.format('select 1', output_format='python')\n    assert text.startswith('sql = ')\n"
    ),
}
RUN_NEW: Final = "python -m pytest -q -p no:cacheprovider tests/test_hermes_tokens.py tests/test_hermes_utils.py"


def checked_out(folder: Path) -> Path:
    """Unpack the project into `folder` and commit it; skip the test where it could not be fetched."""
    archive = next(iter(sorted(ARCHIVES.glob("sqlparse-*.tar.gz"))), None)
    if archive is None:
        pytest.skip("the third-party project of .ci/projects.txt was not fetched: no network in `make test`")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    root = next(path for path in folder.iterdir() if path.is_dir())
    git = ["git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for argv in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "as released"]):
        subprocess.run([*git, *argv], check=True)
    return root


def lines_of_python(root: Path) -> int:
    """Count the lines of Python in the project."""
    return sum(path.read_bytes().count(b"\n") for path in root.rglob("*.py"))


class ScriptedModel:
    """Plays a model that looks, writes three test files, tries them, and answers; it reads what came back."""

    def __init__(self) -> None:
        self.step = 0
        self.read: list[str] = []

    def __call__(self, asked: Asked) -> Reply:
        """Return the next reply."""
        self.read.append(asked.last_text)
        self.step += 1
        match self.step:
            case 1:
                calls = [Call("list", {"path": "sqlparse"}), Call("list", {"path": "tests"})]
                return Reply("I compare modules with tests.", tool_calls=calls)
            case 2:
                pattern = "^from sqlparse|^import sqlparse"
                return Reply("What do the tests import?", tool_calls=[Call("search", {"pattern": pattern})])
            case 3:
                writes = [Call("write", {"path": path, "content": text}) for path, text in WRITTEN.items()]
                return Reply("I write three test files.", tool_calls=writes)
            case 4:
                return Reply("Do they pass?", tool_calls=[Call("shell", {"command": RUN_NEW})])
            case _:
                return Reply("Three modules have tests now, and the suite is green.")


def run_goal(root: Path, home: Path, environ: dict[str, str], *more: str) -> subprocess.CompletedProcess[str]:
    """Run the goal headless in `root`, as its user would; the goal file lies beside the project."""
    goal = root.parent / "goal.md"
    goal.write_text(GOAL, encoding="utf-8")
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    argv = [sys.executable, "-m", "hermes_tui", "--batch", str(goal), "-C", str(root), "--output-format", "json"]
    kept = {"PATH": path, "HOME": str(home), "HERMES_TUI_HOME": str(home / "hermes"), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*argv, *more], env={**kept, **environ}, capture_output=True, check=False, text=True, timeout=300
    )


def result_of(ran: subprocess.CompletedProcess[str]) -> dict[str, object]:
    """Return the result object on stdout."""
    found: dict[str, object] = json.loads(ran.stdout)
    return found
