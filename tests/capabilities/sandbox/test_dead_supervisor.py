"""When Hermes itself is killed, nothing it started goes on."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

from hermes_tui.capabilities.sandbox import orphans
from hermes_tui.capabilities.sandbox.bubblewrap import find_binary
from tests.capabilities.sandbox.conftest import Box, until
from tests.capabilities.sandbox.test_contract import alive

SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from hermes_tui.capabilities.sandbox.ladder import find_sandbox
from hermes_tui.domain.processes import SandboxCommand
async def main():
    root = Path(sys.argv[1])
    sandbox = await find_sandbox(root)
    script = f"setsid sleep {sys.argv[2]} & touch ready; sleep {sys.argv[2]}"
    await sandbox.run(SandboxCommand(argv=("/bin/sh", "-c", script), cwd=root, write=(root,), timeout_s=300))
asyncio.run(main())
"""


async def seen(tag: str, *, running: bool) -> None:
    """Return once processes with `tag` run, or once none does."""
    async with asyncio.timeout(30):
        while bool(alive(tag)) is not running:  # noqa: ASYNC110 - another tree's processes; there is no event to wait for
            await asyncio.sleep(0.01)


async def test_a_killed_supervisor_takes_the_whole_tree_with_it(box: Box) -> None:
    tag = f"304.{os.getpid()}"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", SUPERVISOR, str(box.root), tag)
    try:
        await until(box.root / "ready")
        await seen(f"sleep\0{tag}", running=True)
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()

    await seen(f"sleep\0{tag}", running=False)


def abandoned(binary: str) -> tuple[int, int]:
    """Leave bubblewrap's second process behind, asleep; return its number and a descriptor that wakes it."""
    waits, wakes = os.pipe()
    listens, tells = os.pipe()
    words = ("--json-status-fd", str(tells), "--unshare-user", "--unshare-pid", "--ro-bind", "/", "/")
    first = subprocess.Popen([binary, *words, "--block-fd", str(waits), "--", "true"], pass_fds=(waits, tells))
    with os.fdopen(listens, "rb") as said:
        os.close(tells)
        second = int(json.loads(said.readline())["child-pid"])
    os.close(waits)
    first.kill()
    first.wait()
    return second, wakes


async def test_what_is_left_asleep_is_ended_at_the_next_start_and_no_call_that_lives(box: Box) -> None:
    binary = find_binary(box.root)
    assert binary is not None
    living = asyncio.create_task(box.sh("touch ready; while [ ! -e done ]; do sleep 0.01; done; echo lived"))
    await until(box.root / "ready")
    second, wakes = abandoned(binary)
    before = Path(f"/proc/{second}/comm").read_text()
    watched = os.pidfd_open(second)

    found = orphans.reap(binary)
    ended, _, _ = select.select([watched], [], [], 30)
    (box.root / "done").touch()

    assert (before, found >= 1, bool(ended)) == ("bwrap\n", True, True)
    assert (await living).out == "lived\n"
    os.close(wakes)
    os.close(watched)
