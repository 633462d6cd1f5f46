"""Bubblewrap without Hermes: the very arguments and seccomp filter of our sandbox, and nothing around them."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from hermes_tui.capabilities.sandbox import seccomp
from hermes_tui.capabilities.sandbox.bubblewrap import Bubblewrap, find_binary
from hermes_tui.capabilities.sandbox.limits import limited
from hermes_tui.domain.ports import SandboxCommand

ABSENT = "bubblewrap is not installed, or user namespaces are not allowed"


def sandbox(workspace: Path) -> Bubblewrap | None:
    """Return our sandbox for `workspace` if it works here."""
    binary = find_binary()
    if binary is None:
        return None
    ours = Bubblewrap(binary, workspace)
    try:
        spawn(ours, command(workspace))()
    except (OSError, subprocess.CalledProcessError):
        return None
    return ours


def command(workspace: Path) -> SandboxCommand:
    """Return `true`, allowed to write the workspace."""
    return SandboxCommand(argv=("true",), cwd=workspace, write=(workspace,), timeout_s=60)


def spawn(ours: Bubblewrap, asked: SandboxCommand) -> Callable[[], float]:
    """Return a measure: milliseconds from start to exit of one confined command."""

    def measure() -> float:
        began = time.perf_counter()
        descriptor = seccomp.descriptor()
        argv = (*ours.arguments(asked, descriptor), *limited(asked.argv, asked.timeout_s))
        passed = () if descriptor is None else (descriptor,)
        try:
            subprocess.run(argv, env={}, cwd="/", capture_output=True, check=True, pass_fds=passed, timeout=60)
        finally:
            for number in passed:
                os.close(number)
        return 1000 * (time.perf_counter() - began)

    return measure
