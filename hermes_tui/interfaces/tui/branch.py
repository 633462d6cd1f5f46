"""The branch that a folder is on, as git's own file says it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_BRANCH: Final = "ref: refs/heads/"
_MOST: Final = 1000


def branch_of(folder: Path) -> str:
    """Return the branch; empty outside of git, or where no branch is checked out. Reads files, starts nothing."""
    for place in (folder, *folder.parents):
        dot_git = place / ".git"
        try:
            if dot_git.is_file():  # a worktree, or a submodule
                dot_git = place / dot_git.read_text(encoding="utf-8")[:_MOST].strip().removeprefix("gitdir: ")
            head = (dot_git / "HEAD").read_text(encoding="utf-8")[:_MOST].strip()
        except (OSError, ValueError):
            continue
        return head.removeprefix(_BRANCH) if head.startswith(_BRANCH) else ""
    return ""
