"""`hermes memory`: find, show, change and take back what Hermes remembers."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable
from typing import Final

from hermes_tui.domain.errors import HermesError, UsageInvalid
from hermes_tui.services.memory_pipe import open_pipe


def main(name: str, args: Namespace) -> int:  # noqa: ARG001 - every interface is called with the command's name
    """Carry out one verb; return its exit code."""
    try:
        return _VERBS[args.verb](args)
    except UsageInvalid as error:
        return _failed(error, 2)
    except HermesError as error:
        return _failed(error, 1)
    except KeyboardInterrupt:
        return 130


def _failed(error: HermesError, code: int) -> int:
    sys.stderr.write(f"hermes: {error.message}\n")
    if error.hint:
        sys.stderr.write(f"        {error.hint}\n")
    return code


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _pipe(args: Namespace) -> int:  # noqa: ARG001 - no options
    with open_pipe() as pipe:
        for line in sys.stdin:
            if line.strip():
                _say(pipe.answer(line))
    return 0


_VERBS: Final[dict[str, Callable[[Namespace], int]]] = {"pipe": _pipe}
