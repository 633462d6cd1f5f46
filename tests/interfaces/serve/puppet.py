"""An app behind a tab, as far as the tab can tell: it speaks the protocol of Textual's driver for browsers."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def read() -> tuple[bytes, bytes]:
    """Return one packet of the tab."""
    kind, size = sys.stdin.buffer.read(1), int.from_bytes(sys.stdin.buffer.read(4), "big")
    return kind, sys.stdin.buffer.read(size)


def write(kind: bytes, payload: bytes) -> None:
    """Send one packet to the tab."""
    sys.stdout.buffer.write(kind + len(payload).to_bytes(4, "big") + payload)
    sys.stdout.buffer.flush()


def told() -> dict[str, Any]:
    """Return the next thing that is no key; the word `next` makes room for another app."""
    while (packet := read())[0] != b"M":
        if packet[1] == b"next":
            return {"type": "quit"}
        write(b"D", b"heard %d" % len(packet[1]))
    said: dict[str, Any] = json.loads(packet[1])
    return said


def main(rounds: int, last_words: Path) -> None:
    """Be one app after the other; each ends when it is told to, and draws to the last."""
    for number in range(rounds):
        sys.stdout.buffer.write(b"__GANGLION__\n")
        write(b"D", b"app %d" % number)
        while (said := told())["type"] != "quit":
            if said["type"] == "resize":
                write(b"D", b"app %d has %d x %d" % (number, said["width"], said["height"]))
        write(b"D", b"." * 1_000_000)
        write(b"M", json.dumps({"type": "exit"}).encode())
    last_words.write_text("put away", encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
