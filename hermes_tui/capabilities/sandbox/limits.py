"""Resource limits of a tool's processes, set by `prlimit` so that nothing of ours runs between fork and exec."""

from __future__ import annotations

import os
import shutil
from functools import lru_cache
from typing import Final

GIB: Final = 2**30
MOST_PROCESSES: Final = 1024
"""Processes and threads of one call together; RLIMIT_NPROC holds for everyone but root, a control group for all."""
LIMITS: Final = (
    "--core=0",
    f"--data={4 * GIB}",
    f"--fsize={2 * GIB}",
    "--nofile=4096",
    f"--nproc={MOST_PROCESSES}",
)


def limited(argv: tuple[str, ...], cpu_s: float) -> tuple[str, ...]:
    """Return `argv` under the limits; as it is where `prlimit` (util-linux) is missing."""
    prlimit = _prlimit()
    if prlimit is None:
        return argv
    return (prlimit, *LIMITS, f"--cpu={max(1, int(cpu_s) * 4)}", "--", *argv)


@lru_cache(maxsize=1)
def _prlimit() -> str | None:
    """Return where `prlimit` is; looked for once, as a system does not lose it while we run."""
    return shutil.which("prlimit", path="/usr/bin:/bin")


def memory_bytes() -> int:
    """Return what all processes of one call may hold together: half of the machine's memory, at most 8 GiB."""
    installed = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min(8 * GIB, max(GIB, installed // 2))
