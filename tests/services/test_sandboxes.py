"""A sandbox is tried out when a call first needs it: once, whoever asks, and not at all where nobody does."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from hermes_tui.domain.errors import SandboxUnavailable
from hermes_tui.domain.ports import Sandbox
from hermes_tui.domain.processes import ProcessEnd, ProcessResult, SandboxCommand, SandboxLevel
from hermes_tui.services.sandboxes import LazySandbox

COMMAND = SandboxCommand(argv=("true",), cwd=Path("/"))
RAN = ProcessResult(exit_code=0, stdout=b"", stderr=b"", end=ProcessEnd.EXITED, seconds=0.0)


class Holding:
    """A sandbox in which everything ends well."""

    level = SandboxLevel(name="holding", confines=True, why="a test")

    async def run(self, command: SandboxCommand) -> ProcessResult:
        assert command is COMMAND
        return RAN


@dataclass
class Ladder:
    """Finds a sandbox once `gate` is open, `fails` times none."""

    gate: asyncio.Event
    fails: int = 0
    tries: int = 0

    async def find(self) -> Sandbox:
        self.tries += 1
        await self.gate.wait()
        if self.tries <= self.fails:
            raise SandboxUnavailable("Not here.")
        return Holding()


@pytest.fixture
async def ladder() -> Ladder:
    return Ladder(asyncio.Event())


async def test_before_it_is_tried_nothing_is_said_to_confine(ladder: Ladder) -> None:
    box = LazySandbox(ladder.find)

    assert not box.level.confines
    assert ladder.tries == 0


async def test_a_command_tries_it_first(ladder: Ladder) -> None:
    box = LazySandbox(ladder.find)
    ladder.gate.set()

    assert await box.run(COMMAND) is RAN
    assert box.level == Holding.level
    assert await box.run(COMMAND) is RAN
    assert ladder.tries == 1


async def test_of_many_that_need_it_at_once_one_tries(ladder: Ladder) -> None:
    box = LazySandbox(ladder.find)

    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(box.ready()) for _ in range(5)]
        asyncio.get_running_loop().call_soon(ladder.gate.set)

    assert len({id(one.result()) for one in waiting}) == 1
    assert ladder.tries == 1


async def test_a_thread_waits_for_the_try_of_another(ladder: Ladder) -> None:
    box = LazySandbox(ladder.find)
    trying = asyncio.create_task(box.ready())
    await asyncio.sleep(0)

    elsewhere = asyncio.create_task(asyncio.to_thread(lambda: asyncio.run(box.ready())))
    ladder.gate.set()

    assert await elsewhere is await trying
    assert ladder.tries == 1


async def test_a_failed_try_fails_whoever_tried_and_is_made_again(ladder: Ladder) -> None:
    box, ladder.fails = LazySandbox(ladder.find), 1
    ladder.gate.set()

    with pytest.raises(SandboxUnavailable):
        await box.ready()

    assert (await box.ready()).level.confines
    assert ladder.tries == 2


async def test_whoever_waits_tries_where_the_first_one_was_cancelled(ladder: Ladder) -> None:
    box = LazySandbox(ladder.find)
    first = asyncio.create_task(box.ready())
    await asyncio.sleep(0)
    second = asyncio.create_task(box.ready())
    await asyncio.sleep(0)

    first.cancel()
    ladder.gate.set()

    assert (await second).level.confines
    assert ladder.tries == 2
