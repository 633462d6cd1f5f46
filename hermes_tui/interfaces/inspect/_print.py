"""Lines and tables for a terminal or a pipe."""

from __future__ import annotations

import json
import sys

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
