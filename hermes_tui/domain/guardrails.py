"""Which modules guard the operator: an agent that works on Hermes itself may read them and write none, in no mode."""

from __future__ import annotations

from pathlib import Path
from typing import Final

NAMES: Final = (
    *("domain", "kernel", "capabilities/governance", "capabilities/sandbox", "capabilities/state"),
    *("capabilities/tools/_paths.py", "capabilities/tools/_git_env.py", "services/wiring.py", "services/kits.py"),
)


def guardrails(package: Path) -> tuple[Path, ...]:
    """Return the folders and modules of a running Hermes that no agent may write; `package` is its real folder."""
    return tuple(package / name for name in NAMES)
