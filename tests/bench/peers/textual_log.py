"""A bare Textual app as a baseline: an Input over a Log of many lines, into which tokens stream. No cursor blinks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from textual.app import App, ComposeResult
from textual.widgets import Input, Log

FRAME_S = 1 / 30


class BareLog(App[None]):
    """`LINES` lines to begin with, then tokens at `RATE` a second once the first key was typed."""

    def __init__(self, lines: int, rate: float) -> None:
        super().__init__()
        self.lines = lines
        self.rate = rate
        self.words: Iterator[int] = iter(range(10_000_000))

    def compose(self) -> ComposeResult:
        """A log, and one line to type in."""
        yield Log()
        field: Any = Input()
        field.cursor_blink = False
        yield field

    def on_mount(self) -> None:
        """Fill the log, then let it grow."""
        self.query_one(Log).write_lines(f"line {number} of what was said before" for number in range(self.lines))
        self.query_one(Input).focus()
        self.set_interval(FRAME_S, self.grow)

    def grow(self) -> None:
        """Write a frame's worth of tokens."""
        count = max(1, round(self.rate * FRAME_S))
        text = " ".join(f"word{next(self.words)}" for _ in range(count))
        self.query_one(Log).write(text + "\n")


if __name__ == "__main__":
    BareLog(int(sys.argv[1]), float(sys.argv[2])).run()
