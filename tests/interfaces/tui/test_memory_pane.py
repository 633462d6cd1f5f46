"""The memory pane: as a tree, pinned, blamed, edited while the disk changes, and as it was at a record."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from hermes_tui.capabilities.memory.history import History
from hermes_tui.capabilities.memory.repository import Repository
from hermes_tui.domain.events import RunEnded
from tests.capabilities.memory.vaults import START, note, open_vault
from tests.fakes import Call, Reply, Scenario
from tests.interfaces.tui.stand import Stand, Table, workstation

LAMP, KETTLE = "memory/facts/lamp.md", "memory/kettle.md"
HELLO = Scenario(replies=[Reply("Hello.")])


def kept(home: Path, at: float, texts: dict[str, str]) -> None:
    """Let notes and their index be written and committed at a moment."""
    vault = open_vault(home)
    vault.clock.at = at
    for path, text in {"MEMORY.md": "# Memory\n", **texts}.items():
        vault.change(path, text.encode())
    History(Repository(vault.home), vault.outbox, vault.home / "state").flush()
    vault.close()


async def opened(app: Stand, shows: str) -> None:
    """Open the memory pane, full screen."""
    await app.pilot.press("f5")
    await app.until(lambda: shows in app.rows[0])


async def test_in_the_past_the_notes_are_those_of_that_record_and_none_can_be_changed(table: Table) -> None:
    kept(table.home, START, {LAMP: note("The lamp hangs low", id="lamp")})
    kept(
        table.home, time.time() + 9999, {LAMP: note("The lamp hangs high", id="lamp"), KETTLE: note("A kettle", id="k")}
    )
    async with workstation(table, HELLO) as app:
        pane = app.workspace.memory_pane
        await app.enter("Hello")
        await app.until_event(RunEnded)
        await app.enter("/travel")
        await app.until(lambda: app.workspace.travelling)
        await opened(app, "1 note ═")
        await app.pilot.press("down", "down")
        await app.until(lambda: "hangs low" in pane.text)
        await app.pilot.press("e", "p")
        await app.until(lambda: app.said.startswith("You are viewing"))
        then = app.text
        await app.pilot.press("f5", "end")
        await app.until(lambda: not app.workspace.travelling)
        await opened(app, "2 notes")
        await app.until(lambda: "hangs high" in pane.text or "Memory" in pane.text)

    assert "The lamp hangs low" in then
    assert "kettle" not in then
    assert not pane.editor.display
    assert "pin: true" not in (table.home / LAMP).read_text("utf-8")


async def test_before_the_first_note_the_pane_of_the_past_is_empty_and_says_so(table: Table) -> None:
    kept(table.home, time.time() + 9999, {KETTLE: note("A kettle", id="k")})
    async with workstation(table, HELLO) as app:
        await app.enter("Hello")
        await app.until_event(RunEnded)
        await app.enter("/travel")
        await app.until(lambda: app.workspace.travelling)
        await opened(app, "0 notes ═")

        assert "No note had been kept by then." in app.text
        assert "as of " in app.rows[0]


async def test_notes_lie_in_folders_that_fold(table: Table) -> None:
    kept(table.home, START, {LAMP: note("The lamp hangs low", id="lamp"), KETTLE: note("A kettle", id="k")})
    async with workstation(table, HELLO) as app:
        await opened(app, "2 notes")
        unfolded = [row.split("│")[0].rstrip() for row in app.rows[3:9]]
        await app.pilot.press("home", "down", "down", "down", "space")
        await app.until(lambda: "► facts" in app.text)
        folded = app.text

    assert [line.split()[:3] for line in unfolded] == [
        ["▼", "memory", "1"],
        ["A", "kettle"],
        ["kettle.md", *unfolded[2].split()[1:3]],
        ["▼", "facts", "1"],
        ["The", "lamp", "hangs"],
        ["lamp.md", *unfolded[5].split()[1:3]],
    ]
    assert "The lamp hangs low" not in "".join(row.split("│")[0] for row in folded.splitlines())


async def test_a_note_is_pinned_unpinned_and_blamed_line_by_line(table: Table) -> None:
    kept(table.home, START, {LAMP: note("The lamp hangs low", id="lamp")})
    async with workstation(table, HELLO) as app:
        pane = app.workspace.memory_pane
        await opened(app, "1 note ")
        await app.pilot.press("home", "down", "down")
        await app.until(lambda: pane.path == LAMP)
        await app.pilot.press("p")
        await app.until(lambda: "pinned ·" in app.text)
        pinned = (table.home / LAMP).read_text("utf-8")
        await app.until(lambda: pane.path == LAMP)
        await app.pilot.press("b")
        await app.until(lambda: "who wrote each line" in app.text)
        blamed = app.text
        app.said = ""
        await app.pilot.press("p")
        await app.until(lambda: app.said.startswith("Unpinned"))

    written = next(row for row in blamed.splitlines() if "The lamp hangs low" in row.split("│")[-1])
    assert "pin: true" in pinned
    assert len(written.split("│")[-1].split()[0]) == 7
    assert "pin: true" not in (table.home / LAMP).read_text("utf-8")


async def test_the_editor_colours_markdown_and_shows_no_control_character(table: Table) -> None:
    kept(table.home, START, {LAMP: "# Lamps\n- hang `low`\n\x1b[2J**gone**\n"})
    async with workstation(table, HELLO) as app:
        pane = app.workspace.memory_pane
        await opened(app, "1 note ")
        await app.pilot.press("home", "down", "down")
        await app.until(lambda: pane.path == LAMP)
        await app.pilot.press("e")
        await app.pilot.pause()
        heading, item, steering = (pane.editor.get_line(at) for at in range(3))
        shown = app.text
        style = app.look.palette.style

    assert [(str(span.style), span.start, span.end) for span in heading.spans] == [(str(style("accent bold")), 0, 7)]
    assert [(str(span.style), span.start, span.end) for span in item.spans] == [
        (str(style("accent")), 0, 1),
        (str(style("ok")), 7, 12),
    ]
    assert steering.plain == "·[2J**gone**"
    assert "\x1b" not in shown


async def test_w_says_who_was_given_a_note_and_why_and_esc_shows_its_text_again(table: Table) -> None:
    search = Call("recall", {"query": "how is money kept"})
    async with workstation(table, Scenario(replies=[Reply("I look.", tool_calls=[search]), Reply("So it is.")])) as app:
        await app.enter("#Money is Decimal, never float")
        await app.until(lambda: app.said.startswith("Kept in memory/"))
        pane = app.workspace.memory_pane
        await app.enter("Is money a Decimal or a float?")
        await app.until_event(RunEnded)
        await app.pilot.press("f5")
        await app.until(lambda: len(pane.view) > 1)
        await app.pilot.press("j", "j", "j")
        await app.until(lambda: pane.path.startswith("memory/facts/money"))
        await app.pilot.press("w")
        await app.until(lambda: "given to, in this session" in app.text)
        given = app.text
        await app.pilot.press("escape")
        await app.until(lambda: "given to, in this session" not in app.text)

        assert "it fits the words: Is money a Decimal or a float?" in given
        assert "asked for: recall how is money kept" in given
        assert app.workspace.full_pane == "memory"


async def test_capital_d_shows_what_stands_on_disk_beyond_the_last_commit_and_a_begins_a_note(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        await app.enter("#Money is Decimal, never float")
        await app.until(lambda: app.said.startswith("Kept in memory/"))
        pane = app.workspace.memory_pane
        await app.pilot.press("f5")
        await app.until(lambda: len(pane.view) > 1)
        await app.pilot.press("j", "j", "j")
        await app.until(lambda: pane.path.startswith("memory/facts/money"))
        path = table.home / pane.path
        path.write_text(path.read_text("utf-8") + "Reports too.\n", "utf-8")
        await app.pilot.press("D")
        await app.until(lambda: "change on disk" in app.text and "Reports too." in app.text)
        await app.pilot.press("a")
        await app.until(lambda: app.workspace.prompt.has_focus)

        assert app.workspace.prompt.text == "# "
        assert app.workspace.full_pane == ""


async def test_an_index_without_a_note_is_none_and_it_is_said_how_the_first_one_is_written(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        await opened(app, "0 notes ")
        await app.until(lambda: "No notes yet. # in the prompt" in app.text)
        before = app.workspace.memory_pane.view.current
        await app.pilot.press("down")
        await app.pilot.pause()

        assert "MEMORY.md" in app.text
        assert app.workspace.memory_pane.view.current is before


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_however_long_a_name_is_the_rule_says_what_saves_and_what_a_second_f_does(
    table: Table, size: tuple[int, int]
) -> None:
    path = f"memory/facts/{'a-long-name-' * 6}lamp.md"
    kept(table.home, START, {path: "Low\n"})
    async with workstation(table, HELLO, size=size) as app:
        await opened(app, "1 note ")
        await app.pilot.press("home", "down", "down")
        await app.until(lambda: "─ e edit · h history · b blame · w why ─" in app.text)
        await app.pilot.press("e")
        await app.until(lambda: "─ Ctrl+S saves · Esc leaves it ─" in app.text)
        await app.pilot.press("escape", "f")
        await app.until(lambda: "─ f again forgets it; git keeps it memory/" in app.text)
        await app.pilot.press("up", "down")
        await app.until(lambda: app.workspace.memory_pane.path == path)
        await app.until(lambda: "f again forgets it" not in app.text)
        await app.pilot.press("f")
        await app.until(lambda: "f again forgets it" in app.text)

        assert (table.home / path).is_file()
