"""Lines out of chunks; half a line at the end is the mark of a cut, not of a foreign dialect."""

from __future__ import annotations

from typing import Final

from hermes_tui.capabilities.providers._json import object_of

DONE: Final = b"[DONE]"


_ENDS: Final = (b"}", b"]")


class Splitter:
    """Cuts chunks into lines without their ends; a line may lie across any number of chunks.

    A whole event counts at once, without waiting for its line end: the last byte of a reply may never come. Half a line
    is dropped.
    """

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines that are whole with this chunk; empty ones may be among them."""
        if not self._rest and chunk.endswith(b"\n"):  # as nearly every chunk is: whole lines
            return (chunk.replace(b"\r\n", b"\n") if b"\r" in chunk else chunk).split(b"\n")
        head, end, tail = chunk.rpartition(b"\n")
        lines: list[bytes] = []
        if end:
            whole = bytes(self._rest) + head
            self._rest.clear()
            lines = [line.rstrip(b"\r") for line in whole.split(b"\n")]
        self._rest += tail
        if self._rest.endswith(_ENDS) and _is_event(bytes(self._rest)):
            lines.append(bytes(self._rest))
            self._rest.clear()
        return lines


def _is_event(line: bytes) -> bool:
    data = line.removeprefix(b"data:").strip()
    return data == DONE or object_of(data) is not None
