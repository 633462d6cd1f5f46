"""Work on a thread of its own that nobody has to wait for: one that hangs must not keep the operator from leaving."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def aside(work: Callable[[], T]) -> T:
    """Return what `work` returns, or raise what it raises; whoever is cancelled meanwhile leaves it to itself.

    A loop that ends waits for the threads of `asyncio.to_thread`, and for those only.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(how: Callable[[], None]) -> None:
        # Nobody listens any more once the loop is closed.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(lambda: None if done.done() else how())

    def run() -> None:
        try:
            found = work()
        except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
            raised = error
            tell(lambda: done.set_exception(raised))
        else:
            tell(lambda: done.set_result(found))

    threading.Thread(target=run, name="aside", daemon=True).start()
    return await done
