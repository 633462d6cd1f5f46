"""A Hermes that kills itself without warning at a record: `python -m tests.crash.victim GOAL WORKSPACE SEQ`.

With `SEQ` 0 it lives. The record is appended but, as a rule, not yet on disk: the earliest that a crash can be.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from hermes_tui.domain.records import Record
from hermes_tui.services.wiring import RunOptions
from hermes_tui.services.workstation import Workstation


def main() -> int:
    """Pursue the goal; return its exit code, if it comes to that."""
    goal, workspace, seq = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])

    def die(record: Record) -> None:
        if record.seq == seq:
            os.kill(os.getpid(), signal.SIGKILL)

    station = Workstation(RunOptions(workspace=workspace))
    return asyncio.run(station.pursue(goal, [die])).exit_code


if __name__ == "__main__":
    sys.exit(main())
