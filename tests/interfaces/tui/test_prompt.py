"""The prompt: history, completion, pastes, and what a crash must not take."""

from __future__ import annotations

from base64 import b64encode

from textual import events

from hermes_tui.domain.events import RunStarted
from hermes_tui.services.desk import Desk
from hermes_tui.services.drawer import Draft
from tests.fakes import Repeat, Reply, Scenario, running_server
from tests.interfaces.tui.stand import Stand, Table, events_of, seated, workstation
from tests.services.test_pictures import png

HELLO = Scenario(replies=[Reply("Hello.")], repeat=Repeat.LAST)


async def test_a_slash_offers_commands_and_tab_completes_one(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        await app.type("/mi")
        offered = app.text
        await app.pilot.press("tab")
        await app.pilot.pause()

        assert "▌ /mind  why things happened" in offered
        assert app.workspace.prompt.text == "/mind"


async def test_enter_on_a_half_typed_command_carries_it_out(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        await app.enter("/mind")

        assert app.workspace.full_pane == "mind"


async def test_a_line_typed_faster_than_its_completions_is_sent_as_it_was_typed(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        prompt = app.workspace.prompt
        await app.type("/")
        offered = prompt.offers.current
        prompt.insert("nonsense")
        prompt.action_submit()
        await app.until(lambda: app.said)

        assert offered is not None
        assert app.screen is app.workspace
        assert app.said.startswith("There is no /nonsense")


async def test_tab_completes_what_stands_there_however_fast_it_was_typed(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        prompt = app.workspace.prompt
        await app.type("/")
        prompt.insert("expo")
        prompt.action_tab()

        assert prompt.text.strip() == "/export"


async def test_an_unknown_command_says_what_is_near_and_keeps_the_line(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        await app.enter("/budgets")

        assert "There is no /budgets." in app.said
        assert app.workspace.prompt.text == "/budgets"


async def test_an_at_sign_finds_files_by_some_of_their_letters(table: Table) -> None:
    (table.workspace / "ledger").mkdir()
    (table.workspace / "ledger" / "clock.py").write_text("", encoding="utf-8")
    (table.workspace / "money.py").write_text("", encoding="utf-8")
    async with workstation(table, HELLO) as app:
        await app.until(lambda: app.workspace.sources.files)
        await app.type("look at @lclo")
        await app.pilot.press("tab")
        await app.pilot.pause()

        assert app.workspace.prompt.text == "look at @ledger/clock.py "


async def test_up_and_down_walk_through_earlier_prompts_and_back_to_the_draft(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        await app.enter("/find alpha")
        await app.enter("/find beta")
        await app.type("mine")
        await app.pilot.press("up", "up")
        await app.pilot.pause()
        earliest = app.workspace.prompt.text
        await app.pilot.press("down", "down")
        await app.pilot.pause()

        assert earliest == "/find alpha"
        assert app.workspace.prompt.text == "mine"


async def test_ctrl_r_searches_earlier_prompts(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        await app.enter("/find alpha")
        await app.enter("/find beta")
        await app.pilot.press("ctrl+r")
        await app.type("alp")
        await app.pilot.press("enter")
        await app.pilot.pause()

        assert app.workspace.prompt.text == "/find alpha"


async def test_a_long_paste_is_one_mark_on_screen_and_whole_when_sent(table: Table) -> None:
    pasted = "\n".join(f"line {number}" for number in range(40_000))
    async with workstation(table, HELLO) as app:
        app.workspace.prompt.post_message(events.Paste(pasted))
        await app.pilot.pause()
        shown = app.workspace.prompt.text

        assert shown == f"[pasted 1: 40,000 lines, {len(pasted):,} characters]"
        assert app.workspace.prompt.take() == pasted


async def test_a_draft_and_the_queue_outlive_a_crash(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        app.workspace.queue.append("afterwards")
        await app.type("half a thought")
        draft = app.prompts._now
        await app.until(lambda: app.seat.errands.draft() == draft)

    async with seated(table.desk()) as later:
        await later.until(lambda: later.workspace.prompt.text)

        assert later.workspace.prompt.text == "half a thought"
        assert "queued 1  afterwards" in later.text


async def test_earlier_prompts_are_there_in_the_next_session_without_their_secrets(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        await app.enter("/find sk-ant-api03-" + "a" * 40)
        await app.until(app.seat.errands.remembered)

    async with seated(table.desk()) as later:
        await later.until(lambda: later.workspace.prompt.remembered)

        assert later.workspace.prompt.remembered[0].startswith("/find ")
        assert "a" * 40 not in later.workspace.prompt.remembered[0]


async def test_ctrl_j_begins_a_new_line_and_enter_sends_all_of_them(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        await app.type("one\ntwo")
        await app.pilot.press("enter")
        await app.until(lambda: "✓ done" in app.text)

        assert app.rows[1].startswith("› one")
        assert app.rows[2].startswith("  two")


async def test_the_operators_editor_writes_the_prompt(table: Table) -> None:
    editor = table.workspace.parent / "editor.sh"
    editor.write_text('#!/bin/sh\nprintf "from the editor" >> "$1"\n', encoding="utf-8")
    editor.chmod(0o755)
    table.monkeypatch.setenv("VISUAL", str(editor))
    async with workstation(table, HELLO) as app:
        assert app.seat.errands.in_editor("begun, ") == "begun, from the editor"


async def test_a_dropped_picture_is_a_mark_in_the_prompt_and_goes_with_the_words(table: Table) -> None:
    picture = table.workspace / "my shot.png"
    picture.write_bytes(png(640, 480))
    with running_server(HELLO) as server:
        async with seated(table.desk(server.openai_url)) as app:
            app.workspace.prompt.post_message(events.Paste(f"'{picture}'"))
            await app.until(lambda: app.workspace.prompt.text == "[image 1: my shot.png 640×480] ")
            await app.enter("what is this?")
            await app.until(lambda: "✓ done" in app.text)

            said = app.rows[1]
    sent = str(server.log.exchanges[-1].body)

    assert said.startswith("› [image 1: my shot.png 640×480] what is this?")
    assert f"data:image/png;base64,{b64encode(png(640, 480)).decode()}" in sent


async def test_a_brain_that_takes_no_pictures_is_named_and_nothing_is_sent(table: Table) -> None:
    table.configure("providers: {openai: {models: [text-only-1]}}\n")
    (table.workspace / "a.png").write_bytes(png(1, 1))
    with running_server(HELLO) as server:
        async with seated(table.desk(server.openai_url)) as app:
            await app.enter("what is on @a.png ?")
            await app.until(lambda: "takes no pictures" in app.said)

            assert app.said.startswith("openai:text-only-1 takes no pictures, so nothing was sent.")
            assert app.workspace.prompt.text == "what is on @a.png ?"
    assert not [one for one in server.log.exchanges if "what is on" in str(one.body)]


async def test_ctrl_v_says_what_reads_a_picture_from_the_clipboard(table: Table) -> None:
    table.monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    table.monkeypatch.delenv("DISPLAY", raising=False)
    async with workstation(table, HELLO) as app:
        await app.pilot.press("ctrl+v")
        await app.until(lambda: "The clipboard cannot be read for pictures here." in app.said)

        assert not app.workspace.prompt.text


async def test_what_is_pasted_does_not_steer_the_terminal_and_is_sent_as_it_was(table: Table) -> None:
    async with workstation(table, HELLO) as app:
        app.post_message(events.Paste("a\x1b[2Jb\u202ec"))
        await app.until(lambda: app.workspace.prompt.text)
        shown = app.text
        await app.pilot.press("enter")
        await app.until_event(RunStarted)
        assert isinstance(app.seat, Desk)
        (begun,) = events_of(app.seat, RunStarted)

    assert "› a·[2Jb·c" in shown
    assert isinstance(begun, RunStarted)
    assert begun.goal.text == "a\x1b[2Jb\u202ec"


async def test_a_draft_is_not_lost_where_something_else_was_typed_before_there_was_a_prompt(table: Table) -> None:
    desk = table.desk()
    desk.errands.keep_draft(Draft("an earlier draft", ["queued"]))
    async with seated(desk, early="new") as app:
        await app.until(lambda: app.said == "What you had typed before is kept: Up brings it.")
        typed, queue = app.workspace.prompt.text, list(app.workspace.queue)
        await app.pilot.press("up")
        back = app.workspace.prompt.text
        await app.pilot.press("down")
        again = app.workspace.prompt.text

        assert (typed, back, again, queue) == ("new", "an earlier draft", "new", ["queued"])
        assert app.seat.errands.remembered() == ["an earlier draft"]


async def test_a_draft_is_back_after_a_line_that_was_sent_before_there_was_a_prompt(table: Table) -> None:
    with running_server(HELLO) as server:
        desk = table.desk(server.openai_url)
        desk.errands.keep_draft(Draft("an earlier draft"))
        async with seated(desk, early="hello\n") as app:
            await app.until_event(RunStarted)
            await app.until(lambda: app.workspace.prompt.text == "an earlier draft")
            (begun,) = events_of(desk, RunStarted)

    assert isinstance(begun, RunStarted)
    assert begun.goal.text == "hello"


async def test_words_typed_early_are_in_the_prompt_before_the_panes_come_and_a_key_for_a_pane_waits_for_it(
    table: Table,
) -> None:
    desk = table.desk()
    async with seated(desk, early=("a", "b", "f5", "c")) as app:
        await app.until(lambda: app.workspace.full_pane == "memory")
        await app.pilot.pause()

        assert app.workspace.prompt.text == "ab"
        assert app.workspace.memory_pane.view.has_focus


async def test_every_pane_comes_empty_and_is_filled_once_the_prompt_can_be_typed_into(table: Table) -> None:
    seen: list[tuple[bool, ...]] = []

    class Watched(Stand):
        async def _settle_down(self) -> None:
            seen.append(tuple(pane.furnished for pane in self.workspace.panes.values()))
            await super()._settle_down()

    async with seated(table.desk(), kind=Watched) as app:
        await app.until(lambda: all(pane.furnished for pane in app.workspace.panes.values()))

        assert seen == [(True, False, False, False, False, False)]
        assert [pane.id for pane in app.workspace.panes.values() if not pane.children] == []
