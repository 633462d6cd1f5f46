"""Bubblewrap without Hermes: started by the very words and the filter of our sandbox, and nothing around it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.sandbox import scopes
from hermes_tui.capabilities.sandbox.bounds import bounds_of
from hermes_tui.capabilities.sandbox.bubblewrap import Bubblewrap, Scope, find_binary
from hermes_tui.domain.processes import SandboxCommand

ABSENT: Final = "bubblewrap is not installed, or user namespaces are not allowed"


def once_ms(sandbox: Bubblewrap, command: SandboxCommand) -> float:
    """Return the milliseconds from start to exit of a command, started as `sandbox` would; making the words is free."""
    folders = scopes.writable_folders(command.write, command.cwd)
    listening, telling = os.pipe()
    line, descriptors = sandbox.prepared(command, Scope(folders, scopes.guards(folders, command.cwd)), telling)
    try:
        began = time.perf_counter()
        subprocess.run(
            line, env={}, pass_fds=descriptors, capture_output=True, stdin=subprocess.DEVNULL, check=True, timeout=60
        )
        return 1000 * (time.perf_counter() - began)
    finally:
        for descriptor in (listening, *descriptors):
            os.close(descriptor)


def spawner(workspace: Path) -> Callable[[], float] | None:
    """Return a measure, milliseconds of one confined `true` in a shell; None where that does not work."""
    binary = find_binary()
    if binary is None:
        return None
    workspace = workspace.resolve()
    sandbox = Bubblewrap(binary, bounds_of(workspace))
    command = SandboxCommand(argv=("/bin/sh", "-c", "true"), cwd=workspace, write=(workspace,))
    try:
        once_ms(sandbox, command)
    except (OSError, subprocess.SubprocessError):
        return None
    return lambda: once_ms(sandbox, command)
