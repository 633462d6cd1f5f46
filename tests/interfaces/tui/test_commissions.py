"""Goals that a command stands for: the demo, the first AGENTS.md, a commit, an approved plan."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from hermes_tui.domain.events import ApprovalAsked, ModeChanged, RunEnded, RunStarted, ToolFinished
from hermes_tui.services import demo
from hermes_tui.services.desk import Desk
from hermes_tui.services.premises import RunOptions
from tests.fakes import Call, Reply, Scenario
from tests.interfaces.processes import needs_sandbox
from tests.interfaces.tui.stand import Stand, Table, events_of, seated, workstation


def goals(app: Stand) -> list[str]:
    assert isinstance(app.seat, Desk)
    return [one.goal.text for one in events_of(app.seat, RunStarted) if isinstance(one, RunStarted)]


@needs_sandbox
async def test_the_demo_is_a_real_run_whose_change_is_asked_for_and_whose_brain_is_called_scripted() -> None:
    with demo.demo_folders() as made:
        options = RunOptions(workspace=made.workspace, home=made.home, model=demo.MODEL, mode="ask")
        async with seated(Desk(options), goal=demo.GOAL) as app:
            await app.until_event(ApprovalAsked)
            await app.until(lambda: app.workspace.dock.display)
            before, text = app.text, (made.workspace / "ledger.py").read_text()
            await app.enter("/yes")
            await app.until_event(RunEnded)
            assert isinstance(app.seat, Desk)
            tests = [one.ok for one in events_of(app.seat, ToolFinished) if isinstance(one, ToolFinished)]
            await app.until(lambda: "leaves the demo" in app.text)

        assert "scripted:demo" in before
        assert text == demo.FILES["ledger.py"], "nothing is changed before the answer"
        assert "ROUND_HALF_UP))" in (made.workspace / "ledger.py").read_text()
        assert tests == [True, True, False, True, True], "list, read, the failing test, the edit, the test again"
    assert not made.workspace.exists()


async def test_init_asks_an_agent_for_agents_md_and_never_writes_over_one(table: Table) -> None:
    write = Call("write", {"path": "AGENTS.md", "content": "# Guide\n"})
    async with workstation(table, Scenario(replies=[Reply("I looked.", tool_calls=[write]), Reply("Done.")])) as app:
        await app.enter("/init")
        await app.until_event(ApprovalAsked)
        there = (table.workspace / "AGENTS.md").exists()
        await app.enter("/yes")
        await app.until_event(RunEnded)
        await app.enter("/init")
        await app.until(lambda: "is there already" in app.said)
        begun = goals(app)

    assert not there, "the file waits for the approval"
    assert (table.workspace / "AGENTS.md").read_text() == "# Guide\n"
    assert len(begun) == 1


def git(folder: Path, *args: str) -> str:
    author = ("-c", "user.name=t", "-c", "user.email=t@t")
    return subprocess.run(["git", *author, *args], cwd=folder, check=True, capture_output=True, text=True).stdout


async def test_the_diff_offers_to_commit_exactly_what_was_changed(table: Table) -> None:
    git(table.workspace, "init", "-q")
    git(table.workspace, "config", "user.name", "t")
    git(table.workspace, "config", "user.email", "t@t")
    write = Call("write", {"path": "a.txt", "content": "x\n"})
    replies = [
        Reply("I write.", tool_calls=[write]),
        Reply("Written."),
        Reply("I stage.", tool_calls=[Call("git", {"args": ["add", "--", "a.txt"]})]),
        Reply("I commit.", tool_calls=[Call("git", {"args": ["commit", "-m", "Say x"]})]),
        Reply("Committed."),
    ]
    table.configure("policy: {mode: auto}\n")
    async with workstation(table, Scenario(replies=replies)) as app:
        await app.enter("write it")
        await app.until_event(RunEnded)
        await app.until(lambda: not app.workspace.live)
        await app.enter("/diff")
        hint = "c commit this" in app.text
        await app.pilot.press("c")
        await app.until(lambda: len(goals(app)) == 2)
        for number in (1, 2):
            await app.until_event(ApprovalAsked, number)
            await app.until(lambda: app.seat.state.calls.waiting)
            await app.enter("/yes")
        await app.until_event(RunEnded, 2)
        begun = goals(app)

    assert hint
    assert "exactly these files, nothing else: a.txt" in begun[1]
    assert git(table.workspace, "log", "--format=%s").strip() == "Say x"


async def test_a_plan_ends_in_approve_and_then_is_carried_out_in_another_mode(table: Table) -> None:
    table.configure("policy: {mode: plan}\n")
    async with workstation(table, Scenario(replies=[Reply("First a, then b."), Reply("Done.")])) as app:
        await app.enter("plan it")
        await app.until(lambda: app.workspace.planned)
        await app.until(lambda: "/approve carries the plan out" in app.text)
        await app.enter("/approve auto-edit")
        await app.until_event(RunEnded, 2)
        await app.until(lambda: not app.workspace.live)
        carried_out = app.text
        assert isinstance(app.seat, Desk)
        modes = [one.mode.value for one in events_of(app.seat, ModeChanged) if isinstance(one, ModeChanged)]
        begun = goals(app)
        await app.enter("/approve")
        await app.until(lambda: "no plan to approve" in app.said)

    assert "/approve carries" not in carried_out
    assert modes == ["auto-edit"]
    assert begun[1].startswith("I approve the plan.")


async def test_recall_says_what_it_found_with_its_score_and_what_makes_it_up(table: Table) -> None:
    async with workstation(table, Scenario(), url=False) as app:
        await app.enter("#Amounts are Decimal with two places, never float")
        await app.until(lambda: app.said.startswith("Kept in memory/"))
        await app.enter("/recall how are amounts kept")
        await app.until(lambda: "recall how are amounts kept" in app.text)
        found = app.text

    assert "Amounts are Decimal with two places, never float" in found
    assert re.search(r"why: \d+\.\d\d = \w+ \+\d+\.\d\d", found)


async def test_a_note_of_an_agent_waits_until_it_is_accepted(table: Table) -> None:
    table.configure("memory: {policy: ask}\npolicy: {mode: auto}\n")
    note = Call("remember", {"text": "Releases are tagged on Fridays"})
    async with workstation(table, Scenario(replies=[Reply("", tool_calls=[note]), Reply("Kept.")])) as app:
        await app.enter("remember when releases are tagged")
        await app.until_event(RunEnded)
        await app.enter("/review")
        await app.until(lambda: "notes that wait" in app.text)
        row = next(row for row in app.rows if "Releases are tagged" in row and row.startswith(" m"))
        await app.pilot.press("escape")
        await app.enter(f"/review accept {row.split()[0]}")
        await app.until(lambda: row.split()[0] in app.said)
        await app.enter("/review")
        await app.until(lambda: "Nothing waits for you." in app.text)
