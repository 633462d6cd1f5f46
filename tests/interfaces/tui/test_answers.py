"""Questions to the operator: in the dock above the draft, and in the inbox with everything about them."""

from __future__ import annotations

import subprocess
from itertools import count
from pathlib import Path

import pytest

from hermes_tui.domain.approval import Decision, Scope
from hermes_tui.domain.events import ApprovalGiven, RunEnded
from hermes_tui.interfaces._questions import GUARD_S
from hermes_tui.services.desk import Desk
from tests.fakes import Call, Reply, Scenario
from tests.interfaces.tui.stand import Stand, Table, events_of, workstation

WRITE = Call("write", {"path": "a.txt", "content": "x = 1\n"})


def script(*calls: Call) -> Scenario:
    return Scenario(replies=[*(Reply("Because it is asked.", tool_calls=[call]) for call in calls), Reply("Done.")])


async def asked(app: Stand) -> None:
    """Let a call wait for the operator, and let the moment pass in which keys are still dropped."""
    await app.enter("Write it.")
    await app.until(lambda: app.workspace.dock.display and app.workspace.dock.card.region.height)
    ticks = count(1e12)
    app.workspace.dock.answers.monotonic = app.workspace.approvals_pane.answers.monotonic = lambda: next(ticks)


def given(app: Stand) -> list[ApprovalGiven]:
    assert isinstance(app.seat, Desk)
    return [event for event in events_of(app.seat, ApprovalGiven) if isinstance(event, ApprovalGiven)]


async def test_the_dock_says_who_wants_what_why_how_far_and_how_to_undo(table: Table) -> None:
    async with workstation(table, script(WRITE)) as app:
        await asked(app)

        assert "─ needs you 1 ─" in app.text
        assert "◊ goal wants write a.txt" in app.text
        assert "why    Because it is asked." in app.text
        assert "reach  writes inside the scope of the run · undo: restores the file" in app.text
        assert app.rows[-1].rstrip().endswith("◊ 1 needs you  F7")


async def test_the_dock_says_once_that_a_command_is_to_run_in_the_background(table: Table) -> None:
    async with workstation(table, script(Call("shell", {"command": "make serve", "background": True}))) as app:
        await asked(app)
        card = app.workspace.dock.card.lines

        assert card[0].text.startswith("◊ goal wants shell in the background: make serve ")
        assert [line.text.strip() for line in card if "background" in line.text][1:] == []


async def test_the_dock_shows_the_change_before_its_y_and_says_what_it_leaves_out(table: Table) -> None:
    long = Call("write", {"path": "a.txt", "content": "\n".join(f"line {n}" for n in range(1, 41))})
    async with workstation(table, script(long)) as app:
        await asked(app)
        await app.until(lambda: "… 32 more lines   F7 v shows all" in app.text)

        assert "  + line 1 " in app.text
        assert "  + line 9" not in app.text
        assert app.workspace.dock.card.region.height == 36 // 3


@pytest.mark.parametrize("key", ["y", "r", "A"])
async def test_a_yes_in_the_dock_first_shows_what_never_was_on_screen(table: Table, key: str) -> None:
    long = Call("write", {"path": "a.txt", "content": "\n".join(f"line {n}" for n in range(1, 41))})
    async with workstation(table, script(long)) as app:
        await asked(app)
        await app.pilot.press("f7")
        await app.until(lambda: "a yes first shows what does not fit here" in app.text)
        await app.pilot.press(key)
        await app.until(lambda: app.workspace.full_pane == "approvals" and "line 9 " in app.text)
        unanswered = given(app)
        steps = [app.text]
        while not given(app) and len(steps) < 9:
            await app.pilot.press("y")
            await app.pilot.pause()
            steps.append(app.text)
        await app.until_event(RunEnded)

    assert unanswered == []
    assert all(any(f" line {n} " in step for step in steps) for n in range(1, 41))


async def test_the_keys_of_a_question_stand_there_as_soon_as_it_has_the_focus(table: Table) -> None:
    async with workstation(table, script(WRITE), size=(80, 24)) as app:
        await asked(app)
        card = app.workspace.dock.card
        await app.pilot.press("f7")
        await app.pilot.pause()
        focused = [line.text for line in card.lines]
        await app.pilot.press("escape")
        await app.pilot.pause()

        assert any(line.startswith(" y once ") for line in focused)
        assert not any(line.text.startswith(" y once ") for line in card.lines)


async def test_what_was_read_in_the_inbox_is_allowed_from_the_dock(table: Table) -> None:
    long = Call("write", {"path": "a.txt", "content": "\n".join(f"line {n}" for n in range(1, 21))})
    async with workstation(table, script(long)) as app:
        await asked(app)
        await app.pilot.press("f7", "v")
        await app.until(lambda: "line 20 " in app.text)
        await app.pilot.press("escape")
        await app.until(lambda: app.workspace.full_pane == "")
        await app.pilot.press("f7", "y")
        await app.until_event(RunEnded)

        assert len(given(app)) == 1


async def test_a_jump_to_the_end_does_not_stand_for_having_seen_the_middle(table: Table) -> None:
    long = Call("write", {"path": "a.txt", "content": "\n".join(f"line {n}" for n in range(1, 101))})
    async with workstation(table, script(long)) as app:
        await asked(app)
        await app.pilot.press("f7", "f7")
        await app.until(lambda: "lines below · Enter scrolls" in app.text)
        await app.pilot.press("enter", "end")
        await app.until(lambda: "line 100 " in app.text)
        await app.pilot.press("y")
        await app.until(lambda: "line 40 " in app.text)

        assert given(app) == []


async def test_a_command_longer_than_its_line_is_shown_to_its_last_letter(table: Table) -> None:
    command = "echo begin; " + "true; " * 60 + "\necho the very end"
    async with workstation(table, script(Call("shell", {"command": command}))) as app:
        await asked(app)
        await app.pilot.press("f7", "v")
        await app.until(lambda: app.workspace.full_pane == "approvals")
        await app.until(lambda: "echo the very end" in app.text)

        assert "command, all of it" in app.text


async def test_a_change_of_the_card_drops_the_keys_of_the_next_moment(table: Table) -> None:
    async with workstation(table, script(WRITE)) as app:
        await asked(app)
        app.workspace.dock.answers.monotonic = lambda: 2e12
        await app.pilot.resize_terminal(100, 36)
        await app.pilot.pause()
        await app.pilot.press("f7", "y")
        await app.pilot.pause()
        dropped = given(app)
        app.workspace.dock.answers.monotonic = lambda: 2e12 + GUARD_S
        await app.pilot.press("y")
        await app.until_event(RunEnded)

        assert dropped == []
        assert len(given(app)) == 1


async def test_typing_goes_on_while_something_waits_and_no_letter_answers(table: Table) -> None:
    async with workstation(table, script(WRITE)) as app:
        await asked(app)
        await app.type("yes d A r")

        assert app.workspace.prompt.text == "yes d A r"
        assert given(app) == []


async def test_y_in_the_dock_allows_once_and_gives_the_draft_back(table: Table) -> None:
    async with workstation(table, script(WRITE)) as app:
        await asked(app)
        await app.type("my draft")
        await app.pilot.press("f7", "y")
        await app.until_event(RunEnded)
        await app.pilot.pause()

        assert [(one.decision, one.scope) for one in given(app)] == [(Decision.ALLOW, Scope.ONCE)]
        assert (table.workspace / "a.txt").read_text() == "x = 1\n"
        assert app.workspace.prompt.has_focus
        assert app.workspace.prompt.text == "my draft"


@pytest.fixture
def signing(table: Table, tmp_path: Path) -> None:
    """Let every write take the signature of an operator."""
    key = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    public = key.with_suffix(".pub").read_text(encoding="utf-8").strip()
    table.configure(f'policy: {{two_keys: {{classes: ["write(*)"], operators: ["{public}"]}}}}\n')


@pytest.mark.usefixtures("signing")
async def test_what_takes_two_keys_says_what_is_signed_and_how_and_a_yes_does_nothing(table: Table) -> None:
    async with workstation(table, script(WRITE)) as app:
        await asked(app)
        await app.until(lambda: "  sign   in another shell" in app.text)
        in_dock = app.text
        await app.pilot.press("f7", "y", "v")
        await app.until(lambda: "binds" in app.text)
        whole = " ".join(" ".join(row.partition("│")[2].strip() for row in app.rows).split())

        assert "sign   in another shell: hermes approvals allow " in in_dock
        assert "a yes does not count, your signature does" in whole
        assert "signed intent ─" in whole
        assert "ed25519 · this session's key " in whole
        assert "worst All of" in whole
        assert "binds these very arguments" in whole
        assert "expires " in whole
        assert "then it is refused" in whole
        assert given(app) == []


async def test_a_key_pressed_in_the_moment_a_question_appears_is_dropped(table: Table) -> None:
    async with workstation(table, script(WRITE)) as app:
        app.workspace.dock.answers.monotonic = lambda: 100.0
        await app.enter("Write it.")
        await app.until(lambda: app.workspace.dock.display and app.workspace.dock.card.region.height)
        await app.pilot.press("f7", "y")
        await app.pilot.pause()

        assert given(app) == []


async def test_d_denies_with_a_reason_that_the_model_reads(table: Table) -> None:
    async with workstation(table, script(WRITE)) as app:
        await asked(app)
        await app.pilot.press("f7", "d")
        await app.enter("not that file")
        await app.until_event(RunEnded)

        assert [(one.decision, one.reason) for one in given(app)] == [(Decision.DENY, "not that file")]
        assert not (table.workspace / "a.txt").exists()


async def test_e_hands_the_agent_what_it_should_ask_for_and_runs_nothing(table: Table) -> None:
    shell = Call("shell", {"command": "touch a.txt"})
    async with workstation(table, script(shell)) as app:
        await asked(app)
        await app.pilot.press("f7", "e")
        await app.pilot.pause()
        offered = app.workspace.dock.answers.entry.value
        await app.pilot.press(*["backspace"] * len("a.txt"))
        await app.enter("b.txt")
        await app.until_event(RunEnded)

        assert offered == "touch a.txt"
        assert [(one.decision, one.reason) for one in given(app)] == [
            (Decision.DENY, "Not as it stands. Ask for exactly this instead: touch b.txt")
        ]
        assert list(table.workspace.iterdir()) == []


async def test_slash_yes_first_shows_what_never_was_on_screen(table: Table) -> None:
    command = "echo begin; " + "true; " * 60 + "\necho the very end"
    async with workstation(table, script(Call("shell", {"command": command}))) as app:
        await asked(app)
        await app.enter("/yes")
        await app.until(lambda: app.workspace.full_pane == "approvals")
        unanswered, said = given(app), app.said
        await app.until(lambda: "echo the very end" in app.text)
        await app.pilot.press("y")
        await app.until_event(ApprovalGiven)

    assert unanswered == []
    assert said == "Not all of it was on screen yet. Read it to its end; y allows it here."


async def test_slash_deny_does_the_same_from_the_prompt(table: Table) -> None:
    async with workstation(table, script(WRITE)) as app:
        await asked(app)
        await app.enter("/deny use another name")
        await app.until_event(RunEnded)

        assert [one.reason for one in given(app)] == ["use another name"]


async def test_the_inbox_shows_the_whole_change_and_answers_it(table: Table) -> None:
    async with workstation(table, script(WRITE)) as app:
        await asked(app)
        await app.pilot.press("f7", "f7")
        await app.pilot.pause()
        shown = app.text
        await app.pilot.press("y")
        await app.until_event(RunEnded)
        await app.until(lambda: "Nothing waits for you. 1 decided" in app.text)

        assert "═ needs you 1 ═" in shown
        assert "│─ write a.txt ─" in shown
        assert "+ x = 1" in shown
        assert "binds     the answer to exactly this call" in shown
        assert "y once" in shown


async def test_always_asks_again_and_shows_the_rule_first(table: Table) -> None:
    run = Call("shell", {"command": "python3 --version"})
    async with workstation(table, script(run)) as app:
        await app.enter("Run it.")
        await app.until(lambda: app.workspace.dock.display or "✓ done" in app.text)
        if not app.workspace.dock.display:
            pytest.skip("the sandbox here lets this command run without a question")
        ticks = count(1e12)
        app.workspace.dock.answers.monotonic = lambda: next(ticks)
        await app.pilot.press("f7", "A")
        await app.until(lambda: "A again allows from now on" in app.text or "only once is offered" in app.text)

        assert given(app) == []


async def test_with_nothing_waiting_the_inbox_says_so(table: Table) -> None:
    async with workstation(table, Scenario(replies=[])) as app:
        await app.pilot.press("f7")
        await app.pilot.pause()

        assert "Nothing waits for you." in app.text


async def test_a_denied_call_is_refused_at_once_though_another_still_waits(table: Table) -> None:
    calls = [Call("write", {"path": name, "content": "x"}) for name in ("a.txt", "b.txt")]
    async with workstation(table, Scenario(replies=[Reply("", tool_calls=calls), Reply("Done.")])) as app:
        await app.enter("go")
        await app.until(lambda: "needs you 2" in app.text)
        await app.enter("/deny not there")
        await app.until(lambda: "needs you 1" in app.text)
        rows = [row.split("│")[0].split() for row in app.rows]

    assert next(row for row in rows if row[:3] == ["×", "write", "a.txt"])[3] == "refused"
    assert next(row for row in rows if row[:3] == ["◊", "write", "b.txt"])[3] == "needs"


async def test_at_80_columns_the_inbox_shows_every_letter_of_a_change_before_its_yes(table: Table) -> None:
    long = "def " + "a_name_that_is_long_" * 6 + "() -> 日本: ...\n"
    write = Call("write", {"path": "a.py", "content": long})
    async with workstation(table, script(write), size=(80, 24)) as app:
        await asked(app)
        await app.pilot.press("f7", "f7")
        await app.until(lambda: "+1 -0" in app.text)
        shown = app.rows

    start = next(at for at, row in enumerate(shown) if row.startswith(" + def"))
    assert "".join(row.rstrip()[3:] for row in shown[start : start + 2]) == long.rstrip("\n")
    assert any("only once is offered for this call" in row for row in shown)


async def test_in_the_inbox_a_yes_first_shows_what_was_not_on_screen_yet(table: Table) -> None:
    write = Call("write", {"path": "a.py", "content": "".join(f"line_{at} = {at}\n" for at in range(30))})
    async with workstation(table, script(write), size=(80, 24)) as app:
        await asked(app)
        await app.pilot.press("f7", "f7")
        await app.until(lambda: "lines below · Enter scrolls" in app.text)
        steps = [app.text]
        while "line_29" not in steps[-1]:
            await app.pilot.press("y")
            await app.pilot.pause()
            steps.append(app.text)
        unanswered = given(app)
        await app.pilot.press("y")
        await app.until_event(RunEnded)

    assert unanswered == []
    assert len(steps) > 2
    assert all(any(f" line_{at} = " in step for step in steps) for at in range(30))
    assert (table.workspace / "a.py").read_text("utf-8").endswith("line_29 = 29\n")


@pytest.mark.parametrize(("size", "whole"), [((80, 24), True), ((60, 20), False), ((80, 23), False)])
async def test_where_there_is_little_room_the_dock_holds_command_and_reason_and_v_the_rest(
    table: Table, size: tuple[int, int], *, whole: bool
) -> None:
    async with workstation(table, script(WRITE), size=size) as app:
        await asked(app)
        await app.until(lambda: "  why    Because it is asked." in app.text)
        small = app.text
        await app.pilot.press("f7", "v")
        await app.until(lambda: " reach     writes inside the scope of the run · undo:" in app.text)

        assert ("  reach  writes inside" in small) is whole
        assert ("Enter steer · Tab queue" in small) is whole
        assert ("─ F7 answer ─" in small) is whole
