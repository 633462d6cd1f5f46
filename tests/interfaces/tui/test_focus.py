"""Where the focus goes, what the mouse does and never does, what follows and what stays, and how Hermes is left."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events

from hermes_tui.domain.events import ApprovalAsked, RunEnded
from hermes_tui.interfaces.tui.notices import KERNEL
from hermes_tui.interfaces.tui.rows import Call as CallRow
from hermes_tui.interfaces.tui.rows import Notice, Origin
from tests.fakes import Call, Reply, Scenario
from tests.interfaces.tui.stand import Stand, Table, workstation
from tests.interfaces.tui.test_answers import WRITE, asked, given, script
from tests.interfaces.tui.test_panes import GOAL, HELLO, run_goal

LOOK = Scenario(replies=[Reply("I look.", tool_calls=[Call("list", {"path": "."})]), Reply("\n\n".join("word" * 4))])


def place(app: Stand) -> str:
    return app.focused.id or "" if app.focused is not None else ""


async def back(app: Stand) -> None:
    """Press Esc until the prompt has the focus, three times at most."""
    for _ in range(3):
        if app.workspace.prompt.has_focus:
            return
        await app.pilot.press("escape")
        await app.pilot.pause()


async def looked(app: Stand) -> None:
    """Let a run be over that called a tool."""
    await app.enter("Look around.")
    await app.until_event(RunEnded)
    await app.until(lambda: not app.workspace.live)


async def test_tab_goes_from_the_prompt_to_the_dock_the_transcript_and_each_pane_and_back(table: Table) -> None:
    async with workstation(table, script(WRITE)) as app:
        await asked(app)
        seen: list[str] = []
        for _ in range(6):
            await app.pilot.press("tab")
            await app.pilot.pause()
            seen.append(place(app))

        assert seen == ["card", "transcript", "graph-rows", "mind-rows", "budget-rows", "prompt"]
        assert given(app) == []


async def test_esc_leads_back_to_the_prompt_from_every_pane_with_the_draft_as_it_was(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        await app.type("half a goal")
        for keys in (("f2",), ("f4", "f4"), ("f5",), ("f6", "f6"), ("f7",), ("tab", "tab")):
            await app.pilot.press(*keys)
            await app.pilot.pause()
            await back(app)

            assert (keys, place(app), app.workspace.full_pane) == (keys, "prompt", "")
        assert app.workspace.prompt.text.startswith("half a goal")


async def test_a_click_puts_the_cursor_and_folds_and_the_wheel_scrolls_without_focus(table: Table) -> None:
    async with workstation(table, LOOK, size=(80, 50)) as app:
        await looked(app)
        view = app.workspace.console_pane.view
        at = next(y for y, row in enumerate(app.rows) if row.startswith("✓ list"))
        call = next(row for row in view.window.rows if isinstance(row, CallRow))
        await app.pilot.click(offset=(78, at))
        await app.pilot.pause()
        opened = call.key in view.window.opened
        clicked = (place(app), view.current)
        await app.pilot.press("escape")
        await app.pilot.resize_terminal(80, 16)
        await app.pilot.pause()
        top = app.rows[1]
        await app.pilot._post_mouse_events([events.MouseScrollDown], view, offset=(5, 3), button=0)
        await app.pilot.pause()

        assert opened
        assert clicked == ("transcript", call)
        assert app.rows[1] != top
        assert place(app) == "prompt"


async def test_a_click_on_a_question_never_answers_it(table: Table) -> None:
    async with workstation(table, script(WRITE)) as app:
        await asked(app)
        await app.pilot.press("f7")
        await app.until(lambda: " y once " in app.text)
        for y, row in enumerate(app.rows):
            if " y once " in row or "wants write" in row:
                await app.pilot.click(offset=(2, y))
                await app.pilot.pause()

        assert given(app) == []
        assert place(app) == "card"


async def test_scrolled_up_the_rule_counts_what_is_new_and_end_follows_again(table: Table) -> None:
    async with workstation(table, LOOK, size=(80, 14)) as app:
        await looked(app)
        await app.pilot.press("tab", "home")
        await app.pilot.pause()
        for number in range(3):
            origin = Origin(key=("new", number), at=0.0)
            app.workspace.console_pane.say(Notice(origin=origin, sign=KERNEL, spans=(("news", "text"),)))
        await app.pilot.pause()
        counted = app.rows[0]
        await app.pilot.press("end")
        await app.pilot.pause()

        assert " 3 new · End " in counted
        assert " following " in app.rows[0]


async def test_from_each_pane_t_shows_everything_as_it_was_at_that_row(table: Table) -> None:
    async with workstation(table, HELLO, url=False) as app:
        await run_goal(app, table)
        for keys in (("f2", "home"), ("f4", "home"), ("tab", "up")):
            await app.pilot.press(*keys, "t")
            await app.until(lambda: app.workspace.travelling)
            await app.pilot.press("escape")
            await app.until(lambda: not app.workspace.travelling)
            app.workspace.prompt.focus()
            await app.pilot.pause()


async def test_ctrl_d_leaves_an_empty_prompt_only_and_ctrl_c_twice_leaves(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        await app.type("draft")
        await app.pilot.press("ctrl+d", "ctrl+c")
        await app.pilot.pause()
        cleared = app.workspace.prompt.text
        await app.pilot.press("up")
        await app.pilot.pause()
        kept = app.workspace.prompt.text
        await app.pilot.press("ctrl+c", "ctrl+c")
        await app.pilot.pause()
        said, running = app.said, app.is_running
        await app.pilot.press("ctrl+c")

    assert (cleared, kept) == ("", "draft")
    assert said == "Ctrl+C again leaves, Esc stays."
    assert running
    assert app.return_value is None
    assert not app.is_running


async def test_ctrl_c_where_y_answers_copies_what_is_asked(table: Table) -> None:
    async with workstation(table, script(WRITE)) as app:
        await asked(app)
        await app.pilot.press("f7", "ctrl+c")
        await app.pilot.pause()

        assert app.clipboard == "a.txt"
        assert given(app) == []


async def test_in_the_graph_braces_walk_the_critical_path_a_goes_to_the_question_and_v_draws(table: Table) -> None:
    (table.workspace / "goal.md").write_text(GOAL, encoding="utf-8")
    async with workstation(table, HELLO, url=False) as app:
        await app.enter("/run goal.md")
        await app.until_event(ApprovalAsked)
        await app.pilot.press("f2", "f2", "home")
        await app.pilot.pause()
        graph = app.workspace.graph_pane
        path = [key for key in (row.key for row in graph.view.window.rows) if key[1] in graph.rows.path]  # type: ignore[index]
        walked: list[object] = []
        for key in (*["right_curly_bracket"] * 2, *["left_curly_bracket"] * 2):
            await app.pilot.press(key)
            await app.pilot.pause()
            walked.append(graph.row.key if graph.row else None)
        await app.pilot.press("v")
        await app.pilot.pause()
        drawn = graph.picture.display
        await app.pilot.press("v", "a")
        await app.pilot.pause()

        assert path[-1] == ("task", "last")
        assert set(walked) == set(path)
        assert walked[-1] == path[0]
        assert drawn
        assert not graph.picture.display
        assert app.workspace.full_pane == "approvals"
        app.clerk.obey("deny", "")
        await app.until_event(RunEnded)


async def test_a_double_click_takes_the_word_under_it_and_ctrl_c_copies_that(table: Table) -> None:
    said = Scenario(replies=[Reply("Sieh nach 世界 in tests/test_clock.py:19, dort steht es.")])
    async with workstation(table, said, size=(80, 24)) as app:
        await looked(app)
        at = next(y for y, row in enumerate(app.rows) if "test_clock.py" in row)
        x = cell_len(app.rows[at].partition("clock")[0])
        view = app.workspace.console_pane.view
        await app.pilot.click(view, offset=(x, at - view.region.y), times=2)
        await app.pilot.press("ctrl+c")
        await app.pilot.pause()

        assert app.clipboard == "tests/test_clock.py:19"
