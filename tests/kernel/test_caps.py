"""Caps of a call, a role and a run: no call starts that could pass one, however many ask at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hermes_tui.domain.errors import FailureReason, LimitReached, ProviderRefused
from hermes_tui.domain.events import (
    BoundPassed,
    BudgetRefused,
    MessageGiven,
    ModelAwaited,
    ModelFailed,
    ModelFinished,
    ModelRequested,
    OutputLowered,
)
from hermes_tui.domain.ids import AgentId, Seq, TaskId
from hermes_tui.domain.parts import ModelRequest, Part, Stop, StopReason, TextDelta
from hermes_tui.domain.ports import Brain
from hermes_tui.domain.state import SessionState, fold
from hermes_tui.domain.tasks import Task, TaskKind
from hermes_tui.domain.usage import Limits, Price, Usage
from hermes_tui.domain.values import replace
from hermes_tui.kernel.context import size_bytes
from hermes_tui.kernel.step import take_step
from tests.kernel.bench import PLACE, PRICE, FakeBrains, FakeClock, FakeProvider, KernelBench, Reply, say

CALLERS = 50
WINDOW = 20_000


def bench(
    *replies: Reply, price: Price | None = PRICE, call_cap: Limits = Limits(), role_cap: Limits = Limits()
) -> KernelBench:
    kernel = KernelBench(provider=FakeProvider(list(replies)), tools={}, price=price)
    brains = kernel.kit.brains
    assert isinstance(brains, FakeBrains)
    brains.brain = replace(brains.brain, role="cortex", call_cap=call_cap, role_cap=role_cap)
    return kernel


@pytest.mark.parametrize(
    ("price", "call_cap", "role_cap", "limit", "said"),
    [
        (PRICE, Limits(usd=0.0001), Limits(), "call_usd", "cap of a single call, $0.0001: the next one may cost"),
        (None, Limits(tokens=200), Limits(), "call_tokens", "cap of a single call, 200 tokens: the next one may"),
        (PRICE, Limits(), Limits(usd=0.0001), "role_usd", "cap of the role cortex: $0.0000 is spent"),
        (None, Limits(), Limits(tokens=200), "role_tokens", "cap of the role cortex: 0 tokens are spent"),
    ],
)
async def test_a_call_that_could_pass_a_cap_is_refused_by_its_name(
    price: Price | None, call_cap: Limits, role_cap: Limits, limit: str, said: str
) -> None:
    kernel = bench(say("never"), price=price, call_cap=call_cap, role_cap=role_cap)
    kernel.start()

    ended = await kernel.run()

    (refused,) = kernel.bodies(BudgetRefused)
    assert isinstance(refused, BudgetRefused)
    assert (ended.status, ended.exit_code, ended.limit, refused.limit) == ("limited", 3, limit, limit)
    assert said in ended.reason
    assert "Raise " in ended.reason
    assert not kernel.provider.requests


@pytest.mark.parametrize(
    ("name", "call_cap", "role_cap"), [("call", Limits(usd=0.002), Limits()), ("role", Limits(), Limits(usd=0.002))]
)
async def test_less_output_is_asked_for_before_a_cap_refuses_the_call(
    name: str, call_cap: Limits, role_cap: Limits
) -> None:
    kernel = bench(say("Short."), call_cap=call_cap, role_cap=role_cap)
    kernel.start()

    ended = await kernel.run()

    (lowered,) = kernel.bodies(OutputLowered)
    assert isinstance(lowered, OutputLowered)
    assert (ended.exit_code, lowered.limit) == (0, name)
    assert kernel.provider.requests[0].max_tokens == lowered.sent_tokens < lowered.wanted_tokens


async def test_what_a_role_spent_counts_against_its_cap_until_the_next_run() -> None:
    kernel = bench(say("Dear.", Usage(input_tokens=100, output_tokens=4_900)), say("never"), role_cap=Limits(usd=0.01))
    kernel.start()
    await kernel.run()
    spent = kernel.state.spend.by_role["cortex"].usd
    kernel.tell("Again.")

    with pytest.raises(LimitReached, match="cap of the role cortex") as caught:
        await take_step(kernel.kit, replace(PLACE, agent=AgentId("main")), "agent")

    assert 0.0098 < spent < 0.01
    assert caught.value.limit == "role_usd"
    kernel.start(Task(id=TaskId("next"), kind=TaskKind.AGENT, title="Next."))
    assert kernel.state.spend.by_role == {}


@dataclass
class Crowd:
    """A provider that answers once everybody who may ask has asked."""

    usage: Usage
    asked: int = 0
    under_way: int = 0
    at_once: int = 0

    async def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        assert request.max_tokens
        self.asked += 1
        self.under_way += 1
        self.at_once = max(self.at_once, self.under_way)
        for _ in range(CALLERS):
            await asyncio.sleep(0)
        self.under_way -= 1
        yield TextDelta("Hi.")
        yield self.usage
        yield Stop(StopReason.END)


def crowd(usage: Usage) -> tuple[KernelBench, Crowd]:
    provider = Crowd(usage)
    kernel = bench()
    brains = kernel.kit.brains
    assert isinstance(brains, FakeBrains)
    brains.brain = replace(brains.brain, provider=provider, max_tokens=1_000)
    return kernel, provider


async def asked_by_all(
    kernel: KernelBench, lengths: Sequence[int] = (3,)
) -> list[BaseException | tuple[object, Brain]]:
    """Let every caller take a step at once."""
    places = [replace(PLACE, agent=AgentId(f"a{number}")) for number in range(CALLERS)]
    for number, place in enumerate(places):
        kernel.kit.session.emit(MessageGiven(text="x" * lengths[number % len(lengths)]), place)
    return await asyncio.gather(*(take_step(kernel.kit, place, "agent") for place in places), return_exceptions=True)


async def test_of_fifty_callers_none_starts_a_call_whose_bound_is_more_than_what_is_left() -> None:
    kernel, provider = crowd(Usage(input_tokens=50, output_tokens=400))
    cap = 0.02
    kernel.start(limits=Limits(usd=cap))

    ends = await asked_by_all(kernel)

    refused = [end for end in ends if isinstance(end, LimitReached)]
    state = SessionState()
    for record in kernel.journal.read(Seq(0)):
        if isinstance(record.body, ModelRequested):
            left = cap - state.spend.run.usd - state.spend.reserved_usd
            assert (record.body.bound.usd or 0.0) <= left + 1e-12
        state = fold(state, record)
    assert 0 < provider.asked < CALLERS
    assert provider.asked + len(refused) == CALLERS
    assert state.spend.run.usd <= cap


async def test_a_wrong_bound_overshoots_by_one_call_and_raises_the_bounds_after_it() -> None:
    kernel, provider = crowd(Usage(input_tokens=100_000, output_tokens=20))
    kernel.start(limits=Limits(usd=0.05))
    place = replace(PLACE, agent=AgentId("main"))

    kernel.tell("Go.")
    await take_step(kernel.kit, place, "agent")
    kernel.tell("Again.")
    with pytest.raises(LimitReached, match="is spent and the next call may cost"):
        await take_step(kernel.kit, place, "agent")

    (refused,) = kernel.bodies(BudgetRefused)
    assert isinstance(refused, BudgetRefused)
    assert provider.asked == 1
    assert kernel.state.spend.run.usd > 0.05
    assert (refused.left_usd or 0.0) < 0


@dataclass
class Liar:
    """A model that counts what it likes: at first up to its window, later up to one token of each byte."""

    shares: list[float]
    asked: int = 0

    async def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        share = self.shares[self.asked % len(self.shares)]
        most = WINDOW if not self.asked else size_bytes(request)
        self.asked += 1
        for _ in range(CALLERS):
            await asyncio.sleep(0)
        yield TextDelta("Hi.")
        yield Usage(input_tokens=max(1, int(share * most)), output_tokens=int(share * request.max_tokens))
        yield Stop(StopReason.END)


@settings(max_examples=25, deadline=None)
@given(
    shares=st.lists(st.floats(0.001, 1.0), min_size=1, max_size=6),
    lengths=st.lists(st.integers(1, 3_000), min_size=1, max_size=6),
    cap=st.floats(0.005, 0.3),
    role=st.one_of(st.none(), st.floats(0.005, 0.3)),
)
def test_however_wrong_the_bounds_of_fifty_callers_are_a_cap_is_passed_by_one_call_at_most(
    shares: list[float], lengths: list[int], cap: float, role: float | None
) -> None:
    kernel, liar = bench(role_cap=Limits(usd=role)), Liar(shares)
    brains = kernel.kit.brains
    assert isinstance(brains, FakeBrains)
    brains.brain = replace(brains.brain, provider=liar, max_tokens=1_000, window_tokens=WINDOW)
    kernel.start(limits=Limits(usd=cap))

    ends = asyncio.run(asked_by_all(kernel, lengths))

    least = cap if role is None else min(cap, role)
    state, passed, wrong = SessionState(), 0, 0
    for record in kernel.journal.read(Seq(0)):
        body = record.body
        if isinstance(body, ModelRequested):
            assert (body.bound.usd or 0.0) <= least - state.spend.run.usd - state.spend.reserved_usd + 1e-12
        if isinstance(body, ModelFinished):
            wrong += (body.usd or 0.0) > (state.spend.reserved[body.request_id].bound.usd or 0.0) + 1e-9
        state = fold(state, record)
        passed += isinstance(body, ModelFinished) and state.spend.run.usd > least + 1e-9
    assert passed <= 1
    assert len(kernel.bodies(BoundPassed)) == wrong
    assert all(isinstance(end, LimitReached | tuple) for end in ends)


async def test_who_has_no_room_beside_the_calls_under_way_waits_with_one_line_and_is_served() -> None:
    kernel, provider = crowd(Usage(input_tokens=50, output_tokens=20))
    kernel.start(limits=Limits(usd=0.02))

    ends = await asked_by_all(kernel)

    waits = kernel.bodies(ModelAwaited)
    assert provider.asked == CALLERS
    assert not [end for end in ends if isinstance(end, BaseException)]
    assert 0 < len(waits) < CALLERS
    assert {wait.why for wait in waits if isinstance(wait, ModelAwaited)} == {
        "beside the calls under way it could pass a cap"
    }


async def test_with_plenty_left_everybody_is_asked_at_once() -> None:
    kernel, provider = crowd(Usage(input_tokens=50, output_tokens=20))
    kernel.start(limits=Limits(usd=1_000.0))

    await asked_by_all(kernel)

    assert provider.at_once == CALLERS
    assert not kernel.bodies(ModelAwaited)


async def test_a_stop_between_the_reservation_and_the_request_books_nothing() -> None:
    kernel, provider = crowd(Usage(input_tokens=50, output_tokens=20))
    kernel.start(limits=Limits(usd=1.0))
    kernel.tell("Go.")
    kernel.journal.stuck = reached = asyncio.Event()

    running = asyncio.create_task(take_step(kernel.kit, replace(PLACE, agent=AgentId("main")), "agent"))
    await reached.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    (failed,) = kernel.bodies(ModelFailed)
    assert isinstance(failed, ModelFailed)
    assert (provider.asked, failed.usage, failed.usd) == (0, Usage(), 0.0)
    assert not kernel.state.spend.reserved
    assert (kernel.state.spend.total.usd, kernel.day.spent_usd) == (0.0, 0.0)
    brains = kernel.kit.brains
    assert isinstance(brains, FakeBrains)
    assert [end.reason for end in brains.ends] == [FailureReason.CANCELLED]


@pytest.mark.parametrize("spoke", [False, True])
async def test_a_reply_that_failed_is_booked_by_what_came_and_not_by_the_clock(spoke: bool) -> None:
    broken = ProviderRefused("No.", reason=FailureReason.CONTENT_FILTER)
    kernel = bench([TextDelta("Half a"), broken] if spoke else [broken])
    kernel.start(limits=Limits(usd=1.0))

    await kernel.run()

    assert (kernel.state.spend.total.usd > 0) is spoke
    assert kernel.day.spent_usd == kernel.state.spend.total.usd


class Endless:
    """Says a word, tells that it did, and never ends."""

    name = "endless"

    def __init__(self, clock: FakeClock) -> None:
        self.began = asyncio.Event()
        self._clock = clock

    async def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        self._clock.time += 1
        yield TextDelta(text=f"To {len(request.messages)} messages I say")
        self.began.set()
        await asyncio.Event().wait()


async def test_a_reply_that_is_stopped_costs_the_day_what_it_costs_the_session() -> None:
    kernel = bench()
    endless = Endless(kernel.clock)
    brains = kernel.kit.brains
    assert isinstance(brains, FakeBrains)
    brains.brain = replace(brains.brain, provider=endless)
    kernel.start()

    running = asyncio.create_task(kernel.run())
    await endless.began.wait()
    running.cancel()
    ended = await running

    assert ended.status == "interrupted"
    assert kernel.state.spend.total.usd > 0.0
    assert kernel.day.spent_usd == kernel.state.spend.total.usd
    assert not kernel.state.spend.reserved
