"""What the config says of memory, and how an embedder is looked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from hermes_tui.domain.memory import Embedder
from hermes_tui.domain.values import frozen

Seek = Callable[[], Awaitable[Embedder | None]]
"""Looks for an embedder; it answers soon, or with None."""


@frozen
class MemorySettings:
    """What the config says of memory.

    `workspace` is the folder whose notes are looked at besides the home's, `report` hears why git did not follow.
    `brief` is how many notes are put before a turn at most. `embedder` None searches by words and structure alone,
    until `seek` finds one. `git` is the program that keeps history; None looks for it, an empty name is none.
    """

    workspace: Path
    report: Callable[[str], None]
    policy: str = "auto"
    index_bytes: int = 4096
    brief: int = 6
    embedder: Embedder | None = None
    seek: Seek | None = None
    git: str | None = None
