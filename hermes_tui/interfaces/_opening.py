"""From the command line to a seat at the kernel: which session, which folders; one session after the other."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hermes_tui.domain.errors import HermesError, UsageInvalid
from hermes_tui.domain.text import printable
from hermes_tui.domain.values import frozen
from hermes_tui.interfaces._options import options_of
from hermes_tui.services import demo
from hermes_tui.services.desk import Desk

if TYPE_CHECKING:
    from argparse import Namespace


def seat_for(args: Namespace) -> tuple[Desk, list[Path]]:
    """Return the desk, and where themes are.

    Raises:
        UsageInvalid: the config cannot be used, or the session to resume is not there.
    """
    desk = Desk(options_of(args))
    if args.continue_:
        desk.take_up_latest()
    elif args.resume:
        desk.take_up(args.resume)
    home = desk.premises.home
    return desk, [home.built_in / "themes", home.root / "themes"]


DEMO: Final = ":demo"
"""What stands for the demo where the next session is named."""


@frozen(kw_only=False)
class Sitting:
    """A desk to sit at: where themes are, what was said on the command line."""

    desk: Desk
    themes: Sequence[Path]
    goal: str = ""


@frozen(kw_only=False)
class Parting:
    """How a sitting ended: which session comes next (empty: a new one, None: none), and the exit code."""

    following: str | None
    code: int = 0


def sit_down(args: Namespace, sit: Callable[[Sitting], Parting]) -> int:
    """Open one session after the other until the operator leaves; return the exit code."""
    if args.demo:
        return _show_demo(args, sit)
    goal = "/sessions" if args.resume == "" else args.goal or ""
    while True:
        parting = _open(args, goal, sit)
        if parting.following is None:
            return parting.code
        if parting.following == DEMO:
            _show_demo(args, sit)
        next_session = "" if parting.following == DEMO else parting.following
        args.resume, args.continue_, goal = next_session or None, False, ""


def _show_demo(args: Namespace, sit: Callable[[Sitting], Parting]) -> int:
    """Let the operator watch the demo; it ends with its session."""
    with demo.demo_folders() as made:
        shown = {"cd": str(made.workspace), "home": str(made.home), "model": demo.MODEL, "mode": "ask"}
        plain = {"resume": None, "continue_": False, "budget_usd": None, "max_steps": None, "time_limit": None}
        of_demo = copy(args)
        vars(of_demo).update(shown | plain)
        return _open(of_demo, demo.GOAL, sit).code


def _open(args: Namespace, goal: str, sit: Callable[[Sitting], Parting]) -> Parting:
    """Open one session until the operator leaves it."""
    try:
        desk, themes = seat_for(args)
        parting = sit(Sitting(desk, themes, goal))
    except HermesError as error:
        sys.stderr.write(f"hermes: {printable(str(error))}\n")
        return Parting(None, 2 if isinstance(error, UsageInvalid) else 1)
    if not desk.close():
        # The terminal itself may be gone.
        with suppress(OSError):
            sys.stderr.write("hermes: Left while the session was opening; nothing was sent.\n")
    return parting
