"""Notices a loop that gets no turn, and names what keeps it from one."""

from __future__ import annotations

import contextlib
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hermes_tui.domain.values import frozen, mutable

if TYPE_CHECKING:
    import asyncio

PATIENCE_S: Final = 0.05
"""How long a loop may be without a turn."""
ROUND_S: Final = 0.1
"""How often it is asked whether it has one."""
_FRAMES: Final = 6
_IDLE: Final = ("selectors.py", "select")
"""Where a loop stands that waits for something to do; what keeps it there is the machine, not its work."""


@frozen
class Blocked:
    """A loop got no turn for more than `PATIENCE_S`; `stack` is where its thread was, the innermost call last."""

    loop: str
    stack: tuple[str, ...]


@mutable(kw_only=True)
class _Watched:
    loop: asyncio.AbstractEventLoop
    thread: int
    name: str
    answered: threading.Event
    named: bool = False


class Watchdog:
    """One thread that asks every loop it watches for a turn, ten times a second.

    `report` is called on that thread, once for each time that a loop is blocked.
    """

    def __init__(self, report: Callable[[Blocked], None]) -> None:
        self._report = report
        self._watched: list[_Watched] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._thread.start()

    def watch(self, loop: asyncio.AbstractEventLoop, thread: int, name: str) -> None:
        """Watch a loop that runs on the thread of this id, until it is closed."""
        answered = threading.Event()
        answered.set()
        self._watched.append(_Watched(loop=loop, thread=thread, name=name, answered=answered))

    def close(self) -> None:
        """Watch no more."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(ROUND_S - PATIENCE_S):
            for one in [one for one in self._watched if one.answered.is_set()]:
                self._ask(one)
            if self._over.wait(PATIENCE_S):
                return
            for one in self._watched:
                self._look(one)

    def _ask(self, one: _Watched) -> None:
        one.answered.clear()
        one.named = False
        try:
            one.loop.call_soon_threadsafe(one.answered.set)
        except RuntimeError:
            self._watched.remove(one)

    def _look(self, one: _Watched) -> None:
        """Name what a loop is at that did not answer; it is asked again once it did."""
        if one.answered.is_set() or one.named:
            return
        frame = sys._current_frames().get(one.thread)  # pyright: ignore[reportPrivateUsage] - there is no other way
        if frame is None:
            return
        stack = traceback.extract_stack(frame)[-_FRAMES:]
        if (Path(stack[-1].filename).name, stack[-1].name) == _IDLE:
            return
        one.named = True
        said = tuple(f"{_short(each.filename)}:{each.lineno} {each.name}" for each in stack)
        with contextlib.suppress(OSError):
            self._report(Blocked(loop=one.name, stack=said))


def _short(path: str) -> str:
    return "/".join(Path(path).parts[-3:])
