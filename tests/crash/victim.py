"""A Hermes that kills itself without warning at a record: `python -m tests.crash.victim GOAL WORKSPACE SEQ LATE_MS`.

With `SEQ` 0 it lives. The record is appended but, as a rule, not yet on disk: the earliest that a crash can be. With
`LATE_MS` it goes on for so long after it, whatever it does then.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hermes_tui.domain.ids import SessionId
from hermes_tui.domain.records import Record
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.sessions import OwnedSession, Reader
from hermes_tui.services.workstation import Workstation


class Victim(Workstation):
    """Dies as soon as the record `seq` is appended; what is handed to readers would be on disk already."""

    def __init__(self, options: RunOptions, seq: int, late_ms: float) -> None:
        super().__init__(options)
        self._seq = seq
        self._late_ms = late_ms

    @contextmanager
    def own(self, session_id: SessionId, readers: Sequence[Reader]) -> Generator[OwnedSession]:
        with super().own(session_id, [self._die, *readers]) as owned:
            yield owned

    def _die(self, record: Record) -> None:
        if record.seq != self._seq:
            return
        if self._late_ms:
            threading.Timer(self._late_ms / 1_000, _kill).start()
        else:
            _kill()


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> int:
    """Pursue the goal; return its exit code, if it comes to that."""
    goal, workspace, seq, late_ms = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])

    station = Victim(RunOptions(workspace=workspace), seq, late_ms)
    return asyncio.run(station.pursue(goal, [])).exit_code


if __name__ == "__main__":
    sys.exit(main())
