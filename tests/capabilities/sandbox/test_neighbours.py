"""What two calls see of each other but the workspace, and what a call can do to the operator's terminal."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from hermes_tui.domain.processes import ProcessResult
from tests.capabilities.sandbox.conftest import Box, until

SECRET = "NEIGHBOUR-5d2c"
HOLDS = f"""
import os, socket, sys, time
from pathlib import Path
for folder in ("/tmp", "/dev/shm", os.environ["HOME"]):
    Path(folder, "kept").write_text("{SECRET}")
line = socket.socket(socket.AF_UNIX); line.bind("\\0hermes-neighbour"); line.listen()
server = socket.create_server(("127.0.0.1", 4711))
Path("ready").touch()
while not Path("done").exists():
    time.sleep(0.01)
"""
LOOKS = """
import os, signal, socket
from pathlib import Path
found = []
for path in (*Path("/proc").glob("[0-9]*/environ"), *Path("/proc").glob("[0-9]*/cmdline")):
    try:
        found.append(path.read_bytes().decode(errors="replace"))
    except OSError:
        pass
for folder in ("/tmp", "/dev/shm", os.environ["HOME"]):
    found += [path.read_text() for path in Path(folder).glob("kept")]
for family, address in ((socket.AF_UNIX, "\\0hermes-neighbour"), (socket.AF_INET, ("127.0.0.1", 4711))):
    try:
        socket.socket(family).connect(address); found.append("-".join(("A", "SERVER")))
    except OSError:
        pass
print(*found)
try:
    os.kill(-1, signal.SIGKILL)
except OSError:
    pass
"""
INJECTS = """
import fcntl
with open("/dev/tty", "wb", buffering=0) as terminal:
    terminal.write(b"WRITTEN")
    fcntl.ioctl(terminal, 0x5412, b"x")
"""
OWNS = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
CONFINED = """
import asyncio, sys
from pathlib import Path
from hermes_tui.capabilities.sandbox.ladder import find_sandbox
from hermes_tui.domain.processes import SandboxCommand
async def main():
    sandbox = await find_sandbox(Path.cwd(), level=sys.argv[2])
    command = SandboxCommand(argv=(sys.executable, "-S", "-c", sys.argv[1]), cwd=Path.cwd(), write=(Path.cwd(),))
    sys.exit(0 if (await sandbox.run(command)).exit_code else 1)
asyncio.run(main())
"""


async def test_two_calls_see_and_end_nothing_of_each_other(box: Box) -> None:
    async def hold() -> ProcessResult:
        return await box.raw((sys.executable, "-S", "-c", HOLDS, SECRET))

    holding = asyncio.create_task(hold())
    await until(box.root / "ready")

    looked = await box.raw((sys.executable, "-S", "-c", LOOKS))
    (box.root / "done").touch()

    assert (await holding).exit_code == 0
    assert SECRET.encode() not in looked.stdout
    assert b"A-SERVER" not in looked.stdout


def shown(*argv: str, cwd: Path) -> tuple[int, bytes, int]:
    """Run a program that has a terminal; return its exit code, what it wrote there, and how much it typed there."""
    operator, terminal = pty.openpty()
    attributes = termios.tcgetattr(terminal)
    attributes[3] &= ~(termios.ICANON | termios.ECHO)
    termios.tcsetattr(terminal, termios.TCSANOW, attributes)
    code = subprocess.run([sys.executable, "-c", OWNS, *argv], cwd=cwd, stdin=terminal, timeout=60).returncode
    typed = int.from_bytes(fcntl.ioctl(terminal, termios.FIONREAD, b"\0" * 4), sys.byteorder)
    os.set_blocking(operator, False)
    try:
        written = os.read(operator, 1_000)
    except BlockingIOError:
        written = b""
    os.close(terminal)
    os.close(operator)
    return code, written, typed


def test_in_a_bare_shell_the_terminal_is_written_to_and_typed_into(tmp_path: Path) -> None:
    allowed = Path("/proc/sys/dev/tty/legacy_tiocsti")
    if allowed.exists() and allowed.read_text("ascii").strip() != "1":
        pytest.skip("this kernel lets nobody type into a terminal")

    assert shown(sys.executable, "-S", "-c", INJECTS, cwd=tmp_path) == (0, b"WRITTEN", 1)


@pytest.mark.parametrize("level", ["bubblewrap", "landlock"])
def test_in_the_sandbox_there_is_no_terminal(box: Box, level: str) -> None:
    code, written, typed = shown(sys.executable, "-c", CONFINED, INJECTS, level, cwd=box.root)

    assert (code, b"WRITTEN" in written, typed) == (0, False, 0)
