"""Bubblewrap without Hermes: the same kinds of namespaces and mounts as our sandbox, and nothing around them."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.sandbox.bubblewrap import find_binary

ABSENT: Final = "bubblewrap is not installed, or user namespaces are not allowed"
_PROFILE: Final = (
    *("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
    *("--new-session", "--die-with-parent", "--cap-drop", "ALL", "--ro-bind", "/", "/"),
    *("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/run", "--clearenv"),
)


def spawner(workspace: Path) -> Callable[[], float] | None:
    """Return a measure, milliseconds from start to exit of one confined `true`; None where that does not work."""
    binary = find_binary()
    if binary is None:
        return None
    argv = (binary, *_PROFILE, "--bind", str(workspace), str(workspace), "--chdir", str(workspace), "--", "true")

    def measure() -> float:
        began = time.perf_counter()
        subprocess.run(argv, cwd="/", capture_output=True, check=True, timeout=60)
        return 1000 * (time.perf_counter() - began)

    try:
        measure()
    except (OSError, subprocess.SubprocessError):
        return None
    return measure
