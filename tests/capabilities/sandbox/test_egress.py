"""The only way out of a sandbox: by grant, through the proxy, and on record."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from hermes_tui.capabilities.governance.policy import RulePolicy
from hermes_tui.capabilities.sandbox.egress import EgressProxy, Resolve, Token
from hermes_tui.capabilities.sandbox.ladder import find_sandbox
from hermes_tui.capabilities.tools.shell import shell
from hermes_tui.domain.approval import Decision, Grant
from hermes_tui.domain.errors import ArgumentsInvalid, SandboxUnavailable
from hermes_tui.domain.ports import ToolContext, Workspace
from hermes_tui.domain.processes import Contact, SandboxCommand
from hermes_tui.domain.tasks import Effect, Mode, Reach
from tests.capabilities.sandbox.conftest import Box


class Page(BaseHTTPRequestHandler):
    """Answers with the host it was asked as, and redirects to a private address."""

    def do_GET(self) -> None:
        body = f"{self.headers['Host']} {self.headers.get('Proxy-Authorization', 'no token')}".encode()
        self.send_response(302 if self.path == "/away" else 200)
        if self.path == "/away":
            self.send_header("Location", "http://169.254.169.254/latest/meta-data/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """The port of a server of the host."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


async def said(proxy: EgressProxy, request: bytes) -> str:
    """Return the first line that the proxy answers a request with."""
    async with proxy.listening() as path:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(request)
        answer = await reader.readline()
        writer.close()
        await writer.wait_closed()
    return answer.decode().strip()


def asking(token: Token, line: str, *more: str) -> bytes:
    """Return a request that shows the token."""
    shown, _, _ = token.environment()["HTTP_PROXY"].removeprefix("http://").partition("@")
    basic = base64.b64encode(shown.encode()).decode()
    return "\r\n".join([f"{line} HTTP/1.1", f"Proxy-Authorization: Basic {basic}", *more, "", ""]).encode("latin-1")


def granting(*hosts: str, seconds: float = 60.0) -> Token:
    """Return a token for `hosts`."""
    return Token(hosts, time.monotonic() + seconds)


def leading_to(*addresses: str) -> Resolve:
    """Return a resolver that leads any name to these addresses."""

    async def resolve(_host: str, _port: int) -> list[str]:
        return list(addresses)

    return resolve


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("CONNECT evil.org:443", "403"),
        ("CONNECT example.org:22", "403"),
        ("CONNECT example.org.evil.org:443", "403"),
        ("CONNECT evilexample.org:443", "403"),
        ("CONNECT example.org\0.evil.org:443", "400"),
        ("CONNECT evil.org#example.org:443", "400"),
        ("CONNECT 0x7f.1:80", "400"),
        ("CONNECT 2130706433:80", "400"),
        ("CONNECT example.org", "400"),
        ("CONNECT example.org:0", "400"),
        ("CONNECT example.org:99999", "400"),
        ("GET http://evil.org/", "403"),
        ("GET http://example.org@evil.org/", "400"),
        ("GET https://example.org/", "400"),
        ("GET /", "400"),
        ("GET file:///etc/passwd", "400"),
        ("GET http://[::1/", "400"),
        ("CONNECT 0177.0.0.1:80", "400"),
        ("CONNECT 127.1:80", "400"),
        ("CONNECT [::ffff:127.0.0.1]:443", "403"),
        ("CONNECT [::ffff:7f00:1]:443", "403"),
        ("CONNECT [64:ff9b::7f00:1]:443", "403"),
        ("CONNECT [fe80::1%25eth0]:443", "400"),
        ("CONNECT localhost.:443", "403"),
        ("CONNECT example.org.:8443", "403"),
        ("CONNECT ex\u00e4mple.org:443", "400"),
        ("CONNECT example.org:443:evil.org:443", "400"),
        ("CONNECT example.org:4\u00b23", "400"),
        ("CONNECT example.org%00.evil.org:443", "400"),
        ("GET http://example.org:80@evil.org/", "400"),
        ("GET http://evil.org\\@example.org/", "400"),
        ("GET http://example.org\n.evil.org/", "400"),
        ("GET ftp://example.org/", "400"),
        ("OPTIONS *", "400"),
    ],
)
async def test_what_no_grant_covers_is_refused(line: str, status: str) -> None:
    token = granting("example.org", "*.example.org")

    answer = await said(EgressProxy(token, resolve=leading_to("127.0.0.1")), asking(token, line))

    assert answer.split()[1] == status


@pytest.mark.parametrize(
    "more",
    [
        "X: a\nHost: evil.org",
        "X: a\rHost: evil.org",
        "X: a\0",
        "X: a\r\n Host: evil.org",
        "Proxy-Authorization: Basic eDp5",
    ],
)
async def test_a_head_that_two_readers_may_read_differently_is_refused(more: str, port: int) -> None:
    token = granting(f"127.0.0.1:{port}")

    answer = await said(EgressProxy(token), asking(token, f"GET http://127.0.0.1:{port}/", more))

    assert answer.split()[1] in ("400", "407")


async def test_what_a_server_gets_is_of_one_host_without_a_change_of_protocol_or_a_second_request(port: int) -> None:
    token = granting(f"127.0.0.1:{port}")
    first = asking(
        token, f"GET http://127.0.0.1:{port}/", "Host: evil.org", "Connection: upgrade", "Upgrade: websocket"
    )
    second = b"GET / HTTP/1.1\r\nHost: evil.org\r\n\r\n"

    async with EgressProxy(token).listening() as path:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(first + second)
        answer = (await reader.read()).decode()
        writer.close()
        await writer.wait_closed()

    assert answer.count("HTTP/1.") == 1
    assert answer.endswith(f"127.0.0.1:{port} no token")


@pytest.mark.parametrize(
    "addresses",
    [
        ("127.0.0.1",),
        ("169.254.169.254",),
        ("10.0.0.1",),
        ("::1",),
        ("::ffff:10.0.0.1",),
        ("93.184.215.14", "10.0.0.1"),
        (),
    ],
)
async def test_a_granted_name_that_leads_to_a_private_address_is_refused(addresses: tuple[str, ...]) -> None:
    token = granting("example.org")
    proxy = EgressProxy(token, resolve=leading_to(*addresses))

    answer = await said(proxy, asking(token, "CONNECT example.org:443"))

    assert answer.split()[1] == "403"
    assert "private" in proxy.contacts[0].refused


async def test_no_name_is_looked_up_without_a_grant() -> None:
    asked: list[str] = []

    async def resolve(host: str, _: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    token = granting("example.org")

    await said(EgressProxy(token, resolve=resolve), asking(token, "CONNECT secret-in-a-name.evil.org:443"))

    assert asked == []


async def test_without_the_token_or_after_its_end_nothing_is_carried(port: int) -> None:
    other, token = granting("127.0.0.1"), granting("127.0.0.1")
    late = Token(("127.0.0.1",), 100.0)

    wrong = await said(EgressProxy(token), asking(other, f"CONNECT 127.0.0.1:{port}"))
    none = await said(EgressProxy(token), f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n".encode())
    expired = await said(EgressProxy(late, now=lambda: 100.0), asking(late, f"CONNECT 127.0.0.1:{port}"))

    assert (wrong.split()[1], none.split()[1], expired) == ("407", "407", "")


async def out(box: Box, program: str, *hosts: str) -> tuple[str, tuple[Contact, ...]]:
    """Run a Python program that may contact `hosts`; return what it printed and whom it asked for."""
    command = SandboxCommand(
        argv=(sys.executable, "-S", "-c", program), cwd=box.root, write=(box.root,), timeout_s=30, egress=hosts
    )
    result = await box.sandbox.run(command)
    return result.stdout.decode() + result.stderr.decode(), result.contacts


FETCH = "import os, urllib.request as u; os.environ['no_proxy'] = ''; print(u.urlopen('{}').read().decode())"


async def test_a_granted_host_is_reached_and_sees_no_token(box: Box, port: int) -> None:
    output, contacts = await out(box, FETCH.format(f"http://127.0.0.1:{port}/"), f"127.0.0.1:{port}")

    assert output == f"127.0.0.1:{port} no token\n"
    assert contacts == (Contact(host="127.0.0.1", port=port),)


async def test_a_redirect_is_a_request_of_its_own(box: Box, port: int) -> None:
    output, contacts = await out(box, FETCH.format(f"http://127.0.0.1:{port}/away"), f"127.0.0.1:{port}")

    assert "403" in output
    assert [(each.host, bool(each.refused)) for each in contacts] == [("127.0.0.1", False), ("169.254.169.254", True)]


async def test_there_is_no_way_round_the_proxy(box: Box, port: int) -> None:
    program = f"""
import socket
for family, kind, address in (
    (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", {port})), (socket.AF_INET, socket.SOCK_STREAM, ("10.0.0.1", 80)),
    (socket.AF_INET6, socket.SOCK_STREAM, ("::ffff:127.0.0.1", {port})),
):
    try:
        socket.socket(family, kind).connect(address); print("REACHED", address)
    except OSError:
        pass
try:
    socket.getaddrinfo("example.org", 80); print("REACHED a name server")
except OSError:
    pass
"""

    output, contacts = await out(box, program, f"127.0.0.1:{port}")

    assert (output, contacts) == ("", ())


async def test_without_a_grant_there_is_no_proxy(box: Box) -> None:
    output, _ = await out(box, "import os; print(os.path.exists('/run/hermes-egress.sock'), os.getenv('HTTP_PROXY'))")

    assert output == "False None\n"


async def test_a_level_without_a_way_out_says_so(box: Box) -> None:
    try:
        sandbox = await find_sandbox(box.root, level="landlock")
    except SandboxUnavailable as error:
        pytest.skip(error.message)

    with pytest.raises(SandboxUnavailable, match="no network"):
        await sandbox.run(SandboxCommand(argv=("true",), cwd=box.root, egress=("example.org",)))


def context_of(box: Box, *egress: str) -> ToolContext:
    """Return what a call may use in a run whose goal or config names `egress`."""
    workspace = Workspace(root=box.root, write=(box.root,))
    return ToolContext(workspace=workspace, sandbox=box.sandbox, key="k", timeout_s=30, seen={}, egress=egress)


def test_a_command_that_asks_for_a_new_host_is_a_question_whatever_the_rules_say(box: Box) -> None:
    arguments = json.dumps({"command": "pip download x", "network": ["evil.org"]})
    policy, grants = RulePolicy(allow=["shell(pip *)"]), [Grant(rule="shell(*)", by="operator")]

    call = shell.resolve(arguments, context_of(box, "pypi.org"))

    assert (call.effect, call.reach) == (Effect.EXTERNAL, Reach.NETWORK)
    assert {policy.decide(call, mode, grants).decision for mode in Mode if mode is not Mode.PLAN} == {Decision.ASK}
    assert "evil.org" in call.summary


def test_a_rule_answers_for_a_host_that_the_run_may_contact(box: Box) -> None:
    arguments = json.dumps({"command": "pip download x", "network": ["pypi.org"]})

    call = shell.resolve(arguments, context_of(box, "pypi.org"))

    assert RulePolicy().decide(call, Mode.AUTO, ()).decision is Decision.ASK
    assert RulePolicy(allow=["shell(pip *)"]).decide(call, Mode.ASK, ()).decision is Decision.ALLOW


@pytest.mark.parametrize("host", ["http://a.org", "a b", "a.org/x", "a.org:x", "*"])
def test_a_host_that_is_no_plain_name_is_refused(host: str, box: Box) -> None:
    with pytest.raises(ArgumentsInvalid, match="no host name"):
        shell.resolve(json.dumps({"command": "true", "network": [host]}), context_of(box))


async def test_what_was_contacted_is_in_the_result(box: Box, port: int) -> None:
    context = context_of(box)
    program = FETCH.format(f"http://127.0.0.1:{port}/")
    arguments = json.dumps({"command": f'{sys.executable} -S -c "{program}"', "network": [f"127.0.0.1:{port}"]})

    outcome = await shell.run(arguments, context)

    assert f"network: 127.0.0.1:{port}" in outcome.output
    assert json.loads(outcome.data)["contacts"] == [f"127.0.0.1:{port}"]
