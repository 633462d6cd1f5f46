"""The panes: task graph, mind-log, budget and memory, full screen and from row to row."""

from __future__ import annotations

import pytest

from hermes_tui.domain.commands import Decide
from hermes_tui.domain.events import ApprovalAsked, CapRaised, PlanEdited, RunEnded, TaskFailed
from hermes_tui.domain.ids import RunId
from hermes_tui.domain.usage import Limits
from hermes_tui.domain.values import replace
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.limits import limit_lines
from hermes_tui.services.desk import Desk
from tests.fakes import Call, Repeat, Reply, Scenario
from tests.interfaces.tui.stand import Stand, Table, events_of, workstation

HELLO = Scenario(replies=[Reply("Hello.")], repeat=Repeat.LAST)
GOAL = """---
mode: auto
---
Three steps.

```plan
schema: hermes.plan/1
tasks:
  - {id: tree, kind: tool, title: look around, use: list, args: {path: "."}}
  - {id: gone, kind: tool, title: read what is not there, use: read, args: {path: nowhere.txt}}
  - {id: last, kind: tool, title: look again, use: list, needs: [tree, gone], args: {path: "."}}
```
"""


TITLES = ("look around", "read what is not there", "look again")


async def run_goal(app: Stand, table: Table) -> None:
    (table.workspace / "goal.md").write_text(GOAL, encoding="utf-8")
    await app.enter("/run goal.md")
    await app.until_event(ApprovalAsked)
    assert isinstance(app.seat, Desk)
    app.seat.send(Decide(approval_id=app.seat.state.calls.waiting[0].approval_id, allow=False))
    await app.until_event(RunEnded)
    await app.until(lambda: not app.workspace.live)


async def test_a_goal_file_draws_its_graph_with_states_in_words(table: Table) -> None:
    async with workstation(table, HELLO, url=False) as app:
        await run_goal(app, table)
        await app.pilot.press("f2", "f2")
        await app.pilot.pause()

        assert "═ tasks 1/3 · rev 1 ═" in app.rows[0]
        assert app.workspace.graph_pane.rule.hint[-1] == ("1 failed", "fail")
        states = {title: next(row for row in app.rows if title in row).split(title)[1].split()[0] for title in TITLES}
        assert states == {"look around": "done", "read what is not there": "failed", "look again": "skipped"}


async def test_a_failed_task_is_found_shown_and_retried_from_the_graph(table: Table) -> None:
    async with workstation(table, HELLO, url=False) as app:
        await run_goal(app, table)
        await app.pilot.press("f2", "f2", "home", "right_square_bracket")
        await app.pilot.pause()
        detail = app.text
        (table.workspace / "nowhere.txt").write_text("here now\n", encoding="utf-8")
        await app.pilot.press("r")
        await app.until_event(PlanEdited, 2)

        assert "─ read what is not there ─" in detail
        assert "│ × failed after 0:00" in detail
        assert isinstance(app.seat, Desk)
        assert events_of(app.seat, PlanEdited)[1].by == "operator"  # type: ignore[union-attr]
        for_good = [failed for failed in events_of(app.seat, TaskFailed) if not failed.recovering]  # type: ignore[union-attr]
        assert len(for_good) == 1


async def test_from_a_task_to_its_words_and_reasons_and_back(table: Table) -> None:
    async with workstation(table, HELLO, url=False) as app:
        await run_goal(app, table)
        await app.pilot.press("f2", "home", "c")
        await app.pilot.pause()
        in_console = app.workspace.console_pane.view.has_focus
        await app.pilot.press("m")
        await app.pilot.pause()
        in_mind = app.workspace.mind_pane.view.has_focus
        await app.pilot.press("g")
        await app.pilot.pause()

        assert (in_console, in_mind) == (True, True)
        assert app.workspace.graph_pane.view.has_focus


async def test_z_fills_the_screen_and_gives_it_back_with_the_focus_where_it_was(table: Table) -> None:
    async with workstation(table, HELLO, url=False) as app:
        await run_goal(app, table)
        await app.pilot.press("f2", "z")
        await app.pilot.pause()
        full = app.workspace.full_pane
        await app.pilot.press("z")
        await app.pilot.pause()
        await app.pilot.press("j")
        await app.pilot.pause()

        assert (full, app.workspace.full_pane) == ("graph", "")
        assert app.workspace.graph_pane.view.has_focus
        assert app.workspace.prompt.text == ""


async def test_f2_focuses_then_fills_then_restores(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        seen: list[tuple[bool, str]] = []
        for _ in range(3):
            await app.pilot.press("f2")
            await app.pilot.pause()
            seen.append((app.workspace.graph_pane.view.has_focus, app.workspace.full_pane))

        assert seen == [(True, ""), (True, "graph"), (False, "")]
        assert app.workspace.prompt.has_focus


async def test_the_mind_log_filters_and_says_how_much_it_shows(table: Table) -> None:
    replies = [Reply("I look.", tool_calls=[Call("list", {"path": "."})]), Reply("Done.")]
    async with workstation(table, Scenario(replies=replies)) as app:
        await app.enter("Look.")
        await app.until(lambda: "✓ done" in app.text)
        await app.pilot.press("f4", "f4", "f")
        await app.pilot.pause()
        filtered = app.rows[0]
        await app.pilot.press("escape")
        await app.pilot.pause()

        assert "kind " in filtered
        assert " of 3" in filtered
        assert "═ mind 3 ═" in app.rows[0]


async def test_the_cap_is_raised_in_place_and_by_command(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        await app.enter("Hello?")
        await app.until_event(RunEnded)
        await app.pilot.press("f6", "f6", "plus")
        await app.enter("7.5")
        await app.until_event(CapRaised)
        await app.pilot.press("escape")
        await app.enter("/cap 9")
        await app.until_event(CapRaised, 2)

        assert isinstance(app.seat, Desk)
        raised = [event.limits.usd for event in events_of(app.seat, CapRaised) if isinstance(event, CapRaised)]
        assert raised == [7.5, 9.0]


async def test_l_shows_every_limit_and_x_twice_stops_spending(table: Table) -> None:
    table.configure("budgets: {day: {usd: 3.5}}\n")
    async with workstation(table, Scenario(replies=[Reply("late", first_token_s=60.0)])) as app:
        await app.enter("Hello?")
        await app.until(lambda: app.workspace.live and app.seat.state.run.run)
        await app.pilot.press("f6", "l")
        await app.until(lambda: "═ limits ═" in app.text)
        limits = {row.split("  ")[0].strip(): row.split()[-1] for row in app.rows[2:7]}
        await app.pilot.press("escape", "x")
        await app.until(lambda: "x again stops the run at $0.00;" in app.rows[-1])
        still = app.workspace.live
        await app.pilot.press("x")
        await app.until_event(RunEnded)
        await app.until(lambda: not app.workspace.live)

        assert limits == {
            "one call": "$1.00",
            "run, money": "$5.00",
            "run, tokens": "2.00M",
            "run, steps": "200",
            "all sessions today": "$3.50",
        }
        assert still
        assert app.seat.state.run.ended is not None
        assert app.seat.state.run.ended.status == "interrupted"


async def test_the_limits_page_says_what_is_spent_of_each_limit_that_is_counted(table: Table) -> None:
    table.configure("brains: {cortex: {budget: {usd: 2.0}}}\n")
    replies = [Reply("I look.", tool_calls=[Call("list", {"path": "."})]), Reply("Done.")]
    async with workstation(table, Scenario(replies=replies)) as app:
        await app.enter("Look around.")
        await app.until_event(RunEnded)
        await app.until(lambda: not app.workspace.live)
        spent = wording.money(app.seat.state.spend.run.usd)
        await app.pilot.press("f6", "l")
        await app.until(lambda: "═ limits ═" in app.text)
        rows = {row.split("  ")[0].strip(): row.split()[-2:] for row in app.rows if row.strip()}

        assert rows["run, steps"] == ["2", "200"]
        assert rows["role cortex"] == [spent, "$2.00"]
        assert rows["run, money"] == [spent, "$5.00"]


async def test_the_limits_page_counts_the_time_of_a_run_without_its_pauses(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        view = app.workspace.view_now()
        run = replace(view.state.run, run=RunId("r1"), limits=Limits(seconds=600.0), resumed_at=1_000.0, paused_s=30.0)
        going = replace(view, state=replace(view.state, run=run), now=1_095.0, live=True)
        held = replace(going, state=replace(view.state, run=replace(run, paused_at=1_050.0)))
        lines = [limit_lines(one, 80) for one in (going, held)]
        rows = [[line.text.split() for line in page if "run, time" in line.text] for page in lines]

        assert rows == [[["run,", "time", "1:05", "10:00"]], [["run,", "time", "0:20", "10:00"]]]


async def test_the_budget_adds_up_across_its_tables(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        await app.enter("Hello?")
        await app.until_event(RunEnded)
        await app.pilot.press("f6", "f6")
        await app.until(lambda: any(row.startswith(" total") for row in app.rows))
        total = next(row for row in app.rows if row.startswith(" total"))
        spent = next(row for row in app.rows if row.startswith(" run "))

        figures = [word for word in total.split() if word.startswith("$")]
        assert len(figures) == 2
        assert len(set(figures)) == 1
        assert f"spent {figures[0]} " in spent


async def test_a_hash_remembers_and_the_memory_pane_shows_edits_and_forgets(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        pane = app.workspace.memory_pane
        await app.enter("#Tests never read the wall clock")
        await app.until(lambda: app.said.startswith("Kept in memory/"))
        await app.pilot.press("f5")
        await app.until(lambda: "1 note " in app.rows[0])
        await app.pilot.press("down", "down")
        await app.until(lambda: pane.path.startswith("memory/facts/tests-never-read") and len(pane.history) == 1)
        shown = app.text
        await app.pilot.press("e")
        await app.type("ha ")
        await app.pilot.press("ctrl+s")
        await app.until(lambda: app.said.startswith("Saved memory/"))
        await app.until(lambda: "Edit memory/" in app.text)
        edited = app.seat.errands.notebook.read(pane.path)
        await app.pilot.press("f", "f")
        await app.until(lambda: "0 notes " in app.rows[0])

        assert "remember: Tests never read the wall clock" in shown
        assert edited.endswith("ha Tests never read the wall clock\n")
        assert "git keeps what it said" in app.said


async def test_a_change_of_a_note_opens_as_a_diff(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        pane = app.workspace.memory_pane
        await app.enter("#One thing")
        await app.until(lambda: app.said.startswith("Kept in memory/"))
        await app.pilot.press("f5")
        await app.until(lambda: "1 note " in app.rows[0])
        await app.pilot.press("down", "down")
        await app.until(lambda: pane.path.startswith("memory/") and len(pane.history) == 1)
        await app.pilot.press("h", "enter")
        await app.until(lambda: "─ change " in app.text or "═ change " in app.text)

        assert "+One thing" in app.text


async def test_a_search_in_the_memory_pane_shows_scores_and_their_parts_and_esc_every_note(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        for said in ("Money is Decimal, never float", "Tests never read the wall clock"):
            await app.enter(f"#{said}")
            await app.until(lambda: app.said.startswith("Kept in memory/"))
            app.said = ""
        await app.pilot.press("f5")
        await app.until(lambda: "2 notes" in app.rows[0])
        await app.pilot.press("slash")
        await app.enter("decimal money")
        await app.until(lambda: "about “decimal money”" in app.rows[0])
        found = app.rows
        await app.until(lambda: app.workspace.memory_pane.path.startswith("memory/facts/money"))
        await app.pilot.press("escape")
        await app.until(lambda: "2 notes" in app.rows[0])
        await app.pilot.press("slash")
        await app.enter("zebra crossing")
        await app.until(lambda: "about “zebra crossing”" in app.rows[0])

        assert "Money is Decimal, never float" in found[1]
        assert float(found[1].split()[0]) > 0


async def test_a_note_that_waits_is_accepted_or_refused_in_the_memory_pane(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        for said in ("Money is Decimal, never float", "Tests never read the wall clock"):
            await app.enter(f"#{said}")
            await app.until(lambda: app.said.startswith("Kept in memory/"))
            app.said = ""
        for path in (table.home / "memory" / "facts").glob("*.md"):
            path.write_text(path.read_text("utf-8").replace("---\n", "---\nstatus: review\n", 1), "utf-8")
        await app.pilot.press("f5")
        await app.until(lambda: app.text.count("y accept · d refuse") == 2)
        waiting = app.text
        await app.pilot.press("home", "y")
        await app.until(lambda: app.text.count("y accept · d refuse") == 1)
        await app.pilot.press("home", "d")
        await app.until(lambda: "1 note " in app.rows[0])

        assert "◊ Money is Decimal" in waiting or "◊ Tests never" in waiting
        assert "y accept" not in app.text


async def test_the_day_holds_what_this_session_spent_as_soon_as_it_is_spent_and_as_often_as_once(table: Table) -> None:
    write = Reply("I write.", tool_calls=[Call("write", {"path": "a.txt", "content": "x"})])
    async with workstation(table, Scenario(replies=[write, Reply("Done.")])) as app:
        desk = app.seat
        assert isinstance(desk, Desk)
        await app.enter("go")
        await app.until(lambda: app.workspace.dock.display and app.workspace.day_usd)
        waiting = (app.workspace.day_usd, desk.state.spend.total.usd)
        await app.enter("/yes")
        await app.until_event(RunEnded)
        await app.until(lambda: desk.errands.day_spent(desk.session_id)[1] == desk.state.spend.total.usd)
        await app.day.read()
        ended = (app.workspace.day_usd, desk.state.spend.total.usd)

    assert waiting[0] == pytest.approx(waiting[1])
    assert ended[0] == pytest.approx(ended[1])
    assert ended[1] > waiting[1] > 0
