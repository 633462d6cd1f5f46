"""The connections of an event loop: one host each, open while they may be used again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from functools import cache
from typing import TYPE_CHECKING, Final, cast

from hermes_tui.capabilities import registry
from hermes_tui.capabilities.providers import _limits
from hermes_tui.capabilities.providers._bounds import check_plain
from hermes_tui.capabilities.providers._http1 import (
    Address,
    Answer,
    Connection,
    Request,
    answered,
    connected,
    spelled,
)
from hermes_tui.capabilities.providers._loops import PerLoop
from hermes_tui.domain.values import frozen

if TYPE_CHECKING:
    import ssl

KEPT_S: Final = 60.0
KEPT: Final = 20
"""Idle connections that are kept for one host."""


@cache
def tls() -> ssl.SSLContext:
    """Return the process's TLS context; loading it and its certificates takes 50 ms."""
    # By name: most runs that ask a model of this machine never need it.
    return cast("Callable[[], ssl.SSLContext]", registry.load_private("providers", "_trust").context)()


class Pool:
    """The connections of one loop; no redirects, no proxies of the environment, so a key stays with its host."""

    def __init__(self) -> None:
        self._idle: dict[tuple[str, int, bool], list[Connection]] = {}
        self._now = asyncio.get_running_loop().time

    async def connection(self, address: Address, connect_s: float | None) -> Connection:
        """Return a connection to the host of `address`: an idle one where there is any.

        Raises:
            TimeoutError: there is none within `connect_s`.
            OSError: the host does not answer.
        """
        idle = self._idle.get(_key(address), [])
        while idle:
            kept = idle.pop()
            if self._now() - kept.idle_since < KEPT_S and kept.usable:
                return kept
            kept.close()
        async with asyncio.timeout(connect_s):
            context = await asyncio.to_thread(tls) if address.secure else None
            return await connected(address, context)

    def give_back(self, address: Address, connection: Connection) -> None:
        """Keep a connection whose exchange is over for the next one to its host."""
        idle = self._idle.setdefault(_key(address), [])
        if len(idle) >= KEPT:
            idle.pop(0).close()
        connection.idle_since = self._now()
        idle.append(connection)

    async def close(self) -> None:
        """Close what is idle; what is in use closes with its exchange."""
        for connection in [one for idle in self._idle.values() for one in idle]:
            connection.close()
        self._idle.clear()
        await asyncio.sleep(0)  # a transport lets go of its socket in the loop's next round


def _key(address: Address) -> tuple[str, int, bool]:
    return address.host, address.port, address.secure


@frozen
class Exchange:
    """A request that was sent, and its answer; whoever has read enough of it closes it."""

    answer: Answer
    address: Address
    connection: Connection
    pool: Pool

    def close(self) -> None:
        """Leave the connection to the next request, unless something of the answer is still to come."""
        if self.answer.reusable:
            self.pool.give_back(self.address, self.connection)
        else:
            self.connection.close()


async def send(request: Request, connect_s: float | None, on_connected: Callable[[], None]) -> Exchange:
    """Send a request and return as soon as the head of its answer is there.

    Args:
        request: What to send.
        connect_s: How long a connection may take; None is for ever.
        on_connected: Called when the connection stands, before anything is sent.

    Raises:
        NotConnected: there is no connection.
        HeaderInvalid: the request cannot be spelled; nothing was sent.
        Broken, OSError: the answer is none, or the connection was lost.
        ReplyMalformed: the answer is compressed, though that was not asked for.
    """
    data = spelled(request)
    pool = await _POOLS.get(None)
    connection = await _reached(pool, request.address, connect_s)
    try:
        on_connected()
        answer = await answered(connection, data)
        _limits.note(request.url, answer.headers)
        check_plain(request.address.host, answer.headers)
    except BaseException:
        connection.close()
        raise
    return Exchange(answer=answer, address=request.address, connection=connection, pool=pool)


async def _reached(pool: Pool, address: Address, connect_s: float | None) -> Connection:
    try:
        return await pool.connection(address, connect_s)
    except OSError as error:  # `TimeoutError` is one
        raise NotConnected(error) from error


class NotConnected(Exception):
    """There is no connection; `cause` says why, and is a `TimeoutError` where it took too long."""

    def __init__(self, cause: OSError) -> None:
        super().__init__(str(cause))
        self.cause = cause


async def _opened(_: None) -> AsyncGenerator[Pool]:
    pool = Pool()
    try:
        yield pool
    finally:
        await pool.close()


_POOLS: Final[PerLoop[None, Pool]] = PerLoop(_opened)
