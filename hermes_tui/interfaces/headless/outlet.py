"""Standard output and error of a run: a reader that goes away never ends the run."""

from __future__ import annotations

import os
import sys
from typing import Final, TextIO

GONE: Final = "hermes: nobody reads the output any more; the run goes on."


class Outlet:
    """Writes lines; once its pipe is closed, or its disk is full, it says so on stderr and drops the rest."""

    def __init__(self, stream: TextIO | None, complaint: str = "") -> None:
        self._stream = stream
        self._complaint = complaint

    def line(self, text: str) -> None:
        """Write one line now."""
        if self._stream is None:
            return
        try:
            self._stream.write(f"{text}\n")
            self._stream.flush()
        except (OSError, ValueError):
            silence(self._stream)
            self._stream = None
            if self._complaint:
                Outlet(sys.stderr).line(self._complaint)


def silence(stream: TextIO) -> None:
    """Point a stream whose pipe is closed to nowhere, so that its last flush cannot fail."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return
