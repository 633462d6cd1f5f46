"""What a row says of a call or a wait is so at every moment: from asked for to ended, or to where it was cut off."""

from __future__ import annotations

from collections.abc import Iterable

from hermes_tui.domain.approval import Decision, Ruling, Scope
from hermes_tui.domain.events import (
    ApprovalAsked,
    ApprovalGiven,
    EditKind,
    Event,
    InterruptAsked,
    PlanEdited,
    PlanOp,
    RunEnded,
    RunResumed,
    RunStarted,
    SessionForked,
    TaskCancelled,
    TaskFailed,
    TaskFinished,
    TaskStarted,
    TaskWaiting,
    ToolFinished,
    ToolIntended,
    ToolRequested,
)
from hermes_tui.domain.ids import AgentId, ApprovalId, CallId, RequestId, RunId, Seq, SessionId, TaskId
from hermes_tui.domain.parts import TextDelta
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.state import fold_all
from hermes_tui.domain.tasks import Effect, Goal, Mode, Reach, Task, TaskKind
from hermes_tui.domain.usage import Limits
from hermes_tui.domain.values import replace
from hermes_tui.interfaces.tui.chronicle import Chronicle
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.row_window import Room, Row, RowWindow
from hermes_tui.interfaces.tui.graph.folding import GraphRows
from hermes_tui.interfaces.tui.transcript import Transcript
from tests.interfaces.tui.test_microcopy import ASKING

PLACE = Place(session=SessionId("k7q2"), run=RunId("r1"), task=TaskId("t"))
START = RunStarted(goal=Goal(text="go"), goal_digest="", mode=Mode.ASK, limits=Limits(usd=1.0))
YES = ApprovalGiven(approval_id=ApprovalId("a1"), decision=Decision.ALLOW, scope=Scope.ONCE, by="operator")


def requested(call: str = "c1", effect: Effect = Effect.WRITE, decision: Decision = Decision.ALLOW) -> ToolRequested:
    return ToolRequested(
        call_id=CallId(call),
        tool="shell",
        arguments='{"command": "make"}',
        summary="make",
        effect=effect,
        reach=Reach.SANDBOX,
        ruling=Ruling(decision=decision, rule="mode"),
    )


def intended(call: str = "c1") -> ToolIntended:
    return ToolIntended(call_id=CallId(call), tool="shell", arguments="{}", effect=Effect.WRITE, key="k")


def finished(call: str = "c1", *, ok: bool = True) -> ToolFinished:
    return ToolFinished(call_id=CallId(call), tool="shell", ok=ok, output="exit 3", data="null", seconds=2.0)


def asked(tool: str = "shell") -> ApprovalAsked:
    return ApprovalAsked(
        approval_id=ApprovalId("a1"),
        call_id=CallId("c1"),
        tool=tool,
        what="make",
        why="",
        reach=Reach.SANDBOX,
        undo="",
        digest="d",
    )


def recorded(*events: Event) -> list[Record]:
    """Return events as records, ten seconds apart."""
    return [Record(seq=Seq(at + 1), at=1000.0 + 10 * at, place=PLACE, body=body) for at, body in enumerate(events)]


def told(rows: Iterable[Row], now: float, width: int = 90) -> list[str]:
    """Return the first line of each row that has one, at a time."""
    drawn = (row.lines(Room(width=width, now=now)) for row in rows)
    return [" ".join(lines[0].text.split()) for lines in drawn if lines]


def shown(*events: Event, after_s: float = 5.0) -> list[str]:
    """Return what stands in the transcript so many seconds after the last of these events, without the goal."""
    transcript, rows = Transcript(), dict[object, Row]()
    records = recorded(START, *events)
    for one in records:
        rows |= {row.key: row for row in transcript.take(one)}
    return told(rows.values(), records[-1].at + after_s)[1:]


def planned(kind: TaskKind, retry: int = 0) -> PlanEdited:
    """Return the edit that plans one task."""
    task = Task(id=TaskId("t"), kind=kind, title="make it", use="shell", retry=retry)
    return PlanEdited(base_rev=0, by="goal", why="", ops=(PlanOp(kind=EditKind.ADD, target=task.id, task=task),))


def drawn(
    *events: Event, kind: TaskKind = TaskKind.TOOL, after_s: float = 5.0, crash: bool = False, retry: int = 0
) -> list[str]:
    """Return the rows of the task graph with all steps, so many seconds after the last of these events, or a crash."""
    records = recorded(START, planned(kind, retry), *events)
    state, chronicle, rows = fold_all(records), Chronicle(), GraphRows()
    for one in records:
        chronicle.take(one)
    if crash:
        chronicle.cut_off()
    rows.toggled.add(("task", TaskId("t")))
    found = rows.of(state, chronicle, rows.tasks(state, chronicle), steps=False)
    return told(found, records[-1].at + after_s, width=58)


def test_a_question_about_a_call_that_failed_leaves_it_failed() -> None:
    failed = (requested(), intended(), finished(ok=False), asked("recover"))

    assert shown(*failed)[0] == "× shell make failed · 2.0 s ►"
    assert shown(*failed, YES)[0] == "× shell make failed · 2.0 s ►"


def test_a_call_that_changes_something_waits_its_turn_until_its_intent() -> None:
    assert shown(requested(), after_s=113.0) == ["○ shell make waits its turn 1:53 ►"]
    assert shown(requested(), intended()) == ["● shell make 5.0 s ►"]
    assert shown(requested(effect=Effect.READ)) == ["● shell make 5.0 s ►"]
    assert shown(requested(decision=Decision.ASK), asked(), YES)[0] == "○ shell make waits its turn 0:05 ►"


def test_the_graph_says_waiting_of_a_call_and_of_its_task_until_the_intent() -> None:
    own = replace(requested(), begins_task=True)

    assert drawn(own) == ["○ make it waiting 0:05 –"]
    assert drawn(own, intended()) == ["● make it running 0:15 –"]
    assert drawn(TaskStarted(), requested(), kind=TaskKind.AGENT)[1:] == ["○ shell make waiting 0:05 –"]
    assert drawn(TaskStarted(), requested(), intended(), kind=TaskKind.AGENT)[1:] == ["● shell make running 0:05 –"]


INTERRUPTED = RunEnded(status="interrupted", exit_code=130, answer="", reason="interrupted; finished work is kept")
RESUMED = RunResumed(version="1", limits=Limits(usd=1.0))


def test_calls_that_the_end_of_their_run_left_behind_are_stopped_and_count_no_longer() -> None:
    running, waiting = (requested("c1"), intended("c1")), requested("c2")

    rows = shown(*running, waiting, INTERRUPTED, after_s=900.0)

    assert rows[:2] == ["■ shell make stopped · 20 s ►", "■ shell make stopped ►"]
    again = shown(*running, waiting, INTERRUPTED, RESUMED, intended("c1"), finished("c1"))
    assert again[0] == "✓ shell make 1 line · 2.0 s ►"


def test_a_call_with_an_open_question_still_needs_an_answer_after_its_run() -> None:
    rows = shown(requested(decision=Decision.ASK), asked(), INTERRUPTED)

    assert rows[0] == "◊ shell make needs you 0:15 ►"


def test_a_run_that_goes_on_after_a_crash_leaves_no_call_running_that_is_not() -> None:
    before = (requested("c1"), intended("c1"), requested("c2"), RESUMED)

    assert shown(*before)[:2] == ["? shell make in doubt ►", "■ shell make stopped ►"]
    assert shown(*before, intended("c1"))[0] == "● shell make 5.0 s ►"


def test_a_fork_has_nothing_under_way_that_its_origin_had() -> None:
    forked = SessionForked(origin=SessionId("k7q1"), upto=Seq(3))

    rows = shown(requested("c1"), intended("c1"), requested("c2"), ASKING, forked, after_s=900.0)
    steps = drawn(TaskStarted(), requested(), intended(), forked, kind=TaskKind.AGENT, after_s=900.0)

    assert rows[:3] == [
        "? shell make in doubt ►",
        "■ shell make stopped ►",
        "? m: no reply was stored in this session",
    ]
    assert steps == ["? ▼ make it in doubt 0:20 –", "? shell make in doubt 0:00 –"]


TIMER = TaskWaiting(what="timer", why="due at 2000", until=2000.0)
NO_BRAIN = TaskWaiting(what="provider", why="No brain answers.\nStart one.")


def test_a_wait_keeps_its_row_and_loses_its_key_once_the_task_goes_on() -> None:
    until = wording.clock(2000.0)
    waited = (planned(TaskKind.TIMER), TaskStarted(), TIMER)

    assert shown(*waited)[1:] == [f"○ make it: waits until {until} Esc stops"]
    assert shown(*waited, TaskFinished(result="null", seconds=1.0))[1:] == [f"✓ make it: waited until {until}"]
    assert shown(*waited, TaskCancelled(why="by key"))[1:] == [f"■ make it: was to wait until {until}"]
    assert shown(planned(TaskKind.AGENT), NO_BRAIN, NO_BRAIN)[1:] == [
        "○ make it: waits for provider: No brain answers. F3 brains ►"
    ]
    assert shown(planned(TaskKind.AGENT), NO_BRAIN, TaskStarted())[1:] == [
        "✓ make it: waited for provider: No brain answers. ►"
    ]


def test_a_timer_whose_run_ended_waits_again_once_the_run_is_taken_up() -> None:
    until = wording.clock(2000.0)
    waited = (planned(TaskKind.TIMER), TaskStarted(), TIMER, INTERRUPTED)

    assert shown(*waited)[1] == f"■ make it: was to wait until {until}"
    again = shown(*waited, RESUMED, TaskStarted())
    assert again[1] == f"■ make it: was to wait until {until}"
    assert again[-1] == f"○ make it: waits until {until} Esc stops"
    over = shown(*waited, RESUMED, TaskStarted(), TaskFinished(result="null", seconds=1.0))
    assert over[-1] == f"✓ make it: waited until {until}"


def test_a_step_that_asks_needs_an_answer_like_its_task() -> None:
    ask = (TaskStarted(), requested(effect=Effect.PURE), asked("ask"))

    assert drawn(*ask, kind=TaskKind.APPROVAL) == ["◊ ▼ make it needs you 0:25 –", "◊ shell make needs you 0:05 –"]
    assert drawn(*ask, YES, kind=TaskKind.APPROVAL)[1] == "● shell make running 0:05 –"
    assert drawn(TaskStarted(), requested(), asked(), YES, kind=TaskKind.AGENT)[1] == "○ shell make waiting 0:05 –"
    failed = (TaskStarted(), requested(), intended(), finished(ok=False), asked("recover"))
    assert drawn(*failed, kind=TaskKind.AGENT)[1] == "× shell make failed 0:10 –"


def test_to_say_that_a_call_happened_before_the_crash_refuses_nothing() -> None:
    doubted = replace(asked(), approval_id=ApprovalId("doubt-c1-1"))
    happened = replace(YES, approval_id=ApprovalId("doubt-c1-1"), decision=Decision.DENY)
    before = (requested(), intended(), RESUMED, doubted)

    assert shown(*before)[0] == "◊ shell make needs you 0:05 ►"
    assert shown(*before, happened)[0] == "? shell make in doubt ►"


def test_after_a_crash_the_graph_says_what_is_in_doubt_and_its_clocks_stand_at_the_last_record() -> None:
    own = replace(requested(), begins_task=True)
    acting, waiting = (TaskStarted(), requested(), intended()), (TaskStarted(), requested())

    assert drawn(own, intended(), after_s=900.0, crash=True) == ["? make it in doubt 0:10 –"]
    assert drawn(*acting, kind=TaskKind.AGENT, after_s=900.0, crash=True) == [
        "? ▼ make it in doubt 0:20 –",
        "? shell make in doubt 0:00 –",
    ]
    assert drawn(*waiting, kind=TaskKind.AGENT, after_s=900.0, crash=True) == [
        "■ ▼ make it stopped 0:10 –",
        "■ shell make stopped 0:00 –",
    ]
    assert drawn(*acting, RESUMED, intended(), kind=TaskKind.AGENT)[1] == "● shell make running 0:05 –"
    assert drawn(*acting, RESUMED, kind=TaskKind.AGENT, after_s=900.0)[1] == "? shell make in doubt 0:00 –"


def test_a_step_that_the_end_of_its_run_left_behind_is_stopped_and_its_clock_stands() -> None:
    rows = drawn(TaskStarted(), requested(), intended(), INTERRUPTED, kind=TaskKind.AGENT, after_s=900.0)

    assert rows == ["■ ▼ make it stopped 0:30 –", "■ shell make stopped 0:10 –"]


def test_an_interrupt_is_said_once_it_is_done_only_by_the_end_of_the_run() -> None:
    assert shown(InterruptAsked(by="operator")) == ["• interrupt: asked for by operator"]
    assert [row[:13] for row in shown(InterruptAsked(by="operator"), INTERRUPTED)] == ["■ interrupted"]
    assert shown(InterruptAsked(by="ann"), INTERRUPTED)[0] == "• interrupt: asked for by ann"


def test_no_row_names_a_key_while_the_past_is_shown() -> None:
    scout = Place(session=SessionId("k7q2"), run=RunId("r1"), agent=AgentId("scout"))
    heard = replace(ASKING, request_id=RequestId("q2"))
    records = recorded(START, planned(TaskKind.TIMER), TIMER, ASKING, heard)
    records[3:] = [replace(records[3], place=replace(scout, agent=AgentId("main"))), replace(records[4], place=scout)]
    transcript, window = Transcript(), RowWindow(clock=lambda: 1060.0, past=True)
    for one in records:
        window.extend(transcript.take(one))
    window.extend(filter(None, [transcript.hear(scout, TextDelta(text="Well"), 1055.0)]))

    past = [line.text for at in range(len(window.rows)) for line in window.lines_of(at)]

    assert any("waits until" in line for line in past)
    assert any("waiting for the first token, 30 s" in line for line in past)
    assert any("Well" in line for line in past)
    assert not any("Esc" in line or "F3" in line for line in past)
    window.past = False
    window.forget()
    now = [line.text for at in range(len(window.rows)) for line in window.lines_of(at)]
    assert sum("Esc" in line for line in now) == 3


def test_a_try_that_the_plan_did_not_allow_for_is_not_counted_against_it() -> None:
    failed = TaskFailed(kind="exit_3", message="exit 3", seconds=1.0, recovering=True)
    again = (failed, TaskStarted())

    assert drawn(TaskStarted(), *again, retry=1)[0].split()[3:5] == ["try", "2/2"]
    assert drawn(TaskStarted(), *again, *again, retry=1)[0].split()[3:5] == ["try", "3"]


def test_the_end_of_a_run_says_what_to_press_until_it_goes_on_or_another_begins() -> None:
    assert "/resume goes on" in shown(INTERRUPTED)[-1]
    assert not any("/resume" in row for row in shown(INTERRUPTED, RESUMED))
    assert not any("/resume" in row for row in shown(INTERRUPTED, START))
    assert "/resume goes on" in shown(INTERRUPTED, RESUMED, INTERRUPTED)[-1]
