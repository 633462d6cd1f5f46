"""Questions to the operator in words: how far a call reaches, and when a key is too early to be an answer."""

from __future__ import annotations

from typing import Final

from hermes_tui.domain.tasks import Reach

GUARD_S: Final = 0.3
"""Keys typed earlier than this after the question changed were meant for something else."""
REACHES: Final = {
    Reach.NONE: "nothing outside Hermes",
    Reach.WORKSPACE: "reads this workspace",
    Reach.MEMORY: "the notes",
    Reach.SCOPE: "writes inside the scope of the run",
    Reach.SANDBOX: "runs in the sandbox",
    Reach.NETWORK: "leaves this machine: network",
    Reach.HOST: "this machine, outside the sandbox",
}
