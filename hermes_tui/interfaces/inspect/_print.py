"""Lines and tables for a terminal or a pipe."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Sequence

from hermes_tui.domain.errors import HermesError
from hermes_tui.domain.text import printable


def say(line: str = "") -> None:
    """Print one line of plain text, made safe for a terminal."""
    say_line(printable(line))


def say_json(value: object, *, indent: int | None = None) -> None:
    """Print a value as JSON."""
    say_line(json.dumps(value, ensure_ascii=False, indent=indent))


def say_line(line: str) -> None:
    """Print one line as it is."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def tell(line: str) -> None:
    """Tell the person at the terminal, apart from the output."""
    if sys.stderr is not None:
        sys.stderr.write(f"{printable(line)}\n")


def complain(error: HermesError, code: int) -> int:
    """Say what went wrong and what to do; return `code`."""
    tell(f"hermes: {error.message}")
    if error.hint:
        tell(f"        {error.hint}")
    return code


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return rows with their columns aligned; the last one is left as it is."""
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max((len(cell) for cell in column), default=0) for column in zip(*cells, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def when(at: float) -> str:
    """Return an instant in local time; a dash where it is not known."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at)) if at else "-"
