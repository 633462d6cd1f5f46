"""Run a program from start to exit and say what it took."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TIMEOUT_S: Final = 120
CHECKOUT: Final = Path(__file__).resolve().parents[2]


class ProgramFailed(RuntimeError):
    """A program that a figure needs did not do what it should."""


@dataclass(frozen=True, slots=True)
class Took:
    """What a process took: wall time, processor time with its children, and what it said."""

    wall_s: float
    cpu_s: float
    stdout: str
    stderr: str


def hermes(*args: str) -> list[str]:
    """Return the command line that runs this checkout as the installed script does."""
    return [sys.executable, "-c", "from hermes_tui.cli import entry; entry()", *args]


def environment(**more: str) -> dict[str, str]:
    """Return an environment without keys or settings of the operator, with this checkout first on the path."""
    kept = {
        name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR", "XDG_RUNTIME_DIR") if name in os.environ
    }
    return {**kept, "PYTHONPATH": str(CHECKOUT), **more}


def run(argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, expected: int = 0) -> Took:
    """Run `argv` to its end.

    Raises:
        ProgramFailed: it ended with another exit code.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(
        argv,
        env=dict(env),
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
        stdin=subprocess.DEVNULL,
    )
    wall_s = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != expected:
        raise ProgramFailed(f"{argv[:6]} ended with {done.returncode}: {done.stderr[-2000:]}{done.stdout[-500:]}")
    cpu_s = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Took(wall_s, cpu_s, done.stdout, done.stderr)
