"""The fold: pure, and each message stored once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hermes_tui.domain.approval import Decision, Scope
from hermes_tui.domain.events import (
    EVENT_TYPES,
    ApprovalAsked,
    ApprovalGiven,
    EditKind,
    Event,
    MessageGiven,
    PlanEdited,
    PlanOp,
    RunEnded,
    RunResumed,
    RunStarted,
    SessionOpened,
    TaskFailed,
    TaskFinished,
    TaskStarted,
)
from hermes_tui.domain.ids import AgentId, ApprovalId, CallId, RunId, Seq, SessionId, TaskId
from hermes_tui.domain.messages import Source
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.state import SessionState, fold, fold_all
from hermes_tui.domain.state.calls import RECOVER
from hermes_tui.domain.state.log import Log
from hermes_tui.domain.tasks import Goal, Mode, Reach, Task, TaskKind
from hermes_tui.domain.usage import Limits, Price, Usage, cost_usd

PLACE = Place(session=SessionId("s"), run=RunId("r"), agent=AgentId("a"))
AT_TASK = Place(session=SessionId("s"), run=RunId("r"), agent=AgentId("a"), task=TaskId("t"))


def record(seq: int, body: Event) -> Record:
    return Record(seq=Seq(seq), at=float(seq), place=PLACE, body=body)


@given(st.lists(st.integers()), st.integers(min_value=0))
def test_an_older_version_of_a_log_is_never_changed_by_a_newer_one(items: list[int], cut: int) -> None:
    versions: list[Log[int]] = [Log()]
    for item in items:
        versions.append(versions[-1].append(item))

    branch = versions[cut % len(versions)].append(-1)

    assert [list(version) for version in versions] == [items[:size] for size in range(len(items) + 1)]
    assert list(branch) == [*items[: cut % len(versions)], -1]


def test_a_log_shares_what_its_versions_have_in_common() -> None:
    first = Log([1, 2])

    second = first.append(3)

    assert (len(first), len(second), second[-1], second[0:2]) == (2, 3, 3, (1, 2))


def test_folding_in_two_parts_gives_the_same_state() -> None:
    opened = SessionOpened(workspace="/w", version="1")
    started = RunStarted(goal=Goal(text="g"), goal_digest="d", mode=Mode.ASK, limits=Limits(usd=1.0))
    said = [MessageGiven(text=str(n), source=Source.OPERATOR) for n in range(5)]
    bodies: list[Event] = [opened, started, *said]
    records = [record(n + 1, body) for n, body in enumerate(bodies)]

    whole = fold_all(records)
    parts = fold_all(records[3:], fold_all(records[:3]))

    assert [message.text for message in whole.talk.of(AgentId("a")).messages] == ["0", "1", "2", "3", "4"]
    assert list(parts.talk.of(AgentId("a")).messages) == list(whole.talk.of(AgentId("a")).messages)
    assert (parts.run, parts.seq) == (whole.run, whole.seq)


def test_fold_leaves_its_argument_as_it_was() -> None:
    before = fold_all([record(1, SessionOpened(workspace="/w", version="1"))])

    fold(before, record(2, MessageGiven(text="new")))

    assert not before.talk.by_agent
    assert before.seq == 1


def test_leave_to_try_a_task_again_is_asked_for_until_another_run_begins() -> None:
    started = RunStarted(goal=Goal(text="g"), goal_digest="d", mode=Mode.ASK, limits=Limits(usd=1.0))
    ids = [ApprovalId(name) for name in ("first", "second")]
    asked = [
        ApprovalAsked(
            approval_id=name,
            call_id=CallId(""),
            tool=RECOVER,
            what="May it go on?",
            why="it failed",
            reach=Reach.WORKSPACE,
            undo="",
            digest="d",
        )
        for name in ids
    ]
    answer = ApprovalGiven(approval_id=ids[0], decision=Decision.ALLOW, scope=Scope.ONCE, by="operator")
    bodies: list[Event] = [started, *asked, answer]
    before = fold_all(record(n + 1, body) for n, body in enumerate(bodies))

    after = fold(before, record(5, started))

    assert [one.approval_id for one in before.calls.waiting] == [ids[1]]
    assert (after.calls.waiting, list(after.calls.asked)) == ((), [ids[0]])


def test_every_event_type_stands_in_the_table_under_its_own_name() -> None:
    assert all(name == kind.__name__ for name, kind in EVENT_TYPES.items())
    assert len(EVENT_TYPES) == 59
    assert SessionState().seq == 0


def test_a_bill_in_the_reply_wins_and_an_unknown_price_is_not_zero() -> None:
    price = Price(input_usd=1.0, output_usd=2.0, cache_read_usd=0.1, cache_write_usd=1.25, dated="2026-01-01")
    usage = Usage(input_tokens=1_000_000, cache_read_tokens=1_000_000, output_tokens=500_000)

    assert cost_usd(usage, price) == 2.1
    assert cost_usd(usage, None) is None
    assert cost_usd(Usage(reported_usd=0.5), price) == 0.5


def test_a_task_was_worked_on_for_all_its_stretches_also_those_that_a_crash_or_a_pause_cut() -> None:
    task = Task(id=TaskId("t"), kind=TaskKind.TOOL, title="t", use="shell")
    add = PlanEdited(base_rev=0, by="goal", why="w", ops=(PlanOp(kind=EditKind.ADD, target=task.id, task=task),))
    resumed = RunResumed(version="1", limits=Limits(usd=1.0))
    stopped = RunEnded(status="interrupted", exit_code=130, answer="")
    failed = TaskFailed(kind="timeout", message="m", seconds=3.0, recovering=True)
    happened: list[tuple[float, Event]] = [
        (0, add),
        (10, TaskStarted()),
        (13, failed),
        (20, TaskStarted()),
        (25, stopped),
        (100, resumed),
        (101, TaskStarted()),
        (108, MessageGiven(text="the last before the crash")),
        (200, resumed),
        (201, TaskStarted()),
        (211, TaskFinished(result="1", seconds=10.0)),
    ]
    records = [Record(seq=Seq(n), at=at, place=AT_TASK, body=body) for n, (at, body) in enumerate(happened, 1)]

    spent = [fold_all(records[:count]).graph.status[task.id] for count in (3, 5, 9, 11)]

    assert [(one.seconds, one.started_at) for one in spent] == [(3.0, 0.0), (8.0, 0.0), (15.0, 0.0), (25.0, 0.0)]
