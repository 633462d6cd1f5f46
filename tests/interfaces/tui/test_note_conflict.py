"""A note that changes on disk while it is edited: both texts are kept until the operator chooses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hermes_tui.interfaces.tui.note_conflict import Conflict, unsettled
from tests.capabilities.memory.vaults import START
from tests.fakes import Scenario
from tests.interfaces.tui.stand import Stand, Table, workstation
from tests.interfaces.tui.test_memory_pane import LAMP, kept, opened

AT = 36_450.0
"""10:07:30 in the time zone of the tests."""
SAID = (
    "lamp.md changed outside Hermes at 10:07. Yours and theirs are both kept. "
    "D compares, y keeps yours, t keeps theirs, e merges."
)


def conflict(before: str, mine: str, theirs: str) -> Conflict:
    return Conflict(path=LAMP, before=before, mine=mine, theirs=theirs, at=AT)


@pytest.mark.parametrize(
    ("before", "mine", "theirs", "expected"),
    [
        ("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", "A\nb\nC\n"),
        ("a\nb\nc\n", "a\nb\nc\nd\n", "z\na\nb\nc\n", "z\na\nb\nc\nd\n"),
        ("a\nb\n", "a\n", "a\nb\n", "a\n"),
        ("a\nb\n", "a\nx\n", "a\nx\n", "a\nx\n"),
        ("a\nb\n", "a\nx\n", "a\ny\n", "a\n<<<<<<< yours\nx\n=======\ny\n>>>>>>> theirs\n"),
        ("", "x", "y", "<<<<<<< yours\nx\n=======\ny\n>>>>>>> theirs"),
    ],
)
def test_a_merge_takes_both_changes_and_marks_what_only_an_operator_can_choose(
    before: str, mine: str, theirs: str, expected: str
) -> None:
    merged = conflict(before, mine, theirs).merged()

    assert merged == expected
    assert unsettled(merged) is ("<<<<<<<" in expected)


@pytest.mark.parametrize("width", [30, 60, 200])
def test_it_is_said_at_any_width_what_happened_and_then_what_to_press(width: int) -> None:
    found = conflict("a\n", "b\n", "c\n")

    drawn = found.lines(width)

    assert found.said == SAID
    assert max(line.width for line in drawn) <= width
    assert " ".join(" ".join(line.text for line in drawn).split()) == SAID


def test_the_two_texts_are_compared_from_theirs_to_yours() -> None:
    assert [line.text.strip() for line in conflict("", "a\nb\n", "a\nc\n").compared()] == ["a", "-c", "+b"]
    assert [line.text.strip() for line in conflict("", "a\n", "a\n").compared()] == ["Both say the same."]


async def clash(app: Stand, table: Table, theirs: str) -> Path:
    """Edit the note "Low" to "Very Low" and save it after it became `theirs` on disk."""
    place = table.home / LAMP
    await opened(app, "1 note ")
    await app.pilot.press("home", "down", "down")
    await app.until(lambda: app.workspace.memory_pane.path == LAMP)
    await app.pilot.press("e")
    await app.type("Very ")
    place.write_text(theirs, "utf-8")
    os.utime(place, (AT, AT))
    await app.pilot.press("ctrl+s")
    await app.until(lambda: "changed outside Hermes at 10:07" in app.text)
    return place


def side(app: Stand) -> str:
    """Return what stands beside or below the notes, as one line."""
    return " ".join(" ".join(row.rpartition("│")[2] for row in app.rows).split())


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_both_texts_are_kept_compared_and_one_of_them_is_chosen(table: Table, size: tuple[int, int]) -> None:
    kept(table.home, START, {LAMP: "Low\n"})
    async with workstation(table, Scenario(), size=size) as app:
        place = await clash(app, table, "High\n")
        said, drawn = side(app), app.text
        await app.pilot.press("D")
        await app.until(lambda: "from theirs to yours" in app.text)
        compared = side(app)
        await app.pilot.press("escape")
        await app.until(lambda: "changed outside Hermes" in app.text)
        undecided = place.read_text("utf-8")
        await app.pilot.press("y")
        await app.until(lambda: app.said.startswith("Saved"))
        await app.until(lambda: "changed outside Hermes" not in app.text)

    assert SAID in said
    assert "lamp.md changed outside Hermes at 10:07." in drawn
    assert "-High +Very Low" in compared
    assert undecided == "High\n"
    assert place.read_text("utf-8") == "Very Low\n"


async def test_theirs_stays_and_yours_is_in_a_file_that_is_named(table: Table) -> None:
    kept(table.home, START, {LAMP: "Low\n"})
    async with workstation(table, Scenario()) as app:
        place = await clash(app, table, "High\n")
        await app.pilot.press("t")
        await app.until(lambda: app.said.startswith("Theirs stays; yours is in "))
        mine = Path(app.said.removeprefix("Theirs stays; yours is in ").removesuffix("."))
        await app.until(lambda: "changed outside Hermes" not in app.text)
        await app.pilot.press("t")
        await app.pilot.pause()

        assert place.read_text("utf-8") == "High\n"
        assert mine.read_text("utf-8") == "Very Low\n"
        assert app.workspace.memory_pane.conflict is None


async def test_a_merge_is_saved_once_nothing_in_it_is_marked(table: Table) -> None:
    kept(table.home, START, {LAMP: "Low\n"})
    async with workstation(table, Scenario()) as app:
        pane = app.workspace.memory_pane
        place = await clash(app, table, "High\n")
        await app.pilot.press("e")
        merged = pane.editor.text
        await app.pilot.press("ctrl+s")
        await app.until(lambda: "Lines of both stand in it" in app.text)
        marked = place.read_text("utf-8")
        pane.editor.load_text("Very High\n")
        await app.pilot.press("ctrl+s")
        await app.until(lambda: app.said.startswith("Saved"))

        assert merged == "<<<<<<< yours\nVery Low\n=======\nHigh\n>>>>>>> theirs\n"
        assert marked == "High\n"
        assert place.read_text("utf-8") == "Very High\n"
        assert pane.conflicts == {}


async def test_a_list_that_is_read_again_meanwhile_does_not_let_yours_write_over_theirs(table: Table) -> None:
    kept(table.home, START, {LAMP: "Low\n"})
    async with workstation(table, Scenario()) as app:
        pane = app.workspace.memory_pane
        await opened(app, "1 note ")
        await app.pilot.press("home", "down", "down")
        await app.until(lambda: pane.path == LAMP)
        await app.pilot.press("e")
        (table.home / LAMP).write_text("High\n", "utf-8")
        await app.list_notes()
        await app.until(lambda: pane.text == "High\n")
        await app.pilot.press("ctrl+s")
        await app.until(lambda: "changed outside Hermes" in app.text)

        assert (table.home / LAMP).read_text("utf-8") == "High\n"


async def reopened(app: Stand) -> None:
    """Open the memory and go to the note that has two texts."""
    await opened(app, "1 note ")
    await app.until(lambda: "yours and theirs" in app.text)
    await app.pilot.press("home", "down", "down")
    await app.until(lambda: app.workspace.memory_pane.path == LAMP)


async def test_two_texts_that_nobody_chose_from_are_offered_again_at_the_next_start(table: Table) -> None:
    kept(table.home, START, {LAMP: "Low\n"})
    async with workstation(table, Scenario()) as app:
        await clash(app, table, "High\n")

    async with workstation(table, Scenario()) as later:
        await later.until(lambda: later.said.startswith("lamp.md changed outside Hermes."))
        said = later.said
        await reopened(later)
        await later.until(lambda: SAID in side(later))
        await later.pilot.press("D")
        await later.until(lambda: "-High +Very Low" in side(later))
        await later.pilot.press("escape", "y")
        await later.until(lambda: later.said.startswith("Saved"))

    async with workstation(table, Scenario()) as last:
        await opened(last, "1 note ")
        await last.until(lambda: "lamp.md" in last.text)

        assert "lamp.md changed outside Hermes. Yours and theirs are both kept. F5 shows them." not in last.told
        assert "yours and theirs" not in last.text
    assert said == "lamp.md changed outside Hermes. Yours and theirs are both kept. F5 shows them."
    assert (table.home / LAMP).read_text("utf-8") == "Very Low\n"
    assert list((table.home / "state" / "notes").iterdir()) == []


async def test_a_merge_that_is_not_done_yet_is_kept_as_far_as_it_went(table: Table) -> None:
    kept(table.home, START, {LAMP: "Low\n"})
    half = "<<<<<<< yours\nVery Low indeed\n=======\nHigh\n>>>>>>> theirs\n"
    async with workstation(table, Scenario()) as app:
        await clash(app, table, "High\n")
        await app.pilot.press("e")
        app.workspace.memory_pane.editor.load_text(half)
        await app.pilot.press("ctrl+s")
        await app.until(lambda: "Lines of both stand in it" in app.text)
        folder = table.home / "state" / "notes"
        await app.until(lambda: "indeed" in next(folder.glob("*.json")).read_text("utf-8"))

    async with workstation(table, Scenario()) as later:
        await reopened(later)
        await later.until(lambda: later.workspace.memory_pane.conflict is not None)
        found = later.workspace.memory_pane.conflict

        assert found is not None
        assert found.mine == half


async def test_what_says_the_same_by_the_next_start_needs_no_choice(table: Table) -> None:
    kept(table.home, START, {LAMP: "Low\n"})
    async with workstation(table, Scenario()) as app:
        place = await clash(app, table, "High\n")
    place.write_text("Very Low\n", "utf-8")

    async with workstation(table, Scenario()) as later:
        await opened(later, "1 note ")
        await later.until(lambda: "lamp.md" in later.text)

        assert later.workspace.memory_pane.conflicts == {}
    assert list((table.home / "state" / "notes").iterdir()) == []


async def test_yours_of_a_note_that_is_gone_by_now_can_still_be_saved(table: Table) -> None:
    kept(table.home, START, {LAMP: "Low\n"})
    async with workstation(table, Scenario()) as app:
        place = await clash(app, table, "High\n")
    place.unlink()

    async with workstation(table, Scenario()) as later:
        await opened(later, "0 notes ")
        await later.until(lambda: "yours and theirs" in later.text)
        await later.pilot.press("home", "down", "down")
        await later.until(lambda: later.workspace.memory_pane.conflict is not None)
        await later.pilot.press("y")
        await later.until(lambda: later.said.startswith("Saved"))

    assert place.read_text("utf-8") == "Very Low\n"


async def test_a_note_that_is_deleted_while_it_is_listed_is_said_to_be_gone(table: Table) -> None:
    kept(table.home, START, {LAMP: "Low\n"})
    async with workstation(table, Scenario()) as app:
        await opened(app, "1 note ")
        (table.home / LAMP).unlink()
        await app.pilot.press("home", "down", "down")
        await app.until(lambda: app.said == f"{LAMP} is not on disk any more.")
        await app.until(lambda: "0 notes " in app.rows[0])
