"""When Hermes itself is killed, nothing it started goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

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
