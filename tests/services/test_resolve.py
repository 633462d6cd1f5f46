"""What an operator says of a call in doubt holds, also before the run that asks about it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_tui.capabilities.state.ledger import answer_key
from hermes_tui.domain.approval import Decision, Ruling
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.events import ApprovalAsked, ToolIntended, ToolRequested
from hermes_tui.domain.ids import ApprovalId, CallId, RunId, SessionId, TaskId
from hermes_tui.domain.records import Place
from hermes_tui.domain.tasks import Effect, Mode, Reach
from hermes_tui.domain.usage import Limits
from hermes_tui.kernel.gate import Gate
from hermes_tui.services import approvals, control
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.workstation import Workstation

PLACE = Place(session=SessionId("s1"), run=RunId("r1"), task=TaskId("post"))


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Workstation]:
    (tmp_path / "ws").mkdir()
    station = Workstation(RunOptions(workspace=tmp_path / "ws", home=tmp_path / "home"))
    yield station
    station.log.close()
    station.ledger.close()


def leave_in_doubt(station: Workstation) -> None:
    """Write a session whose process ended in the middle of a call to the world."""
    call = CallId("post-r1")
    with station.own(PLACE.session, []) as owned:
        goal = station.goal("Post it.")
        station.begin(owned.session, PLACE, goal, (Mode.AUTO, Limits()))
        requested = ToolRequested(
            call_id=call,
            tool="fetch",
            arguments="{}",
            summary="POST",
            effect=Effect.EXTERNAL,
            reach=Reach.NETWORK,
            ruling=Ruling(decision=Decision.ALLOW, rule="test"),
        )
        owned.session.emit(requested, PLACE)
        intended = ToolIntended(
            call_id=call, tool="fetch", arguments="{}", effect=Effect.EXTERNAL, key="k", before_image="", attempt=1
        )
        owned.session.emit(intended, PLACE)


@pytest.mark.parametrize("named", ["post", "post-r1", "doubt-post-r1-1"])
async def test_an_answer_given_right_after_a_crash_is_read_by_the_run_that_goes_on(
    station: Workstation, named: str
) -> None:
    leave_in_doubt(station)
    approvals.resolve(station.sessions(), station.ledger, "s1", named, happened=True)

    with station.own(PLACE.session, []) as owned:
        await station.take_up(owned.session, PLACE, Limits())
        given = [(name, answer.decision) for name, answer in owned.session.state.calls.given.items()]

    assert given == [("doubt-post-r1-1", Decision.DENY)]


async def test_an_answer_is_forgotten_only_once_it_is_on_disk(station: Workstation) -> None:
    leave_in_doubt(station)
    approvals.resolve(station.sessions(), station.ledger, "s1", "post", happened=True)
    key = answer_key("s1", "doubt-post-r1-1")

    with station.own(PLACE.session, []) as owned, owned.journal.together():
        going_on = asyncio.create_task(station.take_up(owned.session, PLACE, Limits()))
        await asyncio.sleep(0)
        before = station.ledger.answer(key)
        going_on.cancel()
    with station.own(PLACE.session, []) as owned:
        await station.take_up(owned.session, PLACE, Limits())

    assert before is not None
    assert station.ledger.answer(key) is None


async def test_a_run_that_asks_about_a_call_in_doubt_is_told(station: Workstation) -> None:
    leave_in_doubt(station)
    with station.own(PLACE.session, []) as owned:
        session = owned.session
        owner = control.Owner(session=session, gate=Gate(), place=lambda: PLACE, stop=lambda: None, clock=station.clock)
        async with control.reachable(owned.journal, owner):
            with pytest.raises(UsageInvalid, match="nothing in it is in doubt"):
                await asyncio.to_thread(resolve, station)
            asked = ApprovalAsked(
                approval_id=ApprovalId("doubt-post-r1-1"),
                call_id=CallId("post-r1"),
                tool="fetch",
                what="POST",
                why="It may have happened.",
                reach=Reach.NETWORK,
                undo="",
                digest="k",
            )
            await session.commit(session.emit(asked, PLACE))
            said = await asyncio.to_thread(resolve, station)
        given = session.state.calls.given[asked.approval_id]

    assert (said, given.decision) == ("The run goes on with your answer.", Decision.DENY)


def resolve(station: Workstation) -> str:
    """Say that the call happened, as another shell does."""
    return approvals.resolve(station.sessions(), station.ledger, "s1", "post", happened=True)
