"""Our sandbox without Hermes around it: one confined command, from its start to its result."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from hermes_tui.capabilities.sandbox.bubblewrap import Bubblewrap, find_binary
from hermes_tui.domain.errors import SandboxUnavailable
from hermes_tui.domain.ports import SandboxCommand

ABSENT = "bubblewrap is not installed, or user namespaces are not allowed"


def spawn(workspace: Path) -> Callable[[], float] | None:
    """Return a measure, milliseconds that a confined `true` takes; None where that does not work."""
    binary = find_binary()
    if binary is None:
        return None
    sandbox = Bubblewrap(binary, workspace)
    command = SandboxCommand(argv=("true",), cwd=workspace, write=(workspace,), timeout_s=60)

    async def timed() -> float:
        began = time.perf_counter()
        await sandbox.run(command)
        return 1000 * (time.perf_counter() - began)

    def measure() -> float:
        return asyncio.run(timed())

    try:
        measure()
    except SandboxUnavailable:
        return None
    return measure
