"""A workspace, and commands run in the sandbox that works here."""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from hermes_tui.capabilities.sandbox.ladder import find_sandbox
from hermes_tui.domain.ports import Sandbox
from hermes_tui.domain.processes import ProcessEnd, ProcessResult, SandboxCommand


@dataclass(frozen=True, slots=True)
class Said:
    """What a command left, as text."""

    code: int
    out: str
    err: str
    end: ProcessEnd


@dataclass(slots=True)
class Box:
    """A workspace and its sandbox."""

    root: Path
    sandbox: Sandbox

    async def sh(self, script: str, write: tuple[str, ...] = (".",), timeout_s: float = 60.0) -> Said:
        """Run a shell script with the workspace's folders in `write` as scope."""
        result = await self.raw(("/bin/sh", "-c", script), write, timeout_s)
        return Said(result.exit_code, result.stdout.decode(), result.stderr.decode(), result.end)

    async def raw(
        self,
        argv: tuple[str, ...],
        write: tuple[str, ...] = (".",),
        timeout_s: float = 60.0,
        limit: int = 1_000_000,
        stdin: bytes = b"",
    ) -> ProcessResult:
        """Run a command as it is."""
        scope = tuple((self.root / name).resolve() for name in write)
        command = SandboxCommand(
            argv=argv,
            cwd=self.root,
            write=scope,
            stdin=stdin,
            timeout_s=timeout_s,
            output_limit_bytes=limit,
            env={"GIVEN": "value"},
        )
        return await self.sandbox.run(command)


def git(root: Path, *words: str) -> None:
    """Run git on the host, as the operator."""
    said = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=m")
    subprocess.run(["git", "-C", str(root), *said, *words], check=True, capture_output=True)


def make_repository(root: Path) -> None:
    """Make `root` a git repository with one commit."""
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", "first")


async def until(made: Path) -> None:
    """Return once a process made the file."""
    while not made.exists():  # noqa: ASYNC110 - another process makes it; there is no event to wait for
        await asyncio.sleep(0.01)


@pytest_asyncio.fixture
async def box(tmp_path: Path) -> Box:
    """A repository with sources and a secret outside of it; skipped where nothing confines."""
    root = tmp_path.resolve() / "ws"
    (root / "src").mkdir(parents=True)
    (root / "src" / "main.py").write_text("print('hello')\n", encoding="utf-8")
    (tmp_path / "outside.txt").write_text("outside", encoding="utf-8")
    make_repository(root)
    sandbox = await find_sandbox(root)
    if not sandbox.level.confines:
        pytest.skip(f"no sandbox that confines: {sandbox.level.why}")
    return Box(root, sandbox)
