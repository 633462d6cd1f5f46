"""Programs that Hermes itself starts on the host: none is taken from a workspace or from a project's environment.

An operator's PATH may begin with a folder that agents write, such as the environment of the very project.
"""

from __future__ import annotations

import os
from pathlib import Path


def program(name: str, *workspaces: Path) -> str | None:
    """Return where a program is, None if nobody but a project has one; the current folder counts as a workspace."""
    away = [Path(os.path.realpath(folder)) for folder in (*workspaces, Path.cwd())]
    for entry in os.environ.get("PATH", os.defpath).split(os.pathsep):
        found = f"{entry}/{name}"
        if not entry.startswith("/") or not _runs(found):
            continue
        if not any(_is_of_project(place, away) for place in (found, os.path.realpath(found))):
            return found
    return None


def _runs(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)  # noqa: PTH113 - no Path for each folder of PATH


def _is_of_project(place: str, workspaces: list[Path]) -> bool:
    """Whether a program lies in a workspace, or in an environment of packages such as any project has one."""
    folder = Path(place).parent
    environment = (folder.parent / "pyvenv.cfg").exists() or "node_modules" in folder.parts
    return environment or any(folder.is_relative_to(workspace) for workspace in workspaces)
