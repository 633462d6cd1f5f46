"""The day's cap across sessions: however wrong bounds are, it is passed by one call at most, whoever asks at once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from hermes_tui.capabilities.state.day import SessionDay
from hermes_tui.capabilities.state.ledger import Ledger
from hermes_tui.domain.errors import LimitReached
from hermes_tui.domain.events import BoundPassed, MessageGiven, ModelAwaited, ModelFinished, ModelRequested
from hermes_tui.domain.ids import AgentId, Seq, SessionId
from hermes_tui.domain.parts import ModelRequest, Part, Stop, StopReason, TextDelta
from hermes_tui.domain.usage import Bound, Limits, Usage
from hermes_tui.domain.values import replace
from hermes_tui.kernel.context import size_bytes
from hermes_tui.kernel.step import take_step
from tests.kernel.bench import PLACE, FakeBrains, FakeClock, FakeProvider, KernelBench

CALLERS = 25
WINDOW = 20_000


class YieldingClock(FakeClock):
    """Time that moves when someone sleeps, and lets everybody else go on meanwhile."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        await asyncio.sleep(0)


@dataclass
class Liar:
    """A model that counts what it likes, up to what nobody can rule out: its window, later one token for each byte."""

    dice: random.Random
    answered: int = 0

    async def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        most = size_bytes(request) if self.answered else WINDOW
        for _ in range(self.dice.randint(1, 40)):
            await asyncio.sleep(0)
        self.answered += 1
        share = self.dice.choice((0.3, 0.9, 1.0))
        yield TextDelta("Hi.")
        yield Usage(input_tokens=max(1, int(share * most)), output_tokens=int(share * request.max_tokens))
        yield Stop(StopReason.END)


@contextmanager
def sessions(folder: Path, cap: float, dice: random.Random, clock: FakeClock) -> Generator[list[KernelBench]]:
    """Give two sessions, each with its own door to the one ledger, as two processes have."""
    ledgers = [Ledger(folder / "ledger.db", clock) for _ in range(2)]
    found: list[KernelBench] = []
    for number, ledger in enumerate(ledgers):
        kernel = KernelBench(provider=FakeProvider([]), tools={}, clock=clock)
        brains = kernel.kit.brains
        assert isinstance(brains, FakeBrains)
        brains.brain = replace(brains.brain, provider=Liar(dice), max_tokens=300, window_tokens=WINDOW)
        kernel.kit.day = SessionDay(ledger, SessionId(f"s{number}"), Limits(usd=cap), clock=clock)
        kernel.start()
        found.append(kernel)
    try:
        yield found
    finally:
        for ledger in ledgers:
            ledger.close()


async def asked_by_all(kernels: list[KernelBench], dice: random.Random) -> list[object]:
    """Let every caller of every session take a step at once."""
    steps = [(kernel, replace(PLACE, agent=AgentId(f"a{number}"))) for kernel in kernels for number in range(CALLERS)]
    for kernel, place in steps:
        kernel.kit.session.emit(MessageGiven(text="x" * dice.randint(1, 3_000)), place)
    tasks = (take_step(kernel.kit, place, "agent") for kernel, place in steps)
    return list(await asyncio.gather(*tasks, return_exceptions=True))


@pytest.mark.parametrize("seed", range(6))
async def test_fifty_callers_of_two_sessions_pass_the_days_cap_by_one_call_at_most(seed: int, tmp_path: Path) -> None:
    dice, clock = random.Random(seed), YieldingClock()
    cap = dice.uniform(0.01, 0.25)

    with sessions(tmp_path, cap, dice, clock) as kernels:
        ends = await asked_by_all(kernels, dice)

        asked = {
            (number, one.request_id): one.bound.usd or 0.0
            for number, kernel in enumerate(kernels)
            for one in kernel.bodies(ModelRequested)
            if isinstance(one, ModelRequested)
        }
        cost = {
            (number, one.request_id): one.usd or 0.0
            for number, kernel in enumerate(kernels)
            for one in kernel.bodies(ModelFinished)
            if isinstance(one, ModelFinished)
        }
        told = [one for kernel in kernels for one in kernel.bodies(BoundPassed)]
    wrong = {key for key, usd in cost.items() if usd > asked[key] + 1e-9}
    assert sum(cost.values()) - max(cost.values(), default=0.0) <= cap + 1e-9
    assert len(told) == len(wrong)
    failed = [end for end in ends if isinstance(end, BaseException)]
    assert all(isinstance(end, LimitReached) for end in failed), failed
    assert len(ends) - len(failed) == len(cost) == len(asked)


async def test_far_from_the_cap_nobody_waits_and_near_it_one_line_says_so(tmp_path: Path) -> None:
    clock, waits = YieldingClock(), list[int]()

    for cap in (1_000.0, 0.12):
        folder = tmp_path / str(cap)
        folder.mkdir()
        with sessions(folder, cap, random.Random(7), clock) as kernels:
            await asked_by_all(kernels, random.Random(7))
            waits.append(sum(len(kernel.bodies(ModelAwaited)) for kernel in kernels))

    assert waits[0] == 0
    assert 0 < waits[1] <= 2 * CALLERS


def test_what_a_call_can_cost_beyond_its_bound_is_put_aside_or_it_starts_alone(tmp_path: Path) -> None:
    clock = FakeClock()
    ledger = Ledger(tmp_path / "ledger.db", clock)
    alive = {"one", "two", "three"}
    one, two, three = (
        SessionDay(
            ledger,
            SessionId(name),
            Limits(usd=10.0),
            clock=clock,
            left_by=lambda session: None if session in alive else (0.0, 0, Seq(1)),
        )
        for name in ("one", "two", "three")
    )
    dear = Bound(tokens=1, usd=6.0)

    covered = one.draw(1.0, 1, call="a", at_most=dear)
    alone = two.draw(1.0, 1, call="b", at_most=dear)
    waits = [three.draw(1.0, 1, call="c", at_most=dear), two.draw(1.0, 1, call="d", at_most=dear)]
    cheap = three.draw(0.5, 1, call="e", at_most=Bound(tokens=1, usd=0.5))
    one.settle(1.0, 1, Seq(2), call="a")
    two.settle(0.5, 1, Seq(2), call="b")
    after = three.draw(1.0, 1, call="c", at_most=dear)
    alive.discard("three")
    once_dead = [day.draw(1.0, 1, call="f", at_most=dear) for day in (one, two)]
    ledger.close()

    assert (covered, alone, waits, cheap) == (True, True, [False, False], True)
    assert (after, once_dead) == (True, [True, True])
