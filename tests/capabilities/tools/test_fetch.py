"""One HTTP request against a local server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from hermes_tui.capabilities.tools._tool import ProbedTool
from hermes_tui.capabilities.tools.fetch import fetch
from hermes_tui.domain.errors import ArgumentsInvalid, ToolError
from hermes_tui.domain.tasks import Effect, Reach
from tests.capabilities.tools.conftest import Bench

KEYS: list[str] = []


class Pages(BaseHTTPRequestHandler):
    """A few pages, and a memory of idempotency keys."""

    def do_GET(self) -> None:
        known = self.path.removeprefix("/done/") in KEYS
        status = {"/away": 302, "/near": 302}.get(self.path, 404 if "/done/" in self.path and not known else 200)
        self.answer(status, {"/away": "http://127.0.0.2:1/", "/near": "/page"}.get(self.path, ""), self.path.encode())

    def do_POST(self) -> None:
        KEYS.append(self.headers["Idempotency-Key"])
        self.answer(201, "", b"made")

    def answer(self, status: int, location: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    KEYS.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


async def test_a_private_address_needs_its_own_grant(bench: Bench, url: str) -> None:
    with pytest.raises(ToolError, match="private"):
        await bench.call(fetch, url=f"{url}/page")
    bench.context.egress = (url.removeprefix("http://"),)

    assert (await bench.call(fetch, url=f"{url}/near")).output == "200 text/plain\n\n/page"
    assert "not followed" in (await bench.call(fetch, url=f"{url}/away")).output


async def test_a_post_is_external_and_can_be_probed(bench: Bench, url: str) -> None:
    bench.context.egress = ("127.0.0.1",)
    arguments = json.dumps({"url": f"{url}/new", "method": "POST", "body": "x", "probe": url + "/done/{key}"})
    assert isinstance(fetch, ProbedTool)

    before = await fetch.probe(arguments, bench.context)
    resolved = fetch.resolve(arguments, bench.context)
    outcome = await fetch.run(arguments, bench.context)
    after = await fetch.probe(arguments, bench.context)

    assert (before, resolved.effect, resolved.reach) == (None, Effect.EXTERNAL, Reach.NETWORK)
    assert (outcome.ok, KEYS) == (True, ["key-1"])
    assert after is not None


@pytest.mark.parametrize(
    "bad", ["file:///etc/passwd", "http://a:b@c/", "http://a b/", "http://", "ftp://a", "http://a:x/"]
)
def test_what_is_no_plain_url_is_refused(bench: Bench, bad: str) -> None:
    with pytest.raises(ArgumentsInvalid):
        fetch.resolve(json.dumps({"url": bad}), bench.context)
