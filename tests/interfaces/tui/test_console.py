"""The console: a goal from Enter to done, streaming, steering, queueing, interrupting."""

from __future__ import annotations

from hermes_tui.domain.events import RunEnded
from tests.fakes import Call, Reply, Scenario
from tests.interfaces.tui.stand import Table, workstation


async def test_a_goal_goes_from_enter_to_done(table: Table) -> None:
    (table.workspace / "clock.py").write_text("x = 1\n", encoding="utf-8")
    replies = [Reply("I look.", tool_calls=[Call("list", {"path": "."})]), Reply("There is **one** file.")]
    async with workstation(table, Scenario(replies=replies)) as app:
        await app.enter("What is here?")
        await app.until_event(RunEnded)
        await app.until(lambda: not app.workspace.live)

        assert "› What is here?" in app.text
        assert "✓ list" in app.text
        assert "There is one file." in app.text
        assert "✓ done" in app.text
        assert app.rows[-1].startswith("  ask   openai:")
