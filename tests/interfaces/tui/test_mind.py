"""The mind-log: what each decision came to, in the order in which they were taken, and what its filters show."""

from __future__ import annotations

from collections.abc import Hashable

from hermes_tui.domain.approval import Decision, Ruling, Scope
from hermes_tui.domain.events import (
    ApprovalAsked,
    ApprovalGiven,
    Event,
    RecoveryTried,
    RunEnded,
    RunResumed,
    SessionForked,
    ToolFinished,
    ToolIntended,
    ToolRequested,
)
from hermes_tui.domain.ids import ApprovalId, CallId, RunId, Seq, SessionId, TaskId
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.tasks import Effect, Reach, Rung
from hermes_tui.domain.usage import Limits
from hermes_tui.domain.values import replace
from hermes_tui.interfaces.tui.drawing.row_window import Room
from hermes_tui.interfaces.tui.mind_rows import MindLog, Thought
from tests.fakes import Call, Reply, Scenario
from tests.interfaces.tui.stand import Table, workstation

PLACE = Place(session=SessionId("k7q2"), run=RunId("r1"), task=TaskId("report"))
CALL = CallId("c1")
ASKED = ToolRequested(
    call_id=CALL,
    tool="shell",
    arguments='{"command": "make test"}',
    summary="make test",
    effect=Effect.WRITE,
    reach=Reach.SANDBOX,
    ruling=Ruling(decision=Decision.ALLOW, rule="mode"),
)

QUESTION = ApprovalAsked(
    approval_id=ApprovalId("a1"),
    call_id=CALL,
    tool="shell",
    what="make test",
    why="see it pass",
    reach=Reach.SANDBOX,
    undo="",
    digest="d",
)
GIVEN = ApprovalGiven(approval_id=ApprovalId("a1"), decision=Decision.ALLOW, scope=Scope.ONCE, by="operator")
INTENDED = ToolIntended(call_id=CALL, tool="shell", arguments="{}", effect=Effect.WRITE, key="k")
FINISHED = ToolFinished(call_id=CALL, tool="shell", ok=False, output="no luck", data="", seconds=0.4)


def recorded(event: Event, seq: int = 1) -> Record:
    return Record(seq=Seq(seq), at=float(seq), place=PLACE, body=event)


def signs(*events: Event) -> list[str]:
    """Return the signs of the rows of a mind-log, in their order, after these events."""
    mind, rows = MindLog(), dict[Hashable, Thought]()
    for seq, event in enumerate(events, 1):
        rows |= {row.key: row for row in mind.take(recorded(event, seq))}
    assert [row.origin.at for row in rows.values()] == sorted(row.origin.at for row in rows.values())
    return [row.sign.glyph for row in rows.values()]


def test_a_decision_waits_until_it_acts_and_stands_where_it_was_taken() -> None:
    asking = replace(ASKED, ruling=Ruling(decision=Decision.ASK, rule="mode"))

    assert signs(ASKED) == ["○"]
    assert signs(ASKED, INTENDED) == ["●"]
    assert signs(ASKED, QUESTION) == ["◊"]
    assert signs(asking, QUESTION, GIVEN) == ["○", "✓"]
    assert signs(asking, QUESTION, GIVEN, asking) == ["○", "✓"]
    assert signs(asking, QUESTION, GIVEN, asking, INTENDED, FINISHED) == ["×", "✓"]


def came(*events: Event) -> str:
    """Return the right-hand side of the first row on a wide screen, ten seconds after these events."""
    mind, rows = MindLog(), dict[Hashable, Thought]()
    for seq, event in enumerate(events, 1):
        rows |= {row.key: row for row in mind.take(recorded(event, seq))}
    (line,) = next(iter(rows.values())).lines(Room(100, now=10.0 + len(events)))
    return line.text.rpartition("  ")[2].strip()


def test_a_row_of_the_whole_screen_says_how_long_it_waits_or_runs_and_no_clock_runs_on_behind_its_end() -> None:
    ended = RunEnded(status="interrupted", exit_code=130, answer="")

    assert came(ASKED) == "waits 0:10"
    assert came(ASKED, QUESTION) == "waits 0:10"
    assert came(ASKED, INTENDED) == "10 s"
    assert came(ASKED, INTENDED, FINISHED) == "0.4 s"
    assert came(ASKED, INTENDED, ended) == ""


def test_a_question_about_a_call_that_ended_has_a_row_of_its_own() -> None:
    assert signs(ASKED, INTENDED, FINISHED, QUESTION) == ["×", "◊"]
    assert signs(ASKED, INTENDED, FINISHED, QUESTION, GIVEN) == ["×", "✓", "✓"]


def test_what_was_under_way_when_the_run_ended_around_it_runs_no_more() -> None:
    ended = RunEnded(status="interrupted", exit_code=130, answer="")
    mind = MindLog()
    for event in (ASKED, INTENDED):
        mind.take(recorded(event))

    assert signs(ASKED, INTENDED, ended) == ["■", "■"]
    assert [row.sign.glyph for row in mind.cut_off()] == ["?"]
    assert signs(ASKED, INTENDED, SessionForked(origin=SessionId("s0"), upto=Seq(2))) == ["?"]
    assert signs(ASKED, INTENDED, RunResumed(version="1", limits=Limits())) == ["?"]
    assert signs(ASKED, SessionForked(origin=SessionId("s0"), upto=Seq(1))) == ["■"]
    assert signs(replace(ASKED, ruling=Ruling(decision=Decision.ASK, rule="mode")), ended) == ["◊", "■"]


def test_how_a_failed_task_is_mended_is_a_decision_with_its_reason() -> None:
    (row,) = MindLog().take(recorded(RecoveryTried(rung=Rung.RETRY, why="exit_3: again in 0.0 s")))

    assert (row.kind, row.action, row.why) == ("plan", "report recovers by retry", "exit_3: again in 0.0 s")


async def test_the_filter_goes_through_the_kinds_that_there_are_and_says_in_whole_words_if_nothing_is_left(
    table: Table,
) -> None:
    replies = [Reply("I look.", tool_calls=[Call("list", {"path": "."})]), Reply("Done.")]
    async with workstation(table, Scenario(replies=replies)) as app:
        await app.enter("Look.")
        await app.until(lambda: "✓ done" in app.text)
        await app.pilot.press("f4")
        kinds: list[str] = []
        for _ in range(4):
            await app.pilot.press("f")
            await app.pilot.pause()
            kinds.append(app.workspace.mind_pane.kind)
        await app.pilot.press("f", "a")
        await app.pilot.pause()
        words = " ".join(" ".join(row.partition("│")[2].split()) for row in app.rows)

        assert kinds == ["act", "plan", "run", "all"]
        assert "0 of 3 match agent=kernel kind=act. f, a and w change the filter, Esc clears it." in words
