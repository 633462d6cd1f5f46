"""Resource limits of a tool's processes, set by `prlimit` so that nothing of ours runs between fork and exec."""

from __future__ import annotations

import shutil
from typing import Final

GIB: Final = 2**30
LIMITS: Final = (
    "--core=0",
    f"--data={4 * GIB}",
    f"--fsize={2 * GIB}",
    "--nofile=4096",
    "--nproc=4096",
)


def limited(argv: tuple[str, ...], cpu_s: float) -> tuple[str, ...]:
    """Return `argv` under the limits; as it is where `prlimit` (util-linux) is missing."""
    prlimit = shutil.which("prlimit", path="/usr/bin:/bin")
    if prlimit is None:
        return argv
    return (prlimit, *LIMITS, f"--cpu={max(1, int(cpu_s) * 4)}", "--", *argv)
