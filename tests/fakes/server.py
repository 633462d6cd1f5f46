"""The fake provider: one loopback server that speaks every dialect."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import asdict
from types import TracebackType
from typing import Self

from tests.fakes import catalog, plain, playback
from tests.fakes.anthropic import Anthropic
from tests.fakes.dialect import Answer, Dialect
from tests.fakes.faults import REPLACEMENTS, Fault, FaultKind
from tests.fakes.frames import encode
from tests.fakes.log import Exchange, Log, Outcome, now_s
from tests.fakes.ollama import Ollama
from tests.fakes.openai_chat import OpenAIChat
from tests.fakes.openai_responses import OpenAIResponses
from tests.fakes.openrouter import OpenRouter
from tests.fakes.reshape import reshape
from tests.fakes.scenario import Scenario, say
from tests.fakes.script import Script
from tests.fakes.sender import ClientLeft, Sender
from tests.fakes.usage import tokens_in
from tests.fakes.wire import HEAD_LIMIT_BYTES, Request, read_request

HOST = "127.0.0.1"

DIALECTS: dict[str, Dialect] = {
    "/v1/chat/completions": OpenAIChat(),
    "/v1/responses": OpenAIResponses(),
    "/v1/messages": Anthropic(),
    "/api/chat": Ollama(),
    "/api/v1/chat/completions": OpenRouter(),
}
"""Which dialect a POST to a path is in."""

_EXHAUSTED = Fault(FaultKind.STATUS, status=400, message="The fake provider's scenario has no reply left.")


class FakeServer:
    """A provider on 127.0.0.1 that follows a scenario.

    Use it as an async context manager in the loop that serves it, or through
    `running_server` from a thread of its own.

    Args:
        scenario: What to answer; a friendly sentence if not given.
        port: 0 picks a free one.
        on_done: Called with each finished exchange, in the server's thread.
    """

    def __init__(
        self,
        scenario: Scenario | None = None,
        *,
        port: int = 0,
        on_done: Callable[[Exchange], None] | None = None,
    ) -> None:
        self.scenario = scenario or say("Hello from the fake provider.")
        self.log = Log(on_done)
        self._script = Script(self.scenario)
        self._port = port
        self._served = 0
        self._connections: set[asyncio.Task[None]] = set()
        self._failures: list[Exception] = []

    @property
    def port(self) -> int:
        """The port, once the server runs."""
        return self._port

    @property
    def base_url(self) -> str:
        """The root of everything."""
        return f"http://{HOST}:{self._port}"

    @property
    def openai_url(self) -> str:
        """Base URL for OpenAI clients, and for LM Studio."""
        return f"{self.base_url}/v1"

    @property
    def anthropic_url(self) -> str:
        """Base URL for Anthropic clients."""
        return self.base_url

    @property
    def ollama_url(self) -> str:
        """Host URL for Ollama clients."""
        return self.base_url

    @property
    def openrouter_url(self) -> str:
        """Base URL for OpenRouter clients."""
        return f"{self.base_url}/api/v1"

    async def __aenter__(self) -> Self:
        """Listen."""
        self._loop = asyncio.get_running_loop()
        self._released = asyncio.Event()
        self._server = await asyncio.start_server(self._connected, HOST, self._port, limit=HEAD_LIMIT_BYTES)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening and end every connection.

        Raises:
            ExceptionGroup: The server itself failed, say in a callable of the scenario.
        """
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()
        if self._failures and error is None:
            message = "the fake provider failed"
            raise ExceptionGroup(message, self._failures)

    def release(self) -> None:
        """Let every stall, present and future, go on; callable from any thread."""
        self._loop.call_soon_threadsafe(self._released.set)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._serve(reader, writer), name="fake:connection")
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun_s = now_s()
        try:
            while first := await reader.read(1):
                request = await read_request(reader, first)
                sender = Sender(reader, writer, self._released)
                await self._exchange(request, sender, begun_s)
                if not sender.open:
                    return
                begun_s = now_s()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            return  # not a request, or not a whole one: nobody is left to answer
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _exchange(self, request: Request, sender: Sender, begun_s: float) -> None:
        exchange = Exchange(
            index=len(self.log),
            method=request.method,
            path=request.path,
            headers=request.headers,
            body=request.json(),
            accepted_s=begun_s,
            received_s=now_s(),
        )
        if not request.path.startswith("/__"):
            self.log.add(exchange)
        try:
            await self._answer(request, exchange, sender)
            exchange.outcome = Outcome.COMPLETE
        except ClientLeft:
            exchange.outcome = Outcome.CLIENT_LEFT
            sender.hang_up()
        except Exception as error:  # noqa: BLE001  reported by __aexit__
            self._failures.append(error)
            sender.reset()
        finally:
            exchange.first_byte_s, exchange.last_byte_s = sender.first_byte_s, sender.last_byte_s
            exchange.sent_bytes = sender.sent_bytes
            if not request.path.startswith("/__"):
                self.log.done(exchange)

    async def _answer(self, request: Request, exchange: Exchange, sender: Sender) -> None:
        dialect = DIALECTS.get(request.path) if request.method == "POST" else None
        if dialect is None:
            await self._catalog(request, exchange, sender)
            return
        exchange.dialect = dialect.name
        asked = dialect.read(exchange.body or {}, request.headers)
        reply = self._script.answer(asked)
        if reply is None:
            exchange.fault = "exhausted"
            exchange.status = await plain.refuse(dialect, _EXHAUSTED, sender)
            return
        exchange.reply_index, self._served = self._served, self._served + 1
        fault = reply.fault
        exchange.fault = fault.label if fault else None
        if fault is not None and fault.kind in REPLACEMENTS:
            exchange.status = await plain.stand_in(dialect, fault, sender)
            return
        reply = reshape(reply)
        exchange.bill = reply.bill(tokens_in(request.body))
        exchange.status = 200
        serial = exchange.reply_index
        answer = Answer(asked=asked, reply=reply, bill=exchange.bill, serial=serial)
        await playback.play(dialect, answer, sender)

    async def _catalog(self, request: Request, exchange: Exchange, sender: Sender) -> None:
        """Answer what is not a request for a reply."""
        if own := self._own_page(request):
            await plain.send(sender, 200, *own)
            return
        speaker = _speaker(request)
        if (fault := self.scenario.catalog_fault) is not None:
            exchange.fault = fault.label
            exchange.status = await plain.fail(speaker, fault, sender)
            if not sender.open or exchange.status is not None:
                return
        page = catalog.find(request.method, request.path)
        if page is None:
            missing = Fault(FaultKind.STATUS, status=404, message=f"No page {request.path}.")
            exchange.status = await plain.refuse(speaker, missing, sender)
            return
        exchange.status = 200
        await plain.send_json(sender, 200, page(self.scenario, request))

    def _own_page(self, request: Request) -> tuple[str, bytes] | None:
        """Return the pages about the fake itself."""
        match request.path:
            case "/__log__":
                lines = [encode(exchange.to_json()) + b"\n" for exchange in self.log]
                return "application/x-ndjson", b"".join(lines)
            case "/__total__":
                total = asdict(self.log.total) | {"replies": len(self.log.replies)}
                return plain.JSON, encode(total)
            case "/":
                return "text/plain", b"Ollama is running"
            case _:
                return None


def _speaker(request: Request) -> Dialect:
    """Guess whose error body a request expects."""
    if "anthropic-version" in request.headers:
        return DIALECTS["/v1/messages"]
    if request.path.startswith("/api/v1/"):
        return DIALECTS["/api/v1/chat/completions"]
    if request.path.startswith("/api/"):
        return DIALECTS["/api/chat"]
    return DIALECTS["/v1/chat/completions"]
