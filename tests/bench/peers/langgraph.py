"""LangGraph with its SQLite saver, in an environment of its own below the cache folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.bench.bench import say
from tests.bench.programs import environment, run

PACKAGES: Final = ("langgraph>=1.2,<2", "langgraph-checkpoint-sqlite>=3,<4")
PROGRAM: Final = Path(__file__).with_name("langgraph_steps.py")
INSTALL_S: Final = 600


def environment_folder() -> Path:
    """Return where the environment is kept between runs."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(cache) / "hermes-bench" / f"langgraph-{sys.version_info.major}.{sys.version_info.minor}"


def python() -> Path | None:
    """Return the environment's Python; make it the first time, None where it cannot be made."""
    folder = environment_folder()
    found = folder / "bin" / "python"
    ready = folder / ".ready"
    if ready.exists():
        return found
    say(f"  installing {' and '.join(PACKAGES)} into {folder} (first time only)")
    try:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True, timeout=INSTALL_S)
        pip = [str(found), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
        subprocess.run(pip, check=True, capture_output=True, timeout=INSTALL_S)
    except (OSError, subprocess.SubprocessError) as error:
        say(f"  that failed: {error}")
        return None
    ready.touch()
    return found


def steps_per_s(python_: Path, folder: Path, counts: tuple[int, int], shape: str, saver: str) -> float:
    """Run node steps that each read a file, by so many agents of so many steps; return node steps per second."""
    # -P keeps this folder off its path, where a module of ours has the name of the package.
    program = [str(python_), "-P", str(PROGRAM)]
    argv = [*program, str(folder / "graph.db"), str(folder / "note.txt"), *map(str, counts), shape, saver]
    env = {name: value for name, value in environment(LANGSMITH_TRACING="false").items() if name != "PYTHONPATH"}
    rate: float = json.loads(run(argv, env=env, cwd=folder).stdout)
    return rate
