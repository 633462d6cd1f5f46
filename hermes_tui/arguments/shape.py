"""What the options of several commands have in common."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, _SubParsersAction
from collections.abc import Callable
from typing import Final

NAMED: Final = "its id, the beginning of it, last, or an exported file"
WHICH: Final = f"{NAMED} (default: last, the one written last)"


def verbs(parser: ArgumentParser) -> _SubParsersAction[ArgumentParser]:
    """Return where the verbs of a command are added; one has to be named."""
    return parser.add_subparsers(dest="verb", required=True)


def as_json(parser: ArgumentParser) -> None:
    """Let the command print JSON."""
    parser.add_argument("--json", action="store_true", help="as JSON")


def number(kind: type[float], least: float, most: float) -> Callable[[str], float]:
    """Return what reads a number from `least` to `most`, and says so otherwise."""

    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = kind(-1)
        if not least <= value <= most:
            raise ArgumentTypeError(f"{text!r} is no number from {least:g} to {most:g}")
        return value

    return read
