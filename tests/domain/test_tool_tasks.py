"""A tool task in the state: it begins and ends with its call, as it did when it had records of its own."""

from __future__ import annotations

from hermes_tui.domain.approval import Decision, Ruling
from hermes_tui.domain.events import (
    EditKind,
    Event,
    PlanEdited,
    PlanOp,
    TaskFailed,
    TaskFinished,
    TaskStarted,
    ToolFinished,
    ToolRequested,
)
from hermes_tui.domain.ids import AgentId, CallId, RunId, Seq, SessionId, TaskId
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.state import fold_all
from hermes_tui.domain.state.graph import TaskStatus
from hermes_tui.domain.tasks import Effect, Reach, Task, TaskKind, TaskState
from hermes_tui.domain.values import replace

TASK = TaskId("t")
AT_TASK = Place(session=SessionId("s"), run=RunId("r"), task=TASK, attempt=1)
ADDED = PlanEdited(
    base_rev=0,
    by="goal",
    why="w",
    ops=(PlanOp(kind=EditKind.ADD, target=TASK, task=Task(id=TASK, kind=TaskKind.TOOL, title="t", use="read")),),
)
FAILED = TaskFailed(kind="arguments", message="m", seconds=1.0, recovering=True)


def asked(*, begins: bool) -> ToolRequested:
    return ToolRequested(
        call_id=CallId("c"),
        tool="read",
        arguments="{}",
        summary="note.txt",
        effect=Effect.READ,
        reach=Reach.WORKSPACE,
        ruling=Ruling(decision=Decision.ALLOW, rule="mode:plan"),
        begins_task=begins,
    )


def answered(*, ends: bool, data: str = "null", ok: bool = True) -> ToolFinished:
    call_id = CallId("c")
    return ToolFinished(
        call_id=call_id, tool="read", ok=ok, output="four", data=data, seconds=2.0, ends_task=ends and ok
    )


def became(*bodies: Event, place: Place = AT_TASK) -> TaskStatus:
    """Return what became of the task; a record is made each second."""
    places = [AT_TASK, *[place] * len(bodies)]
    records = [
        Record(seq=Seq(at), at=float(at), place=where, body=body)
        for at, (body, where) in enumerate(zip((ADDED, *bodies), places, strict=True), 1)
    ]
    return fold_all(records).graph.status[TASK]


def test_it_runs_from_its_request_on_and_is_done_with_its_result() -> None:
    running, done = became(asked(begins=True)), became(asked(begins=True), answered(ends=True))

    assert (running.state, running.attempts, running.started_at) == (TaskState.RUNNING, 1, 2.0)
    assert (done.state, done.result, done.seconds, done.ended_seq) == (TaskState.DONE, '"four"', 1.0, 3)
    assert done.call is None


def test_its_data_is_its_result_where_it_has_some() -> None:
    assert became(asked(begins=True), answered(ends=True, data='{"n": 4}')).result == '{"n": 4}'


def test_one_with_records_of_its_own_ends_as_it_did() -> None:
    old = became(TaskStarted(), asked(begins=False), answered(ends=False), TaskFinished(result='"four"', seconds=1.0))
    new = became(asked(begins=True), answered(ends=True))

    assert replace(old, ended_seq=0) == replace(new, ended_seq=0)


def test_a_call_that_failed_leaves_it_running_until_that_is_on_record() -> None:
    running = became(asked(begins=True), answered(ends=True, ok=False))
    failed = became(asked(begins=True), answered(ends=True, ok=False), FAILED)

    assert running.state is TaskState.RUNNING
    assert running.call is not None
    assert (failed.state, failed.attempts, failed.call) == (TaskState.READY, 1, None)


def test_an_attempt_that_failed_before_there_was_a_call_counts() -> None:
    assert became(FAILED).attempts == 1
    assert became(FAILED, FAILED, place=replace(AT_TASK, attempt=2)).attempts == 2


def test_what_a_subagent_calls_for_it_is_not_its_own_call() -> None:
    child = replace(AT_TASK, agent=AgentId("c1"))

    status = became(answered(ends=False), place=child)

    assert (status.state, status.call) == (TaskState.PENDING, None)
