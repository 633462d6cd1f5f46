"""The only crossing between event loops: call into another one, and a few long-lived threads that run one each."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, Generic, ParamSpec, TypeVar

from hermes_tui.kernel.watchdog import Watchdog

MOST: Final = 4
P = ParamSpec("P")
T = TypeVar("T")


async def _nothing() -> None:
    """Do nothing."""


class Door:
    """The way into one event loop from any other."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop

    async def call(self, make: Callable[P, Coroutine[Any, Any, T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what `make(…)` returns on this door's loop, with the caller's context variables.

        A cancelled caller cancels it there, and is held until it has ended: nothing of it runs on unseen.

        Raises:
            RuntimeError: the loop is closed.
        """
        if asyncio.get_running_loop() is self.loop:
            return await make(*args, **kwargs)
        crossing = _Crossing(lambda: make(*args, **kwargs), self.loop)
        context = contextvars.copy_context()
        self.loop.call_soon_threadsafe(crossing.start, context, context=context)
        try:
            await asyncio.wait([crossing.ended])
        except asyncio.CancelledError:
            self.loop.call_soon_threadsafe(crossing.cancel)
            while not crossing.ended.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([crossing.ended])
            crossing.forget()
            raise
        return crossing.ended.result()


class _Crossing(Generic[T]):
    """One call on its way: a task on the far loop, its end on the near one."""

    def __init__(self, make: Callable[[], Coroutine[Any, Any, T]], far: asyncio.AbstractEventLoop) -> None:
        self.make = make
        self.far = far
        self.near = asyncio.get_running_loop()
        self.ended: asyncio.Future[T] = self.near.create_future()
        self.task: asyncio.Task[T] | None = None

    def start(self, context: contextvars.Context) -> None:
        """Begin on the far loop."""
        self.task = self.far.create_task(self.make(), context=context)
        # A task that is cancelled before its first step never runs its own `finally`: its end is heard from outside.
        self.task.add_done_callback(self._report)

    def cancel(self) -> None:
        """Cancel on the far loop; it was started there before."""
        if self.task is not None:
            self.task.cancel()

    def forget(self) -> None:
        """Drop a result or an error that nobody waits for any more."""
        if not self.ended.cancelled():
            self.ended.exception()

    def _report(self, task: asyncio.Task[T]) -> None:
        # A near loop that was closed meanwhile has nobody left who waits.
        with contextlib.suppress(RuntimeError):
            self.near.call_soon_threadsafe(self._deliver, task)

    def _deliver(self, task: asyncio.Task[T]) -> None:
        if self.ended.done():
            return
        if task.cancelled():
            self.ended.cancel()
        elif (error := task.exception()) is not None:
            self.ended.set_exception(error)
        else:
            self.ended.set_result(task.result())


class _Worker:
    """A thread with an event loop for as long as the pool is open."""

    def __init__(self, name: str, closing: Callable[[], Awaitable[None]]) -> None:
        self.calls = 0
        self._closing = closing
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()
        self._ready.wait()

    def _serve(self) -> None:
        with asyncio.Runner() as runner:
            self.loop, self.thread = runner.get_loop(), threading.get_ident()
            self.door = Door(self.loop)
            self._stop = asyncio.Event()
            self._ready.set()
            runner.run(self._until_stopped())

    async def _until_stopped(self) -> None:
        try:
            await self._stop.wait()
        finally:
            await self._closing()

    async def close(self) -> None:
        """Let the loop end, its own clients closed on it, and wait for the thread."""
        self.loop.call_soon_threadsafe(self._stop.set)
        await asyncio.to_thread(self._thread.join)


class Workers:
    """At most `most` threads, each with one event loop; a thread begins when it is first needed.

    `closing` is run on each loop before it ends, so that clients are closed where they were opened. The `watchdog`, if
    any, watches each loop that begins from then on.
    """

    def __init__(self, most: int = 0, closing: Callable[[], Awaitable[None]] = _nothing) -> None:
        self._most = most or max(1, min(MOST, os.cpu_count() or 1))
        self._closing = closing
        self._workers: list[_Worker] = []
        self.watchdog: Watchdog | None = None

    def assign(self) -> Door:
        """Return the way into the loop that was assigned least often; whoever gets it keeps it for life."""
        if len(self._workers) < self._most:
            name = f"worker-{len(self._workers) + 1}"
            self._workers.append(_Worker(name, self._closing))
            if self.watchdog is not None:
                self.watchdog.watch(self._workers[-1].loop, self._workers[-1].thread, name)
        chosen = min(self._workers, key=lambda worker: worker.calls)
        chosen.calls += 1
        return chosen.door

    @property
    def threads(self) -> int:
        """How many threads there are now."""
        return len(self._workers)

    async def close(self) -> None:
        """End every loop and thread; nothing may be running on them any more."""
        workers, self._workers = self._workers, []
        for worker in workers:
            await worker.close()
