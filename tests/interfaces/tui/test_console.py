"""The console: a goal from Enter to done; what runs is steered, queued after, interrupted and frozen."""

from __future__ import annotations

import pytest

from hermes_tui.domain.events import InterruptAsked, MessageGiven, RunEnded, RunPaused, RunUnpaused
from hermes_tui.domain.messages import Source
from hermes_tui.domain.tasks import Effect
from hermes_tui.domain.values import replace
from hermes_tui.interfaces.tui.drawing.flow import Flow
from hermes_tui.interfaces.tui.drawing.row_window import Room
from hermes_tui.interfaces.tui.rows import Call as CallRow
from hermes_tui.interfaces.tui.rows import Origin
from hermes_tui.interfaces.tui.streaming import Streaming
from hermes_tui.services.desk import Desk
from tests.fakes import Call, Fault, Reply, Scenario
from tests.interfaces.processes import needs_sandbox
from tests.interfaces.tui.stand import Stand, Table, events_of, workstation

STALLED = Reply("It begins and then", fault=Fault.parse("stall@mid_text:2"))


def said_by_operator(app: Stand) -> list[str]:
    assert isinstance(app.seat, Desk)
    given = [event for event in events_of(app.seat, MessageGiven) if isinstance(event, MessageGiven)]
    return [event.text for event in given if event.source is Source.OPERATOR]


async def test_a_goal_goes_from_enter_to_done(table: Table) -> None:
    replies = [Reply("I look.", tool_calls=[Call("list", {"path": "."})]), Reply("There is **one** file.")]
    async with workstation(table, Scenario(replies=replies)) as app:
        await app.enter("What is here?")
        await app.until(lambda: "✓ done" in app.text)

        assert app.rows[1].startswith("› What is here?")
        assert any(row.startswith("✓ list      .") for row in app.rows)
        assert "  There is one file." in app.text
        assert app.rows[-1].startswith("  ask   openai:")


async def test_text_is_on_screen_before_the_reply_is_whole(table: Table) -> None:
    async with workstation(table, Scenario(replies=[STALLED])) as app:
        await app.enter("Begin.")
        await app.until(lambda: "It begins▌" in app.text or "It begins and▌" in app.text)

        assert "Esc interrupt" in app.text
        assert app.workspace.live


@pytest.mark.parametrize(
    ("width", "hint"), [(100, "Esc stop · F3 switch"), (70, "Esc stop · F3 switch"), (50, "Esc stop"), (40, "")]
)
def test_a_wait_says_since_when_and_until_when_at_every_width(width: int, hint: str) -> None:
    where = Origin(key="k", at=100.0)
    row = Streaming(origin=where, model="openai:gpt-6.1-sol", flow=Flow(), thinking=Flow(), first_token_s=30.0)

    (line,) = row.lines(Room(width=width, now=104.0, opened=False))

    assert "first token, 4 s of 30" in line.text
    assert line.text.rstrip().endswith(hint or "of 30")


async def test_what_does_not_fit_the_status_line_stands_in_the_console_too(table: Table) -> None:
    async with workstation(table, Scenario(replies=[Reply("One.")]), size=(80, 24)) as app:
        await app.enter("Begin.")
        await app.until_event(RunEnded)
        await app.until(lambda: not app.workspace.live)
        app.say("This is a sentence that is longer than a line of a narrow terminal, and its end says which key helps.")
        await app.until(lambda: "which key" in app.text)

        assert "…" in app.rows[-1]


async def test_keys_that_arrive_in_one_burst_are_sent_in_order(table: Table) -> None:
    async with workstation(table, Scenario(replies=[Reply("One."), Reply("Two.")])) as app:
        await app.pilot.press(*"first", "enter", *"second", "enter", *"third")
        await app.until_event(RunEnded)

        assert said_by_operator(app)[0] == "first"
        assert app.workspace.prompt.text == "third"


async def test_esc_interrupts_and_keeps_the_draft(table: Table) -> None:
    async with workstation(table, Scenario(replies=[STALLED])) as app:
        await app.enter("Begin.")
        await app.until(lambda: "It begins" in app.text)
        await app.type("and then")
        await app.pilot.press("escape")
        await app.until_event(InterruptAsked)
        await app.until(lambda: not app.workspace.live)

        assert "• interrupt" not in app.text
        assert "■ interrupted at step 1; finished work is kept · $" in app.text
        assert "/resume goes on" in app.text
        assert "×" not in app.text
        assert app.workspace.prompt.text == "and then"


async def test_enter_while_busy_steers_and_tab_queues_for_after_the_run(table: Table) -> None:
    replies = [Reply("Wait.", tool_calls=[Call("write", {"path": "a.txt", "content": "x"})]), Reply("As you say.")]
    async with workstation(table, Scenario(replies=[*replies, Reply("And that.")])) as app:
        await app.enter("Write it.")
        await app.until(lambda: app.workspace.dock.display)
        await app.enter("shorter")
        await app.type("then the docs")
        await app.pilot.press("tab")
        await app.until(lambda: "queued 1  then the docs" in app.text)
        rows = [row[:70].strip(" │") for row in app.rows]
        await app.enter("/yes")
        await app.until_event(RunEnded, 2)

        assert said_by_operator(app) == ["Write it.", "shorter", "then the docs"]
        assert app.workspace.queue == []
        queue = next(at for at, row in enumerate(rows) if row.startswith("• queued 1"))
        assert rows[queue].endswith("Up edit")
        assert (rows[queue - 1], rows[queue + 1]) == ("", "")
        assert rows[queue + 2].startswith("─ needs you 1 ─")


async def test_on_a_small_terminal_no_row_is_left_blank_above_queue_and_question(table: Table) -> None:
    long = "\n\n".join(f"Paragraph {number}." for number in range(20))
    replies = [Reply(long, tool_calls=[Call("write", {"path": "a.txt", "content": "x"})])]
    async with workstation(table, Scenario(replies=replies), size=(80, 24)) as app:
        await app.enter("Write it.")
        await app.until(lambda: app.workspace.dock.display)
        await app.type("later")
        await app.pilot.press("tab")
        await app.until(lambda: "queued 1  later" in app.text)
        queue = next(at for at, row in enumerate(app.rows) if row.startswith("• queued 1"))

        assert app.rows[queue - 1].startswith("◊ write")
        assert app.rows[queue + 1].startswith("─ needs you 1 ─")


async def test_up_takes_the_queue_back_into_the_prompt(table: Table) -> None:
    async with workstation(table, Scenario(replies=[STALLED])) as app:
        await app.enter("Begin.")
        await app.until(lambda: app.workspace.live)
        await app.type("later")
        await app.pilot.press("tab", "up")
        await app.pilot.pause()

        assert app.workspace.prompt.text == "later"
        assert app.workspace.queue == []


async def test_one_key_freezes_everything_and_thaws_it(table: Table) -> None:
    async with workstation(table, Scenario(replies=[Reply("Hello.")])) as app:
        await app.pilot.press("f8")
        await app.until_event(RunPaused)
        await app.enter("Say hello.")
        await app.until(lambda: "■ frozen" in app.rows[-1])
        asked_while_frozen = "Hello." in app.text
        await app.pilot.press("f8")
        await app.until_event(RunUnpaused)
        await app.until_event(RunEnded)
        await app.until(lambda: "  Hello." in app.text)

        assert not asked_while_frozen
        assert "frozen" not in app.rows[-1]


async def test_a_tool_call_opens_to_reason_input_output_and_evidence(table: Table) -> None:
    (table.workspace / "notes.txt").write_text("alpha\nbeta\n", encoding="utf-8")
    replies = [Reply("I read it.", tool_calls=[Call("read", {"path": "notes.txt"})]), Reply("Two lines.")]
    async with workstation(table, Scenario(replies=replies)) as app:
        await app.enter("Read notes.")
        await app.until(lambda: "✓ done" in app.text)
        folded = app.text
        await app.pilot.press("ctrl+o")
        await app.pilot.pause()

        assert "alpha" not in folded
        assert "alpha" in app.text
        assert "why       I read it." in app.text
        assert any("evidence  record" in row and "g graph · m mind" in row for row in app.rows)
        assert any("changed   nothing " in row and "s · read effect" in row for row in app.rows)


def test_of_a_long_output_is_said_how_much_is_shown_and_how_to_see_the_rest() -> None:
    printed = "exit 1\n" + "\n".join(f"line {number}" for number in range(200))
    row = CallRow(
        origin=Origin(key="c"),
        tool="shell",
        subject="make",
        arguments='{"command": "make"}',
        state="failed",
        output=printed,
        seconds=3.1,
        attempt=2,
        effect=Effect.WRITE,
    )

    lines = [line.text.rstrip() for line in row.lines(Room(width=80, opened=True))]

    assert lines[0].endswith("failed try 2 · 3.1 s ▼")
    assert [line for line in lines if "34 of 201 lines" in line] == [f"  output    exit 1{'34 of 201 lines':>61}"]
    capped = replace(row, artifact="shell-1").lines(Room(width=80, opened=True))
    folded = [line.split() for line in lines if "folded" in line]
    changed = [line.split() for line in lines if "changed" in line]
    assert folded == [["167", "lines", "folded", "v", "all", "·", "y", "copy"]]
    assert changed == [["changed", "nothing", "recorded", "exit", "1", "·", "3.1", "s", "·", "write", "effect"]]
    assert any(line.text.rstrip().endswith("34 of the first 201 lines") for line in capped)


async def test_a_change_is_shown_as_a_diff_and_diff_shows_all_of_them(table: Table) -> None:
    write = Call("write", {"path": "a.py", "content": "x = 1\ny = 2\n"})
    async with workstation(table, Scenario(replies=[Reply("", tool_calls=[write]), Reply("Written.")])) as app:
        await app.enter("/mode auto-edit")
        await app.enter("Write a.py")
        await app.until(lambda: "✓ done" in app.text)
        await app.enter("/diff")

        assert app.rows[0].startswith("═ changes ")
        assert app.rows[1].startswith(" write a.py +2 -0")
        assert app.rows[2].startswith(" + x = 1")


async def test_an_own_shell_command_runs_and_is_not_told_to_the_model(table: Table) -> None:
    async with workstation(table, Scenario(replies=[])) as app:
        await app.enter("!echo from-the-operator")
        await app.until(lambda: "exit 0 · 1 line ·" in app.text or app.said.startswith("There is no sandbox"))

        assert "from-the-operator" in app.text
        assert said_by_operator(app) == []


async def test_a_model_that_writes_control_sequences_reaches_no_terminal(table: Table) -> None:
    hostile = "red \x1b[31m text \x1b]0;owned\x07 and \u202e reversed"
    async with workstation(table, Scenario(replies=[Reply(hostile)])) as app:
        await app.enter("Say it.")
        await app.until(lambda: "✓ done" in app.text)

        assert "\x1b" not in app.text
        assert "\x07" not in app.text
        assert "\u202e" not in app.text
        assert "\\x1b[31m" in app.text


@needs_sandbox
async def test_a_command_with_an_ampersand_runs_beside_and_its_output_is_shown_as_it_comes(table: Table) -> None:
    async with workstation(table, Scenario(replies=[])) as app:
        await app.enter("!echo listening; sleep 600 &")
        await app.until(lambda: "! s1 echo listening; sleep 600 runs beside" in app.text)
        await app.until(lambda: "1 shell" in app.rows[-1])
        await app.enter("/shells")
        listed = app.text
        await app.pilot.press("enter")
        await app.until(lambda: app.rows[1].strip() == "listening")
        live = app.rows[0]
        await app.pilot.press("x")
        await app.until(lambda: "s1 echo listening; sleep 600 · stopped · " in app.rows[0])
        await app.pilot.press("escape")
        await app.until(lambda: "! s1 echo listening; sleep 600 stopped · " in app.text)
        await app.until(lambda: "shell" not in app.rows[-1])

        assert "● s1 echo listening; sleep 600" in listed
        assert "● s1 echo listening; sleep 600 · running 0:" in live
        assert "Enter shows its output, x there stops it" in listed
        assert "x stops it" in live
