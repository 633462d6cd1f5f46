"""A step on its way through the brains that may answer: who is asked, after how long, and what is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from hermes_tui.domain.errors import FailureReason, NoProvider, ProviderRefused, StreamTruncated
from hermes_tui.domain.events import ModelAwaited, ModelChosen, ModelRequested, RetryScheduled
from hermes_tui.domain.parts import Stop, StopReason, TextDelta
from hermes_tui.domain.ports import Brain, CallEnd, Weigh
from hermes_tui.domain.usage import KEPT
from tests.kernel.bench import PRICE, FakeProvider, KernelBench, Reply, say

DOWN = ProviderRefused("500", reason=FailureReason.SERVER)
CUT = StreamTruncated("cut", reason=FailureReason.TRUNCATED)


@dataclass
class ManyBrains:
    """Brains in order; `shut` names those whose circuit opens with their first failure."""

    order: list[Brain]
    shut: frozenset[str] = frozenset()
    ends: list[tuple[str, FailureReason | None]] = field(default_factory=list[tuple[str, FailureReason | None]])

    async def choose(
        self,
        role: str,
        tried: Mapping[str, str],
        *,
        size_bytes: int = 0,
        tier: str = "",
        weigh: Weigh | None = None,
    ) -> Brain:
        assert (role, tier) == ("agent", "")
        assert weigh is None or weigh().tier
        assert size_bytes > 0
        for brain in self.order:
            if brain.name not in tried:
                return brain
        raise NoProvider("; ".join(f"{name}: {why}" for name, why in tried.items()))

    def ended(self, brain: Brain, end: CallEnd) -> bool:
        self.ends.append((brain.name, end.reason))
        return brain.name not in self.shut


def brain(name: str, *replies: Reply, window_tokens: int = 100_000, ready_in_s: float = 0.0) -> Brain:
    return Brain(
        name=name,
        model="m",
        provider=FakeProvider(list(replies)),
        price=PRICE,
        window_tokens=window_tokens,
        why="test",
        role="cortex",
        ready_in_s=ready_in_s,
    )


def bench(*order: Brain, shut: frozenset[str] = frozenset()) -> KernelBench:
    kernel = KernelBench(provider=FakeProvider([]), tools={})
    kernel.kit.brains = ManyBrains(list(order), shut)
    kernel.start()
    return kernel


def asked(kernel: KernelBench) -> list[str]:
    return [body.model for body in kernel.bodies(ModelRequested) if isinstance(body, ModelRequested)]


async def test_a_reply_that_broke_off_is_asked_of_the_next_brain_without_a_wait() -> None:
    kernel = bench(brain("a", [CUT]), brain("b", say("Whole.")))

    ended = await kernel.run()

    switches = [body for body in kernel.bodies(ModelChosen) if isinstance(body, ModelChosen)]
    assert (ended.answer, asked(kernel), kernel.clock.slept) == ("Whole.", ["a", "b"], [])
    assert [(one.before, one.model, one.why) for one in switches] == [("a", "b", "a could not: cut")]
    assert not kernel.bodies(RetryScheduled)


async def test_a_busy_brain_is_asked_three_times_before_another_and_each_retry_says_why() -> None:
    kernel = bench(brain("a", [DOWN], [DOWN], [DOWN]), brain("b", say("Here.")))

    await kernel.run()

    retries = [body for body in kernel.bodies(RetryScheduled) if isinstance(body, RetryScheduled)]
    assert asked(kernel) == ["a", "a", "a", "b"]
    assert [(one.attempt, one.message) for one in retries] == [(2, "500"), (3, "500")]
    assert all(0 <= delay <= 2 for delay in kernel.clock.slept)


async def test_no_retry_goes_out_once_the_circuit_is_open() -> None:
    kernel = bench(brain("a", [DOWN]), brain("b", say("Here.")), shut=frozenset({"a"}))

    await kernel.run()

    assert (asked(kernel), kernel.clock.slept) == (["a", "b"], [])


async def test_a_long_retry_after_is_spent_on_another_brain() -> None:
    busy = ProviderRefused("429", reason=FailureReason.RATE_LIMITED, retry_after_s=30.0)
    kernel = bench(brain("a", [busy]), brain("b", say("Here.")))

    await kernel.run()

    assert (asked(kernel), kernel.clock.slept) == (["a", "b"], [])


async def test_a_long_retry_after_is_waited_for_where_there_is_no_other() -> None:
    busy = ProviderRefused("429", reason=FailureReason.RATE_LIMITED, retry_after_s=30.0)
    kernel = bench(brain("a", [busy], say("Here.")))

    ended = await kernel.run()

    assert (ended.answer, kernel.clock.slept) == ("Here.", [30.0])


async def test_a_used_up_rate_limit_is_a_wait_and_no_error() -> None:
    kernel = bench(brain("a", say("Here."), ready_in_s=7.0))

    ended = await kernel.run()

    (awaited,) = kernel.bodies(ModelAwaited)
    assert (ended.exit_code, kernel.clock.slept) == (0, [7.0])
    assert isinstance(awaited, ModelAwaited)
    assert (awaited.model, awaited.delay_s) == ("a", 7.0)


@pytest.mark.parametrize("failure", [DOWN, CUT])
async def test_with_all_of_them_down_each_is_asked_at_most_three_times_and_each_is_named(
    failure: StreamTruncated | ProviderRefused,
) -> None:
    kernel = bench(*(brain(name, *[[failure]] * 3) for name in "abc"))

    ended = await kernel.run()

    assert (ended.status, ended.exit_code) == ("no_provider", 5)
    assert len(asked(kernel)) <= 9
    assert all(f"{name}: {failure.message}" in ended.reason for name in "abc")


async def test_a_request_that_cannot_fit_is_never_sent() -> None:
    kernel = bench(brain("a", say("never"), window_tokens=260))

    ended = await kernel.run()

    assert (ended.status, ended.exit_code, asked(kernel)) == ("no_provider", 5, [])
    assert "a has a window of 260 tokens" in ended.reason


async def test_the_end_of_each_request_is_reported() -> None:
    kernel = bench(brain("a", [CUT]), brain("b", say("Here.")))
    brains = kernel.kit.brains
    assert isinstance(brains, ManyBrains)

    await kernel.run()

    assert brains.ends == [("a", FailureReason.TRUNCATED), ("b", None)]


async def test_a_reply_that_was_given_again_says_nothing_of_the_health_of_its_brain() -> None:
    kernel = bench(brain("a", [TextDelta("As before."), KEPT, Stop(StopReason.END)]))
    brains = kernel.kit.brains
    assert isinstance(brains, ManyBrains)

    ended = await kernel.run()

    spent = kernel.state.spend.total
    assert (ended.answer, brains.ends) == ("As before.", [("a", FailureReason.CANCELLED)])
    assert (spent.calls, spent.usd, spent.unknown, spent.usage.total_tokens) == (1, 0.0, 0, 0)


SOON = (FailureReason.RATE_LIMITED, FailureReason.OVERLOADED, FailureReason.SERVER)
ELSEWHERE = (
    *(FailureReason.UNREACHABLE, FailureReason.TIMEOUT_CONNECT, FailureReason.TIMEOUT_FIRST_TOKEN),
    *(FailureReason.TIMEOUT_IDLE, FailureReason.CONNECTION_LOST, FailureReason.TRUNCATED, FailureReason.MALFORMED),
)
NOT_HERE = (
    *(FailureReason.AUTHENTICATION, FailureReason.PERMISSION, FailureReason.QUOTA, FailureReason.NOT_FOUND),
    *(FailureReason.UNSUPPORTED, FailureReason.MISSING_KEY, FailureReason.MODEL_MISSING, FailureReason.TOO_LARGE),
    FailureReason.TIMEOUT_TOTAL,
)
NOWHERE = (FailureReason.INVALID_REQUEST, FailureReason.CONTEXT_LENGTH, FailureReason.CONTENT_FILTER)
OUTCOMES = [
    *((reason, "aaab", "aaa") for reason in SOON),
    *((reason, "ab", "aaa") for reason in ELSEWHERE),
    *((reason, "ab", "a") for reason in NOT_HERE),
    *((reason, "a", "a") for reason in NOWHERE),
]


@pytest.mark.parametrize(("reason", "with_another", "alone"), OUTCOMES)
async def test_each_reason_decides_between_again_another_and_stop(
    reason: FailureReason, with_another: str, alone: str
) -> None:
    failures = [[ProviderRefused("no", reason=reason)] for _ in range(3)]
    both, single = bench(brain("a", *failures), brain("b", say("Here."))), bench(brain("a", *failures))

    ends = [await both.run(), await single.run()]

    assert ["".join(asked(one)) for one in (both, single)] == [with_another, alone]
    assert (ends[0].exit_code == 0) == with_another.endswith("b")
    assert ends[1].exit_code != 0
    assert len(both.bodies(ModelChosen)) == with_another.count("b")
    assert [len(one.bodies(RetryScheduled)) for one in (both, single)] == [
        max(0, with_another.count("a") - 1),
        len(alone) - 1,
    ]
    assert len(both.clock.slept) == max(0, with_another.count("a") - 1), "no wait between a verdict and the next brain"


def test_every_reason_but_the_operators_own_stop_is_decided_and_there_are_twenty_at_least() -> None:
    decided = [reason for reason, *_ in OUTCOMES]

    assert len(decided) >= 20
    assert {*decided, FailureReason.CANCELLED} == {*FailureReason}
