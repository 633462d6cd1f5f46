"""Hermes as its user runs it: a process with its own home, output and exit code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "hermes_tui")
needs_sandbox = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is missing: commands would ask")


@dataclass
class Shop:
    """A home and a workspace in a temporary folder, and the command in them."""

    root: Path
    run_folder: Path
    env: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def work(self) -> Path:
        return self.root / "ws"

    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
        own = {"HERMES_TUI_HOME": str(self.home), "PYTHONPATH": str(ROOT), "XDG_RUNTIME_DIR": str(self.run_folder)}
        return {**kept, **own, **self.env}

    def run(self, *args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        return subprocess.run(
            [*COMMAND, *args], env=self.environment(), input=stdin, capture_output=True, text=True, timeout=60
        )

    def json(self, *args: str) -> Any:  # noqa: ANN401 - whatever the command prints
        """Return what a command prints as JSON."""
        ran = self.run(*args)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    def goal(self, tasks: str, head: str = "mode: auto\nwrite: [.]\n") -> Path:
        """Write a goal file with a declared plan."""
        path = self.root / "goal.md"
        path.write_text(f"---\n{head}---\nCount.\n\n```plan\nschema: hermes.plan/1\ntasks:\n{tasks}```\n", "utf-8")
        return path

    @contextmanager
    def live(self, goal: Path, *args: str) -> Generator[subprocess.Popen[str]]:
        """Run a goal beside the test; its progress is read line by line from stderr."""
        command = [*COMMAND, "--batch", str(goal), "-C", str(self.work), "--output-format", "json", *args]
        with subprocess.Popen(
            command, env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def only_session(self) -> str:
        """Return the id of the one session."""
        (row,) = self.json("sessions", "list", "--json")
        return str(row["session"])


def until(process: subprocess.Popen[str], said: str) -> str:
    """Read progress up to the line that holds `said`."""
    assert process.stderr is not None
    for line in process.stderr:
        if said in line:
            return line
    raise AssertionError(f"the run ended without saying {said!r}")


def shell(name: str, command: str, needs: str = "") -> str:
    """Return a task that runs a command."""
    return (
        f"  - {{id: {name}, kind: tool, title: step {name}, use: shell, args: {{command: {json.dumps(command)}}}"
        f"{f', needs: [{needs}]' if needs else ''}}}\n"
    )


def question(name: str) -> str:
    """Return a task that asks the operator."""
    return f"  - {{id: {name}, kind: tool, title: which one, use: ask, args: {{question: 'Which?'}}}}\n"


def without_traceback(ran: subprocess.CompletedProcess[str]) -> Mapping[str, object]:
    """Check that a command failed like a tool, not like a program."""
    assert "Traceback" not in ran.stderr, ran.stderr
    assert "Exception ignored" not in ran.stderr, ran.stderr
    return {"code": ran.returncode, "said": ran.stderr}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop whose folder for sockets is short enough for their paths."""
    (tmp_path / "ws").mkdir()
    with tempfile.TemporaryDirectory(prefix="hermes-") as run:
        yield Shop(tmp_path, run_folder=Path(run))
