"""A fake provider in a thread of its own, for tests that start Hermes as a process."""

import asyncio
import socket
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import contextmanager

from tests.fakes.log import Exchange
from tests.fakes.scenario import Scenario
from tests.fakes.server import HOST, FakeServer


@contextmanager
def running_server(
    scenario: Scenario | None = None,
    *,
    port: int = 0,
    on_done: Callable[[Exchange], None] | None = None,
) -> Generator[FakeServer]:
    """Run a `FakeServer` on its own thread and loop while the block runs."""
    server = FakeServer(scenario, port=port, on_done=on_done)
    ready: Future[Callable[[], object]] = Future()
    ended: Future[None] = Future()

    async def serve() -> None:
        async with server:
            stop = asyncio.Event()
            loop = asyncio.get_running_loop()
            ready.set_result(lambda: loop.call_soon_threadsafe(stop.set))
            await stop.wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:  # noqa: BLE001  raised again in the caller's thread
            (ended if ready.done() else ready).set_exception(error)
        else:
            ended.set_result(None)

    thread = threading.Thread(target=run, name="fake-provider", daemon=True)
    thread.start()
    stop_serving = ready.result()
    try:
        yield server
    finally:
        stop_serving()
        thread.join()
    ended.result()


def closed_port() -> int:
    """Return a port on 127.0.0.1 that refuses connections."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def refused_url() -> str:
    """Return a base URL whose connections are refused."""
    return f"http://{HOST}:{closed_port()}"
