"""Who gets in: over plain sockets, as another page of the web would try, and in a real browser."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from hermes_tui.interfaces.serve.door import command_of, serving
from hermes_tui.interfaces.serve.gate import Gate
from tests.fakes import Reply, Scenario
from tests.fakes.running import running_server
from tests.interfaces.serve.browser import CHROMIUM, chromium

ENDS_AT_ONCE = [sys.executable, "-c", ""]
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
KNOCK = """new Promise(done => {
  const socket = new WebSocket('ws://127.0.0.1:PORT/ws');
  socket.onopen = () => done('in');
  socket.onerror = () => done('out');
})"""


async def asked(gate: Gate, path: str, headers: dict[str, str] | None = None) -> str:
    """Return the head of the answer to a request that is written as it is, byte for byte."""
    sent = {"Host": f"127.0.0.1:{gate.port}", **(headers or {})}
    reader, writer = await asyncio.open_connection("127.0.0.1", gate.port)
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items() if value), "", ""]
    writer.write("\r\n".join(lines).encode())
    head = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    return head.decode()


def ignored(_: object) -> None:
    """Take what nobody needs."""


def status(head: str) -> int:
    return int(head.split()[1])


def cookie(gate: Gate) -> dict[str, str]:
    return {"Cookie": f"{gate.cookie_name}={gate.cookie}"}


async def test_nothing_is_reachable_without_the_secret() -> None:
    async with serving(ENDS_AT_ONCE) as gate:
        known = f"/ws?token={gate.token}"
        paths = ("/", "/?token=", "/?token=guess", "/static/js/textual.js", "/ws", "/elsewhere", known)
        found = [status(await asked(gate, path)) for path in paths]
        guessed = status(await asked(gate, "/", {"Cookie": f"{gate.cookie_name}=guess"}))
        upgraded = status(await asked(gate, "/ws", {"Origin": gate.origin, **UPGRADE}))

    assert [*found, guessed, upgraded] == [403] * 9


async def test_the_token_is_exchanged_for_a_cookie_that_only_our_own_page_sends() -> None:
    async with serving(ENDS_AT_ONCE) as gate:
        entered = await asked(gate, f"/?token={gate.token}")
        page = await asked(gate, "/", cookie(gate))

    assert status(entered) == 303
    assert "Location: /\r\n" in entered
    assert f"Set-Cookie: {cookie(gate)['Cookie']}; HttpOnly; SameSite=Strict; Path=/" in entered
    assert status(page) == 200
    assert "Content-Security-Policy: default-src 'none'; script-src 'self'" in page
    assert "Referrer-Policy: no-referrer" in page


async def test_another_origin_or_a_name_made_to_lead_here_is_refused_even_with_the_cookie() -> None:
    async with serving(ENDS_AT_ONCE) as gate:
        let_in = {**cookie(gate), **UPGRADE}
        refused = [
            await asked(gate, "/ws", {"Origin": "http://evil.example", **let_in}),
            await asked(gate, "/ws", {"Origin": f"http://127.0.0.1:{gate.port + 1}", **let_in}),
            await asked(gate, "/ws", {"Origin": "null", **let_in}),
            await asked(gate, "/ws", let_in),
            await asked(gate, "/", {"Host": f"evil.example:{gate.port}", **cookie(gate)}),
            await asked(gate, "/", {"Origin": "http://evil.example", **cookie(gate)}),
        ]
        own = await asked(gate, "/ws", {"Origin": gate.origin, **let_in})

    assert [status(head) for head in refused] == [403] * 6
    assert status(own) == 101


def test_each_run_has_secrets_of_its_own() -> None:
    first, second = Gate(8000), Gate(8000)

    assert len({first.token, first.cookie, second.token, second.cookie}) == 4
    assert min(map(len, (first.token, first.cookie))) >= 43


@asynccontextmanager
async def served(folder: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> AsyncGenerator[Gate]:
    """Serve a workstation of its own home and workspace."""
    (folder / "ws").mkdir()
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    monkeypatch.setenv("OPENAI_API_KEY", "k-test")
    args = Namespace(cd=str(folder / "ws"), home=str(folder / "home"), model=None, mode=None, continue_=False)
    async with serving(command_of(args)) as gate:
        yield gate


async def seen(socket: aiohttp.ClientWebSocketResponse, wanted: bytes) -> bytes:
    """Read what the app draws until it holds something."""
    shown = b""
    while wanted not in shown:
        shown += await socket.receive_bytes()
    return shown


async def test_the_app_answers_over_the_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_server(Scenario(replies=[Reply("Heard in a browser.")])) as server:
        async with served(tmp_path, monkeypatch, server.openai_url) as gate, aiohttp.ClientSession() as session:
            address = f"ws://127.0.0.1:{gate.port}/ws?width=100&height=30"
            headers = {**cookie(gate), "Origin": gate.origin}
            async with asyncio.timeout(60), session.ws_connect(address, headers=headers) as socket:
                shown = await seen(socket, b"answers")
                await socket.send_json(["stdin", "say something\r"])
                shown += await seen(socket, b"Heard in a browser.")

    assert b"say something" in shown
    assert server.log.exchanges[-1].body is not None


async def test_another_session_is_opened_in_the_same_tab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_server(Scenario()) as server:
        async with served(tmp_path, monkeypatch, server.openai_url) as gate, aiohttp.ClientSession() as session:
            address = f"ws://127.0.0.1:{gate.port}/ws?width=120&height=36"
            headers = {**cookie(gate), "Origin": gate.origin}
            async with asyncio.timeout(60), session.ws_connect(address, headers=headers) as socket:
                await seen(socket, b"answers")
                await socket.send_json(["stdin", "/demo\r"])
                shown = await seen(socket, b"scripted brain")
                shown += await seen(socket, b"needs you")

    assert b"\x1b[?1049h" in shown, "a second app has begun"


@pytest.mark.skipif(not CHROMIUM, reason="chromium is missing: the page is not tried in a real browser")
async def test_a_goal_typed_into_a_real_browser_reaches_the_model_and_a_foreign_page_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    heard = Scenario(replies=[Reply("Heard in a browser.")])
    with running_server(heard, on_done=lambda _: ignored(loop.call_soon_threadsafe(told.set))) as server:
        async with served(tmp_path, monkeypatch, server.openai_url) as gate, chromium(tmp_path / "profile") as tab:
            knock = KNOCK.replace("PORT", str(gate.port))
            await tab.open(gate.address)
            await tab.until("document.body?.classList.contains('-first-byte')")
            await tab.until("document.activeElement.tagName == 'TEXTAREA'")  # nobody has to click first
            await tab.type("say something")
            async with asyncio.timeout(60):
                await told.wait()
            await tab.picture(tmp_path / "page.png")
            address, own = await tab.say("location.href"), await tab.say(knock)
            await tab.open(server.openai_url)
            await tab.until(f"location.port && location.port != '{gate.port}'")
            foreign = await tab.say(knock)

    assert address == f"{gate.origin}/", "the token does not stay in the address"
    assert (own, foreign) == ("in", "out")
