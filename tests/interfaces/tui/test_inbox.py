"""The approvals inbox: questions and what was decided on the left, a question file by file on the right."""

from __future__ import annotations

import pytest

from hermes_tui.domain.approval import Decision, Scope
from hermes_tui.domain.commands import Decide
from hermes_tui.domain.events import ApprovalAsked, ApprovalGiven, RunEnded
from hermes_tui.domain.ids import AgentId, ApprovalId, CallId, TaskId
from hermes_tui.domain.tasks import Reach
from hermes_tui.interfaces.tui.chronicle import Asked, Decided
from hermes_tui.interfaces.tui.headings import ChoiceWindow, Heading
from hermes_tui.interfaces.tui.inbox_rows import inbox_rows
from tests.fakes import Call, Reply, Scenario
from tests.interfaces.tui.stand import Stand, Table, workstation
from tests.interfaces.tui.test_answers import WRITE, asked, given, script
from tests.interfaces.tui.test_commissions import git

DAY_S = 86_400.0
NOON = 1_800_014_400.0
FILES = [Call("write", {"path": f"{name}.txt", "content": f"{name}\n" * 30}) for name in ("first", "second", "third")]
COMMIT = Call("git", {"args": ["commit", "-m", "Three files"]})


def question(name: str) -> Asked:
    said = ApprovalAsked(
        approval_id=ApprovalId(name), call_id=CallId(f"c-{name}"), tool="write", what=name, why="", reach=Reach.SCOPE,
        undo="", digest="d", rule="",
    )  # fmt: skip
    return Asked(said, NOON, AgentId("goal"), TaskId("t1"))


def answer(name: str, at: float, *, allow: bool = True) -> Decided:
    decision = Decision.ALLOW if allow else Decision.DENY
    given = ApprovalGiven(approval_id=ApprovalId(name), decision=decision, scope=Scope.ONCE, by="operator")
    return Decided(question(name), given, at)


def drawn(window: ChoiceWindow) -> list[str]:
    return [line.text.rstrip() for at in range(len(window.rows)) for line in window.lines_of(at)]


def test_what_was_decided_today_stands_below_what_waits_under_a_rule_that_counts_it() -> None:
    window = ChoiceWindow(clock=lambda: NOON, width=36, height=20)
    decided = [answer("old.txt", NOON - 2 * DAY_S), answer("a.txt", NOON - 60), answer("b.txt", NOON - 9, allow=False)]

    window.replace_all(inbox_rows([question("c.txt")], decided, NOON, opened=False))

    lines = drawn(window)
    assert lines[0].split() == ["◊", "goal", "write", "0:00"]
    assert lines[1] == "   c.txt"
    assert lines[2].startswith("─ decided today 2 ─")
    assert [line.split()[:4] for line in lines[3:5]] == [
        ["×", "denied", "write", "b.txt"],
        ["✓", "once", "write", "a.txt"],
    ]
    assert lines[5].startswith("─ decided earlier 1 ─")
    assert {len(line) for line in lines} <= set(range(37))


def test_the_cursor_passes_over_the_rules_of_the_list() -> None:
    window = ChoiceWindow(clock=lambda: NOON, width=36, height=20, follows=False)
    window.replace_all(inbox_rows([question("c")], [answer("a", NOON), answer("b", NOON)], NOON, opened=False))
    window.move_to(0)

    seen = [window.cursor]
    for by in (1, 1, 1, -1, -1, -1):
        window.step(by)
        seen.append(window.cursor)
    window.move_to(1)

    assert isinstance(window.rows[1], Heading)
    assert seen == [0, 2, 3, 3, 2, 0, 0]
    assert window.cursor == 2


async def test_where_nothing_waits_one_row_says_how_much_was_decided_and_enter_shows_it(table: Table) -> None:
    async with workstation(table, script(WRITE)) as app:
        await asked(app)
        await app.pilot.press("f7", "y")
        await app.until_event(RunEnded)
        await app.until(lambda: not app.workspace.live)
        await app.pilot.press("f7")
        await app.until(lambda: "Nothing waits for you. 1 decided" in app.text)
        before = app.text
        await app.pilot.press("enter")
        await app.until(lambda: "─ decided today 1 ─" in app.text)

        assert "✓ once" not in before
        assert "✓ once    write a.txt" in app.text
        assert "answer    once, " in app.text


async def test_with_nothing_decided_it_only_says_that_nothing_waits(table: Table) -> None:
    async with workstation(table, Scenario(replies=[])) as app:
        await app.pilot.press("f7")
        await app.until(lambda: " Nothing waits for you." in app.text)

        assert "decided" not in app.text


async def test_j_and_k_go_from_question_to_question(table: Table) -> None:
    calls = [Call("write", {"path": f"{name}.txt", "content": name}) for name in "ab"]
    both = Scenario(replies=[Reply("Because it is asked.", tool_calls=calls), Reply("Done.")])
    async with workstation(table, both) as app:
        await asked(app)
        await app.until(lambda: len(app.seat.state.calls.waiting) == 2)
        await app.pilot.press("f7", "f7")
        await app.until(lambda: app.workspace.full_pane == "approvals")
        shown: list[str] = []
        for key in ("j", "j", "k"):
            await app.pilot.press(key)
            await app.pilot.pause()
            shown.append(next(name for name in ("a.txt", "b.txt") if f"│─ write {name} ─" in app.text))

        assert shown == ["b.txt", "b.txt", "a.txt"]


async def committing(app: Stand, table: Table) -> None:
    """Let three files be written and a commit be asked for."""
    await app.enter("/mode auto-edit")
    await asked(app)
    await app.until(lambda: "git commit" in app.workspace.dock.card.lines[0].text)


def repository(table: Table) -> Scenario:
    git(table.workspace, "init", "-q")
    return Scenario(replies=[Reply("", tool_calls=[call]) for call in (*FILES, COMMIT)] + [Reply("Done.")])


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_brackets_go_between_the_files_of_a_question(table: Table, size: tuple[int, int]) -> None:
    async with workstation(table, repository(table), size=size) as app:
        await committing(app, table)
        await app.pilot.press("f7", "f7")
        await app.until(lambda: "─ changes of this session 1 of 3 files first.txt" in app.text)
        detail = app.workspace.approvals_pane.detail
        begins: list[str] = []
        for key in ("]", "]", "]", "[", "["):
            await app.pilot.press({"]": "right_square_bracket", "[": "left_square_bracket"}[key])
            await app.pilot.pause()
            row = detail.window.current
            assert row is not None
            assert detail.window.cursor in detail.window.visible()
            begins.append(row.copy().partition(" files ")[2].partition(" ")[0])
        keys = app.text
        await app.pilot.press("v")
        await app.until(lambda: app.rows[0].startswith("═ git commit"))

        assert begins == ["first.txt", "second.txt", "third.txt", "second.txt", "first.txt"]
        assert "[ ] file" in keys
        assert given(app) == []


async def test_what_was_changed_before_needs_no_reading_before_a_commit_is_allowed(table: Table) -> None:
    async with workstation(table, repository(table)) as app:
        await committing(app, table)
        await app.pilot.press("f7", "f7")
        await app.until(lambda: "lines below" in app.text)
        await app.pilot.press("y")
        await app.until_event(ApprovalGiven)

        assert [one.decision for one in given(app)] == [Decision.ALLOW]


async def test_in_the_dock_brackets_show_another_file_while_the_card_has_the_focus(table: Table) -> None:
    async with workstation(table, repository(table)) as app:
        await committing(app, table)
        card = app.workspace.dock.card
        await app.pilot.press("right_square_bracket")
        await app.pilot.pause()
        typed = app.workspace.prompt.text
        await app.pilot.press("f7", "right_square_bracket")
        await app.until(lambda: "2 of 3 files second.txt" in app.text)
        await app.pilot.press("left_square_bracket", "left_square_bracket")
        await app.until(lambda: "1 of 3 files first.txt" in app.text)

        assert typed == "]"
        assert len(card.lines) <= 36 // 3 + 3
        assert given(app) == []


@pytest.mark.parametrize(("key", "pane", "view"), [("m", "mind", "mind-rows"), ("g", "graph", "graph-rows")])
async def test_m_and_g_lead_from_a_question_to_its_call(table: Table, key: str, pane: str, view: str) -> None:
    async with workstation(table, script(WRITE)) as app:
        await asked(app)
        await app.pilot.press("f7", "f7")
        await app.until(lambda: app.workspace.full_pane == "approvals")
        await app.pilot.press(key)
        await app.until(lambda: app.workspace.full_pane == pane)
        row = app.focused.current if app.focused is not None else None  # type: ignore[attr-defined]

        assert app.focused is not None
        assert app.focused.id == view
        assert row is not None
        app.order(Decide(approval_id=app.seat.state.calls.waiting[0].approval_id, allow=False))
        await app.until_event(RunEnded)


async def test_t_on_a_question_shows_everything_as_it_was_when_it_was_asked(table: Table) -> None:
    async with workstation(table, script(WRITE)) as app:
        await asked(app)
        await app.pilot.press("f7", "f7")
        await app.until(lambda: app.workspace.full_pane == "approvals")
        await app.pilot.press("t")
        await app.until(lambda: app.workspace.travelling)

        assert "needs you" in app.text
