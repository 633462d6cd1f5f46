"""What a tab does for the apps behind it: one after the other, each to its end, and the reason where one has none."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp

from hermes_tui.interfaces.serve.door import main, serving
from tests.interfaces.serve.test_serve import cookie, seen

if TYPE_CHECKING:
    import pytest

PUPPET = str(Path(__file__).with_name("puppet.py"))


@asynccontextmanager
async def opened(command: list[str]) -> AsyncGenerator[aiohttp.ClientWebSocketResponse]:
    """Open a tab of 100 × 30 whose app is a command."""
    async with serving(command) as gate, aiohttp.ClientSession() as session:
        address = f"ws://127.0.0.1:{gate.port}/ws?width=100&height=30"
        headers = {**cookie(gate), "Origin": gate.origin}
        async with asyncio.timeout(60), session.ws_connect(address, headers=headers, max_msg_size=0) as socket:
            yield socket


async def test_a_tab_that_is_gone_lets_its_apps_come_to_their_ends(tmp_path: Path) -> None:
    words = tmp_path / "words"
    async with opened([sys.executable, PUPPET, "3", str(words)]) as socket:
        await seen(socket, b"app 0")
        await socket.close()

    assert words.read_text() == "put away"


async def test_the_next_app_of_a_tab_has_the_size_that_the_tab_has_by_then(tmp_path: Path) -> None:
    async with opened([sys.executable, PUPPET, "2", str(tmp_path / "words")]) as socket:
        await seen(socket, b"app 0 has 100 x 30")
        await socket.send_json(["resize", {"width": 132, "height": 43}])
        await seen(socket, b"app 0 has 132 x 43")
        await socket.send_json(["stdin", "next"])
        await seen(socket, b"app 1 has 132 x 43")


async def test_a_paste_of_many_megabytes_does_not_end_the_tab(tmp_path: Path) -> None:
    async with opened([sys.executable, PUPPET, "1", str(tmp_path / "words")]) as socket:
        await socket.send_json(["stdin", "x" * 8_000_000])
        await seen(socket, b"heard 8000000")


async def test_an_app_that_cannot_begin_leaves_its_reason_on_the_page_and_in_the_server_s_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    script = "import sys; sys.stderr.write('hermes: no such \\x1b[31mbrain\\n'); sys.exit(2)"
    async with opened([sys.executable, "-c", script]) as socket:
        shown = await seen(socket, b"brain")
        closed = await socket.receive()

    assert b"hermes: no such \\x1b[31mbrain" in shown, "what an app says on stderr reaches no terminal raw"
    assert closed.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
    assert capsys.readouterr().err.count("no such") == 1


def test_a_config_that_no_tab_could_use_is_said_before_anything_is_served(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.yaml").write_text("version: 1\nnonsense: 3\n", encoding="utf-8")

    code = main("serve", Namespace(cd=str(tmp_path), home=str(tmp_path), model=None, mode=None, port=0))

    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert "config.yaml:2:1: unknown key `nonsense`" in said.err
