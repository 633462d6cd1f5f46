"""The diff of a session: file by file, two keys from one to the next."""

from __future__ import annotations

import pytest

from tests.fakes import Call, Reply, Scenario
from tests.interfaces.tui.stand import Stand, Table, workstation

LONG = "".join(f"line {number}\n" for number in range(1, 41))
WRITTEN = Scenario(
    replies=[
        Reply("", tool_calls=[Call("write", {"path": "first.txt", "content": LONG})]),
        Reply("", tool_calls=[Call("write", {"path": "second.txt", "content": LONG})]),
        Reply("", tool_calls=[Call("edit", {"path": "first.txt", "old": "line 7\n", "new": "line seven\n"})]),
        Reply("", tool_calls=[Call("write", {"path": "third.txt", "content": "short\n"})]),
        Reply("Written."),
    ]
)


async def opened(app: Stand) -> None:
    """Let the files be written, then show what was changed."""
    await app.enter("/mode auto-edit")
    await app.enter("Write them")
    await app.until(lambda: "✓ done" in app.text)
    await app.enter("/diff")
    await app.until(lambda: app.rows[0].startswith("═ changes 1 of 3 files first.txt "))


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_brackets_go_from_file_to_file_and_the_rule_says_which_it_is(table: Table, size: tuple[int, int]) -> None:
    async with workstation(table, WRITTEN, size=size) as app:
        await opened(app)
        hint = app.rows[0]
        seen: list[tuple[str, str]] = []
        for key in ("right_square_bracket", "right_square_bracket", "right_square_bracket", "left_square_bracket"):
            await app.pilot.press(key)
            await app.pilot.pause()
            title = app.rows[0].removeprefix("═ changes ").partition(" ═")[0]
            seen.append((title, next(row.strip() for row in app.rows[1:] if row.startswith(" write "))))

    assert "[ ] file · c commit this · Esc closes" in hint
    assert [title for title, _ in seen] == [
        "2 of 3 files second.txt",
        "3 of 3 files third.txt",
        "3 of 3 files third.txt",
        "2 of 3 files second.txt",
    ]
    assert (seen[0][1], seen[3][1]) == ("write second.txt +40 -0", "write second.txt +40 -0")


async def test_changes_of_one_file_stand_together_and_back_begins_with_its_own_head(table: Table) -> None:
    async with workstation(table, WRITTEN) as app:
        await opened(app)
        await app.pilot.press("right_square_bracket", "up", "up", "up", "up")
        await app.pilot.pause()
        title, edited = app.rows[0], app.text
        await app.pilot.press("left_square_bracket")
        await app.pilot.pause()

        assert title.startswith("═ changes 1 of 3 files first.txt ")
        assert " edit first.txt +1 -1" in edited
        assert app.rows[1].startswith(" write first.txt +40 -0")


async def test_the_file_stays_where_the_terminal_becomes_another_size(table: Table) -> None:
    async with workstation(table, WRITTEN) as app:
        await opened(app)
        await app.pilot.press("right_square_bracket")
        await app.pilot.resize_terminal(60, 20)
        await app.pilot.pause()

        assert app.rows[0].startswith("═ changes 2 of 3 files second.txt ")
        assert app.rows[1].startswith(" write second.txt +40 -0")


async def test_without_a_change_it_is_said_that_there_is_none(table: Table) -> None:
    async with workstation(table, Scenario()) as app:
        await app.enter("/diff")
        await app.pilot.press("right_square_bracket", "left_square_bracket")
        await app.pilot.pause()

        assert app.rows[0].startswith("═ changes ═")
        assert app.rows[1].startswith(" Nothing was written or edited in this session.")
