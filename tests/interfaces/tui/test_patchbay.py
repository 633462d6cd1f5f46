"""The patchbay: F3 twice, edits that are checked at once, taken back, saved, and in force without a restart."""

from __future__ import annotations

from hermes_tui.domain.events import ConfigApplied
from hermes_tui.services.desk import Desk
from tests.fakes import Repeat, Reply, Scenario
from tests.interfaces.tui.stand import Stand, Table, events_of, workstation

HELLO = Scenario(replies=[Reply("Hello.")], repeat=Repeat.LAST)


async def opened(app: Stand) -> None:
    """Open the patchbay by its key."""
    await app.pilot.press("f3")
    await app.until(lambda: "F3 patchbay" in app.text)
    await app.pilot.press("f3")
    await app.until(lambda: "hippocampus.embedding" in app.text)


def row_of(app: Stand, role: str) -> str:
    return next(row for row in app.rows if row.startswith(f" {role}"))


async def typed(app: Stand, key: str, title: str, value: str) -> None:
    """Edit a field."""
    await app.pilot.press(key)
    await app.until(lambda: f"═ {title} " in app.text)
    await app.pilot.press(*(["ctrl+u"]))
    await app.enter(value)
    await app.until(lambda: f"═ {title} " not in app.text)


async def test_an_edit_is_checked_shown_saved_and_holds_without_a_restart(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        await opened(app)
        before = row_of(app, "cortex")
        await app.pilot.press("down")
        await typed(app, "e", "model of cerebellum.vision", "local")
        await app.until(lambda: "patchbay 1 not saved" in app.text)
        await app.pilot.press("up")
        await typed(app, "b", "usd of cortex", "2.5")
        await app.until(lambda: "patchbay 2 not saved" in app.text)
        unsaved = (table.home / "config.yaml").read_text("utf-8")
        after = row_of(app, "cortex")
        await app.pilot.press("s")
        await app.until(lambda: app.said.startswith("Saved cerebellum.vision, cortex in config.yaml"))
        desk = app.seat
        assert isinstance(desk, Desk)
        await app.enter("hello")
        await app.until(lambda: events_of(desk, ConfigApplied))
        (applied,) = events_of(desk, ConfigApplied)

    assert before.split() == ["cortex", "auto", "10·30·60·900", "–"]
    assert after.split() == ["cortex", "auto", "10·30·60·900", "2.50"]
    assert unsaved == "version: 1\n"
    assert isinstance(applied, ConfigApplied)
    assert "brains.cortex.budget.usd: null → 2.5" in applied.changed


async def test_what_cannot_be_used_is_said_and_u_takes_the_latest_edit_back(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        await opened(app)
        await typed(app, "c", "clocks of cortex", "10 30 0 900")
        await app.until(lambda: "Nothing was changed." in app.text)
        refused = app.text
        await typed(app, "c", "clocks of cortex", "5 20 30 600")
        await app.until(lambda: row_of(app, "cortex").split()[2] == "5·20·30·600")
        inherited = row_of(app, "cerebellum.web_extraction").split()
        await app.pilot.press("escape")
        await app.until(lambda: "Esc again leaves without saving" in app.text)
        await app.pilot.press("u")
        await app.until(lambda: row_of(app, "cortex").split()[2] == "10·30·60·900")
        await app.pilot.press("escape")
        await app.until(lambda: "patchbay" not in app.text)

    assert "idle_s" in refused
    assert inherited == ["cerebellum.web_extraction", "=", "cortex", "5·10·30·600", "–"]
    assert (table.home / "config.yaml").read_text("utf-8") == "version: 1\n"


async def test_one_line_from_the_prompt_does_the_same(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        await app.enter("/patchbay cortex colour red")
        await app.until(lambda: "A role has no colour" in app.said)
        await app.enter("/patchbay cortex usd 3")
        await app.until(lambda: app.said.startswith("Saved cortex"))

    assert "cortex: {budget: {usd: 3}}" in (table.home / "config.yaml").read_text("utf-8")


async def test_the_file_is_named_as_its_operator_names_it(table: Table) -> None:
    table.monkeypatch.setenv("HOME", str(table.home.parent))
    async with workstation(table, HELLO) as app:
        await opened(app)

        assert any(row.strip() == "~/home/config.yaml" for row in app.rows)
