"""A tool server's life: lazily started, held to what was trusted, never able to hang, flood or outlive its session."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hermes_tui.capabilities.mcp.rpc import ServerGone
from hermes_tui.domain.errors import DeadlinePassed, SandboxUnavailable, ToolError
from hermes_tui.domain.processes import SandboxLevel
from tests.capabilities.mcp.conftest import Staged

PATIENCE_S = 0.3
"""How long a server is waited for that never answers."""


async def test_it_is_started_by_the_first_who_needs_it_and_serves_all(staged: Staged) -> None:
    stage = staged()
    before = (stage.sandbox.starts, stage.server.state)

    await stage.look()
    said = await asyncio.gather(*(stage.text(text=f"text {number}") for number in range(5)))

    assert before == (0, "ready")
    assert (stage.sandbox.starts, stage.server.state) == (1, "running")
    assert said == [f"text {number}" for number in range(5)]


async def test_whoever_comes_while_it_starts_waits_for_the_same_start(staged: Staged) -> None:
    stage = staged()

    first, second = await asyncio.gather(stage.server.look(stage.sandbox), stage.server.look(stage.sandbox))

    assert (first, stage.sandbox.starts) == (second, 1)


async def test_its_tools_get_clean_names(staged: Staged) -> None:
    catalog = await staged().look()

    assert [(one.name, one.called) for one in catalog.tools] == [
        ("echo", "mcp.fake.echo"),
        ("look/around", "mcp.fake.look_around"),
    ]


async def test_a_server_without_a_handshake_is_understood_too(staged: Staged) -> None:
    stage = staged("modern")

    await stage.look()

    assert stage.server.hello is not None
    assert (stage.server.hello.protocol, await stage.text(text="hello")) == ("2026-07-28", "hello")


async def test_one_that_ends_at_once_says_why_and_is_tried_three_times_more_with_pauses(staged: Staged) -> None:
    stage = staged("dead")

    for _ in range(4):
        with pytest.raises(ServerGone, match=r"no such library: libgone\.so\.1"):
            await stage.look()
    with pytest.raises(ServerGone, match="was started 4 times and is down") as given_up:
        await stage.look()

    assert (stage.sandbox.starts, stage.slept) == (4, [0.5, 1.0, 2.0])
    assert "hermes mcp test fake" in given_up.value.hint
    assert (stage.server.state, stage.troubles[-1]) == (
        "failed",
        "It ended with 3. Its last words: no such library: libgone.so.1",
    )


async def test_a_call_that_it_dies_in_may_have_happened_and_the_next_one_finds_a_new_server(staged: Staged) -> None:
    stage = staged("crash")
    await stage.look()

    with pytest.raises(ServerGone, match="whether the call was carried out is not known"):
        await stage.call(text="x")
    with pytest.raises(ServerGone):
        await stage.call(text="x")

    assert (stage.sandbox.starts, stage.slept) == (2, [0.5])


async def test_what_it_said_before_it_ended_counts(staged: Staged) -> None:
    stage = staged("last")
    await stage.look()

    assert await stage.text(text="hello") == "hello"


async def test_one_that_never_answers_costs_its_deadline_and_no_more(staged: Staged) -> None:
    stage = staged("slow")
    await stage.look()

    with pytest.raises(DeadlinePassed):
        await stage.call(timeout_s=PATIENCE_S, text="x")

    assert stage.server.state == "running"


async def test_an_answer_that_comes_after_the_call_was_given_up_is_nobodys(staged: Staged) -> None:
    stage = staged("late")
    await stage.look()

    with pytest.raises(DeadlinePassed):
        await stage.call(timeout_s=PATIENCE_S, text="first")

    assert await stage.text(text="second") == "second"


async def test_a_few_lines_that_are_no_messages_are_forgiven(staged: Staged) -> None:
    stage = staged("garbage:3")

    await stage.look()

    assert await stage.text(text="hello") == "hello"


@pytest.mark.parametrize(
    ("habit", "why"), [("garbage:30", "lines that are no messages"), ("endless", "a line of more than 4,000,000 bytes")]
)
async def test_what_is_no_protocol_ends_it(staged: Staged, habit: str, why: str) -> None:
    stage = staged(habit)

    with pytest.raises(ServerGone, match=why):
        await stage.look()

    assert stage.sandbox.running == 0


async def test_a_flood_of_errors_neither_stops_nor_fills_anything(staged: Staged) -> None:
    stage = staged("noise")

    await stage.look()

    assert await stage.text(text="hello") == "hello"


async def test_one_that_floods_us_with_messages_is_ended(staged: Staged) -> None:
    stage = staged("flood")
    await stage.look()

    with pytest.raises(ServerGone, match="It sent 10,000 messages while nothing was asked"):
        await stage.call(text="x")

    assert stage.server.state == "failed"


async def test_it_gets_nothing_that_it_asks_for_and_its_strange_answers_are_dropped(staged: Staged) -> None:
    stage = staged("asks")

    await stage.look()

    assert await stage.text(text="hello") == "hello"


async def test_a_schema_that_is_too_large_leaves_its_tool_out_and_says_so(staged: Staged) -> None:
    catalog = await staged("wide").look()

    assert [one.name for one in catalog.tools] == ["echo", "look/around"]
    assert catalog.left_out == ("'wide': its schema has 100,034 characters, of at most 16,000",)


async def test_a_tool_that_is_another_after_a_restart_is_not_called(staged: Staged, tmp_path: Path) -> None:
    stage = staged(f"rug:{tmp_path / 'starts'}")
    await stage.look()
    await stage.server.close()

    with pytest.raises(
        ToolError, match=r"mcp\.fake\.echo has changed since it was trusted; it was not called"
    ) as found:
        await stage.call(text="x")

    assert (found.value.kind, "hermes mcp trust fake" in found.value.hint) == ("changed", True)
    assert "read" in await stage.text("look/around"), "the others are as they were"


async def test_a_tool_that_changes_while_the_server_runs_is_not_called_again(staged: Staged) -> None:
    stage = staged("swap")
    await stage.look()
    first = await stage.text(text="hello")

    with pytest.raises(ToolError, match="has changed since it was trusted"):
        await stage.call(text="x")

    assert first == "hello"


async def test_without_a_sandbox_it_does_not_start(staged: Staged) -> None:
    stage = staged()
    stage.sandbox.level = SandboxLevel(name="limits only", confines=False, why="there is none", remedy="Install one.")

    with pytest.raises(SandboxUnavailable, match="fake is not started: there is none"):
        await stage.look()

    assert stage.sandbox.starts == 0
