"""Notices a loop that gets no turn, and names what keeps it from one."""

from __future__ import annotations

import contextlib
import sys
import threading
import traceback
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hermes_tui.domain.values import frozen, mutable

if TYPE_CHECKING:
    import asyncio
    from types import FrameType

PATIENCE_S: Final = 0.05
"""How long a loop may be without a turn; as often its thread is looked at."""
QUIET_S: Final = 0.5
"""How often, once nothing was at work for `QUIET_LOOKS` looks: twenty a second are half a percent of a processor."""
QUIET_LOOKS: Final = 40
_FRAMES: Final = 6
_IDLE: Final = "selectors.py"
"""Where, in `select`, a loop stands that has nothing to do; what keeps it there is the machine, not its work."""


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
    """One thread that looks at the loops it watches, and asks one for a turn that is at work.

    A loop that waits for something to do is left alone: asking it would wake it, for nothing, all day. `report` is
    called on that thread, once for each time that a loop is blocked.
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
        idle = 0
        while not self._over.wait(PATIENCE_S if idle < QUIET_LOOKS else QUIET_S):
            idle += 1
            frames = sys._current_frames()  # pyright: ignore[reportPrivateUsage] - there is no other way
            for one in list(self._watched):
                frame = frames.get(one.thread)
                if one.loop.is_closed() or frame is None:
                    self._watched.remove(one)
                elif not _is_idle(frame):
                    idle = 0
                    self._look(one, frame)

    def _look(self, one: _Watched, frame: FrameType) -> None:
        """Ask a loop for a turn; name what it is at if it has not had one since it was asked."""
        if one.answered.is_set():
            one.answered.clear()
            one.named = False
            with contextlib.suppress(RuntimeError):  # closed meanwhile
                one.loop.call_soon_threadsafe(one.answered.set)
        elif not one.named:
            one.named = True
            with contextlib.suppress(OSError):
                self._report(Blocked(loop=one.name, stack=_stack(frame)))


def _is_idle(frame: FrameType) -> bool:
    return frame.f_code.co_name == "select" and frame.f_code.co_filename.endswith(_IDLE)


def _stack(frame: FrameType) -> tuple[str, ...]:
    """Return where a thread is. `traceback` would read, and keep, the source of every file on the way."""
    inner = islice(traceback.walk_stack(frame), _FRAMES)
    said = [f"{_short(each.f_code.co_filename)}:{line} {each.f_code.co_name}" for each, line in inner]
    return tuple(reversed(said))


def _short(path: str) -> str:
    return "/".join(Path(path).parts[-3:])
