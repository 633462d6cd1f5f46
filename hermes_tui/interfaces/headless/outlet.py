"""Standard output and error of a run: a reader that goes away, or a disk that is full, never ends the run."""

from __future__ import annotations

import os
from typing import Final, TextIO

GONE: Final = "hermes: nobody reads the output any more; the run goes on."


class Outlet:
    """Writes lines; once that fails it says so once through `teller`, and drops the rest."""

    def __init__(self, stream: TextIO | None, teller: Outlet | None = None) -> None:
        self._stream = stream
        self._teller = teller
        self.lost = False
        """Whether something could not be written although somebody may want to read it, as on a full disk."""

    def line(self, text: str) -> None:
        """Write one line now."""
        if self._stream is None:
            return
        try:
            self._stream.write(f"{text}\n")
            self._stream.flush()
        except (ConnectionError, ValueError):
            self._give_up(self._stream, GONE)
        except OSError as error:
            self.lost = True
            self._give_up(self._stream, f"hermes: the output cannot be written: {error.strerror}. The run goes on.")

    def _give_up(self, stream: TextIO, why: str) -> None:
        self._stream = None
        silence(stream)
        if self._teller is not None:
            self._teller.line(why)


def silence(stream: TextIO) -> None:
    """Point a stream that cannot be written to nowhere, so that its last flush cannot fail."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return
