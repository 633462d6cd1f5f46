"""A server on the web: JSON or a stream of events, a session that it may name and forget, and headers that are ours."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from hermes_tui.capabilities.mcp.client import Client
from hermes_tui.capabilities.mcp.post import Post, events
from hermes_tui.capabilities.mcp.rpc import ServerGone
from hermes_tui.capabilities.mcp.server import ServerConfig
from hermes_tui.services.toolservers import sender_of
from tests.fakes.tool_server import ECHO


@dataclass
class Web:
    """A small server: what it heard, and how it answers."""

    heard: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    streams: bool = False
    status: int = 200
    forgets: bool = False

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """Return the result of one request."""
        match message["method"]:
            case "initialize":
                return {"protocolVersion": "2025-06-18", "serverInfo": {"name": "web", "version": "1"}}
            case "tools/list":
                return {"tools": [ECHO]}
            case _:
                return {"content": [{"type": "text", "text": message["params"]["arguments"]["text"]}]}


@pytest.fixture
def web() -> Iterator[tuple[Web, str]]:
    state = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.heard.append({name.casefold(): value for name, value in self.headers.items()})
            status = 404 if state.forgets and message["method"] == "tools/call" else state.status
            body = b"" if "id" not in message else self._body(message)
            self.send_response(status if body else 202)
            self.send_header("Content-Type", "text/event-stream" if state.streams else "application/json")
            self.send_header("Mcp-Session-Id", "s-1")
            self.end_headers()
            self.wfile.write(body)

        def _body(self, message: dict[str, Any]) -> bytes:
            text = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": state.answer(message)})
            note = json.dumps({"jsonrpc": "2.0", "method": "notifications/progress", "params": {}})
            return (
                f": hello\r\n\r\ndata: {note}\r\n\r\nevent: message\r\ndata: {text}\r\n\r\n".encode()
                if state.streams
                else text.encode()
            )

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield state, f"http://127.0.0.1:{server.server_port}/mcp"
    server.shutdown()
    server.server_close()


def client_of(url: str) -> tuple[Client, Post]:
    config = ServerConfig(name="web", url=url, headers={"Authorization": "Bearer key", "Accept": "text/html"})
    post = Post(sender_of(config), config.headers, 20.0)
    return Client(post), post


@pytest.mark.parametrize("streams", [False, True])
async def test_a_conversation_over_the_web(web: tuple[Web, str], streams: bool) -> None:
    web[0].streams = streams
    client, post = client_of(web[1])

    hello = await client.greet(20.0)
    post.version = hello.protocol
    tools = await client.tools(20.0)
    found = await client.call("echo", {"text": "hello"}, 20.0)

    last = web[0].heard[-1]
    assert (hello.name, [tool["name"] for tool in tools], found["content"][0]["text"]) == ("web", ["echo"], "hello")
    assert (last["authorization"], last["mcp-session-id"], last["mcp-protocol-version"]) == (
        "Bearer key",
        "s-1",
        "2025-06-18",
    )
    assert (last["accept"], last["mcp-method"], last["mcp-name"]) == (
        "application/json, text/event-stream",
        "tools/call",
        "echo",
    )


async def test_a_wrong_key_says_so(web: tuple[Web, str]) -> None:
    web[0].status = 401
    client, _ = client_of(web[1])

    with pytest.raises(ServerGone, match="It answered 401: its key is missing or wrong"):
        await client.greet(20.0)


async def test_a_session_that_was_forgotten_ends_the_conversation(web: tuple[Web, str]) -> None:
    web[0].forgets = True
    client, _ = client_of(web[1])
    await client.greet(20.0)

    with pytest.raises(ServerGone, match="forgotten the session"):
        await client.call("echo", {"text": "x"}, 20.0)


def test_events_may_have_several_lines_and_unfinished_ones_are_none() -> None:
    assert list(events(b"data: a\ndata: b\n\n:note\n\ndata: c\n\n")) == [b"a\nb", b"c"]


async def test_a_private_address_that_nobody_named_is_not_asked(tmp_path: Path) -> None:
    assert tmp_path.exists()
    client, _ = client_of("http://localhost.localdomain:9/mcp")

    with pytest.raises(ServerGone):
        await client.greet(20.0)
