"""What the command line says of a run, and the workspace that it names."""

from __future__ import annotations

import os
from pathlib import Path

from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.values import frozen
from hermes_tui.services.homes import demand_text


@frozen
class RunOptions:
    """What the command line says; None leaves a thing to the goal and the config."""

    workspace: Path = Path()
    home: Path | None = None
    model: str | None = None
    mode: str | None = None
    budget_usd: float | None = None
    max_steps: int | None = None
    time_limit: str | None = None
    strategy: str | None = None
    fresh: bool = False
    verbose: bool = False


def workspace_of(options: RunOptions) -> Path:
    """Return the real workspace folder.

    Raises:
        UsageInvalid: it is no folder, or its path is no text.
    """
    root = Path(os.path.realpath(options.workspace))
    demand_text(str(root), "workspace")
    if not root.is_dir():
        raise UsageInvalid(f"{options.workspace} is not a folder.", hint="Name the workspace with -C DIR.")
    return root
