"""Who waits for which record to be durable, on any number of event loops."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import field
from typing import Any, Final

from hermes_tui.domain.errors import JournalPoisoned
from hermes_tui.domain.values import mutable

_Future = asyncio.Future[None]


class _Over:
    """What was waited for is there already."""

    def __await__(self) -> Generator[Any]:
        return
        yield


_OVER: Final = _Over()


@mutable
class _Line:
    """Who waits on one loop: seqs in their order, and a future for each, touched by that loop's thread alone.

    `called` while a call to it is out. What is up to `wanted` is waited for by a loop that had nothing else to run;
    `counting` while that is to be seen.
    """

    loop: asyncio.AbstractEventLoop
    seqs: list[int] = field(default_factory=list[int])
    futures: list[_Future] = field(default_factory=list[_Future])
    called: bool = False
    wanted: int = 0
    counting: bool = False


class Waiters:
    """The last durable seq, and the futures that wait for more; each commit wakes a loop once.

    Who begins to wait does not stand for itself alone: others of its loop are about to, and one commit does for all. So
    `joined` is called on a loop's thread when all that it had to run has been run, and somebody waits.
    """

    def __init__(self, durable: int, joined: Callable[[], None] = lambda: None) -> None:
        self.durable = durable
        self._joined = joined
        self._failure: JournalPoisoned | None = None
        self._lock = threading.Lock()
        self._lines: dict[asyncio.AbstractEventLoop, _Line] = {}

    def wait(self, seq: int) -> Awaitable[None]:
        """Return what is over when `seq` is durable; to be awaited on the loop that runs.

        Raises:
            JournalPoisoned: it never will be; raised where it is awaited.
        """
        if seq <= self.durable:
            return _OVER
        loop = asyncio.get_running_loop()
        line = self._lines.get(loop) or self._line(loop)
        future = loop.create_future()
        seqs = line.seqs
        if seqs and seqs[-1] > seq:
            line.futures.insert(bisect_right(seqs, seq), future)
            seqs.insert(bisect_right(seqs, seq), seq)
        else:  # Nearly everyone waits for the newest record there is.
            line.futures.append(future)
            seqs.append(seq)
        if not line.counting:
            line.counting = True
            loop.call_soon(self._count, line)
        # What was committed meanwhile is seen when the line is counted.
        return future

    @property
    def waited_for(self) -> bool:
        """Whether a loop waits that has nothing else to run."""
        with self._lock:
            return any(line.wanted > self.durable for line in self._lines.values())

    def reach(self, seq: int) -> None:
        """Everything up to `seq` is on disk; called by the writer thread."""
        self.durable = seq
        self._call()

    def fail(self, failure: JournalPoisoned) -> None:
        """Nothing after the last durable seq will be; called by the writer thread."""
        self._failure = failure
        self._call()

    def _count(self, line: _Line) -> None:
        """Now everyone has run who was ready when the first began to wait; some may be woken already."""
        line.counting = False
        if line.seqs and (line.seqs[0] <= self.durable or self._failure is not None):
            self._wake(line)
        if line.seqs:
            line.wanted = line.seqs[-1]
            self._joined()

    def _line(self, loop: asyncio.AbstractEventLoop) -> _Line:
        with self._lock:
            for closed in [one for one in self._lines if one.is_closed()]:
                del self._lines[closed]
            return self._lines.setdefault(loop, _Line(loop))

    def _call(self) -> None:
        with self._lock:
            lines: Sequence[_Line] = tuple(self._lines.values())
        for line in lines:
            # A loop that is still to count looks for itself then. To call it would cost the writer its turn.
            if line.seqs and not line.called and not line.counting:
                line.called = True
                # A closed loop has nobody left who waits.
                with contextlib.suppress(RuntimeError):
                    line.loop.call_soon_threadsafe(self._wake, line)

    def _wake(self, line: _Line) -> None:
        # Before the look: a commit that comes after it calls again.
        line.called = False
        failure = self._failure
        over = bisect_right(line.seqs, self.durable)
        for future in _taken(line, over):
            if not future.done():  # Else who waited was cancelled.
                future.set_result(None)
        if failure is not None:
            for future in _taken(line, len(line.seqs)):
                if not future.done():
                    future.set_exception(JournalPoisoned(failure.message, hint=failure.hint))


def _taken(line: _Line, count: int) -> list[_Future]:
    """Take the first so many out of a line."""
    taken = line.futures[:count]
    del line.seqs[:count], line.futures[:count]
    return taken
