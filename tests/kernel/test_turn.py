"""The agent loop: replies, calls, repairs, failures, limits."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hermes_tui.domain.errors import FailureReason, ProviderRefused, StreamTruncated
from hermes_tui.domain.events import (
    BudgetRefused,
    MessageGiven,
    ModelFailed,
    ModelFinished,
    OutputLowered,
    ToolFinished,
    ToolRefused,
    ToolRequested,
)
from hermes_tui.domain.ids import AgentId, Seq
from hermes_tui.domain.messages import Role, ToolResult
from hermes_tui.domain.parts import TextDelta
from hermes_tui.domain.ports import Brain, ToolContext, ToolOutcome
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.domain.usage import Limits, Usage
from hermes_tui.domain.values import replace
from hermes_tui.kernel import context
from hermes_tui.kernel.context import Filled
from hermes_tui.kernel.step import take_step
from tests.kernel.bench import PLACE, FakeJournal, FakeProvider, FakeTool, KernelBench, Reply, ask_for, echo, say


def bench(*replies: Reply) -> KernelBench:
    return KernelBench(provider=FakeProvider(list(replies)), tools={"echo": FakeTool("echo", echo)})


async def test_a_model_that_answers_ends_the_run_with_its_answer() -> None:
    kernel = bench(say("Done."))
    kernel.start()

    ended = await kernel.run()

    assert (ended.status, ended.exit_code, ended.answer, ended.verified) == ("done", 0, "Done.", False)


async def test_results_of_calls_reach_the_next_request_in_the_models_order() -> None:
    kernel = bench(ask_for(("echo", {"n": 1}), ("echo", {"n": 2}), text="Looking."), say("Both seen."))
    kernel.start()

    await kernel.run()

    results = [part for message in kernel.said_to_model() for part in message.content if isinstance(part, ToolResult)]
    assert [(result.ok, result.output) for result in results] == [(True, '{"n": 1}'), (True, '{"n": 2}')]
    requested = kernel.bodies(ToolRequested)[0]
    assert isinstance(requested, ToolRequested)
    assert requested.rationale == "Looking."


async def test_what_is_said_while_a_request_is_put_together_is_in_it() -> None:
    kernel = bench(say("Both heard."))
    kernel.start()
    place, emit = replace(PLACE, agent=AgentId("main")), kernel.kit.session.emit
    builds: list[int] = []

    async def build(brain: Brain) -> Filled:
        filled = await context.whole(kernel.kit, place)(brain)
        if not builds:
            emit(MessageGiven(text="And the tests."), place)
        builds.append(len(filled.request.messages))
        return filled

    emit(MessageGiven(text="Read the code."), place)
    await take_step(kernel.kit, place, "cortex", build)

    assert [message.text for message in kernel.said_to_model()] == ["Read the code.", "And the tests."]
    assert builds == [1, 2]


async def test_malformed_calls_get_one_repair_and_then_fail_the_task() -> None:
    kernel = bench(ask_for(("echo", "{cut")), ask_for(("echo", "[1]")), say("never asked"))
    kernel.start()

    ended = await kernel.run()

    assert (ended.status, ended.exit_code) == ("not_done", 1)
    assert len(kernel.provider.requests) == 2
    assert not kernel.bodies(ToolFinished)


async def test_an_unknown_tool_is_told_to_the_model() -> None:
    kernel = bench(ask_for(("nothing", {})), say("Sorry."))
    kernel.start()

    ended = await kernel.run()

    refused = kernel.bodies(ToolRefused)[0]
    assert isinstance(refused, ToolRefused)
    assert refused.stage == "schema"
    assert ended.exit_code == 0


def opens_no_object(text: str) -> bool:
    """Whether an opening brace and `text` are not by chance a call that fits."""
    try:
        json.loads("{" + text)
    except ValueError:
        return True
    return False


@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(["echo", "write", "rm", ""]), arguments=st.text(max_size=40).filter(opens_no_object))
async def test_no_malformed_call_ever_acts_or_crashes(name: str, arguments: str) -> None:
    acted: list[dict[str, object]] = []

    async def act(values: dict[str, object], context: ToolContext) -> ToolOutcome:
        acted.append(values)
        return await echo(values, context)

    kernel = KernelBench(
        provider=FakeProvider([ask_for((name, "{" + arguments + "\x00")), ask_for((name, "\x00" + arguments))]),
        tools={"write": FakeTool("write", act, effect=Effect.WRITE, reach=Reach.SCOPE)},
    )
    kernel.start()

    ended = await kernel.run()

    assert ended.exit_code == 1
    assert len(kernel.provider.requests) <= 2
    assert not acted


async def test_a_truncated_reply_is_kept_as_evidence_and_asked_again() -> None:
    cut = StreamTruncated("cut", reason=FailureReason.TRUNCATED)
    kernel = bench([TextDelta("half an ans"), cut], say("Whole."))
    kernel.start()

    ended = await kernel.run()

    failed = kernel.bodies(ModelFailed)[0]
    assert isinstance(failed, ModelFailed)
    assert failed.fragment == "half an ans"
    assert ended.answer == "Whole."
    assert all("half" not in message.text for message in kernel.said_to_model())


async def test_three_failures_end_without_a_provider_and_without_waiting_after_the_last() -> None:
    down = ProviderRefused("500", reason=FailureReason.SERVER)
    kernel = bench([down], [down], [down])
    kernel.start()

    ended = await kernel.run()

    assert (ended.status, ended.exit_code) == ("no_provider", 5)
    assert len(kernel.clock.slept) == 2


async def test_retry_after_wins_over_jitter() -> None:
    busy = ProviderRefused("429", reason=FailureReason.RATE_LIMITED, retry_after_s=7.0)
    kernel = bench([busy], say("Done."))
    kernel.start()

    await kernel.run()

    assert kernel.clock.slept == [7.0]


async def test_a_bad_request_is_never_repeated() -> None:
    bad = ProviderRefused("400", reason=FailureReason.INVALID_REQUEST)
    kernel = bench([bad])
    kernel.start()

    ended = await kernel.run()

    assert ended.exit_code == 1
    assert len(kernel.provider.requests) == 1


async def test_a_call_that_could_pass_the_cap_is_not_made() -> None:
    kernel = bench(say("never"))
    kernel.start(limits=Limits(usd=0.0001))

    ended = await kernel.run()

    assert (ended.status, ended.exit_code, ended.limit) == ("limited", 3, "usd")
    assert not kernel.provider.requests
    assert kernel.bodies(BudgetRefused)


async def test_the_output_is_lowered_before_a_call_is_refused() -> None:
    kernel = bench(say("Short."))
    kernel.start(limits=Limits(usd=0.002))

    ended = await kernel.run()

    assert ended.exit_code == 0
    assert 256 <= kernel.provider.requests[0].max_tokens < 4096
    assert kernel.bodies(OutputLowered)


async def test_tokens_are_the_cap_where_the_price_is_unknown() -> None:
    kernel = KernelBench(provider=FakeProvider([say("never")]), tools={"echo": FakeTool("echo", echo)}, price=None)
    kernel.start(limits=Limits(usd=5.0, tokens=200))

    ended = await kernel.run()

    assert (ended.exit_code, ended.limit) == (3, "tokens")


async def test_steps_are_capped() -> None:
    kernel = bench(*[ask_for(("echo", {"n": n})) for n in range(5)])
    kernel.start(limits=Limits(steps=3))

    ended = await kernel.run()

    assert (ended.exit_code, ended.limit) == (3, "steps")
    assert len(kernel.provider.requests) == 3


async def test_what_is_spent_is_the_sum_of_what_was_reported() -> None:
    usage = Usage(input_tokens=1000, cache_read_tokens=500, output_tokens=200)
    kernel = bench(ask_for(("echo", {})), say("Done.", usage))
    kernel.start()

    await kernel.run()

    finished = [body for body in kernel.bodies(ModelFinished) if isinstance(body, ModelFinished)]
    assert kernel.state.spend.total.usage == finished[0].usage.plus(usage)
    assert kernel.state.spend.total.usd == pytest.approx(0.00012 + 0.00145)
    assert kernel.state.spend.reserved_usd == 0
    assert kernel.day.spent_usd == pytest.approx(kernel.state.spend.total.usd)


async def test_a_denied_call_never_runs_and_the_model_is_told() -> None:
    kernel = bench(ask_for(("echo", {})), say("Understood."))
    kernel.policy.denies.add("echo")
    kernel.start()

    ended = await kernel.run()

    assert ended.answer == "Understood."
    assert "Refused by test" in kernel.said_to_model()[-1].content[0].output  # type: ignore[union-attr]
    assert not kernel.bodies(ToolFinished)


async def test_a_long_output_is_cut_and_kept_whole_as_an_artifact() -> None:
    async def long(_: dict[str, object], __: ToolContext) -> ToolOutcome:
        return ToolOutcome(output="x" * 5000, data="null")

    kernel = KernelBench(
        provider=FakeProvider([ask_for(("long", {})), say("Seen.")]), tools={"long": FakeTool("long", long)}
    )
    kernel.start()

    await kernel.run()

    finished = kernel.bodies(ToolFinished)[0]
    assert isinstance(finished, ToolFinished)
    assert len(finished.output) < 1200
    assert next(iter(kernel.artifacts.kept.values())) == b"x" * 5000
    assert finished.artifact in finished.output


class Brief:
    """A memory that knows one thing."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def brief(self, query: str) -> str:
        self.asked.append(query)
        return "[recalled] The lamp is lit."


async def test_memory_is_asked_once_for_the_operators_words_and_stands_behind_them() -> None:
    kernel = bench(ask_for(("echo", {"n": 1})), say("Done."))
    memory = Brief()
    kernel.kit.memory = memory  # type: ignore[assignment] # only this is asked
    kernel.start()

    await kernel.run()

    assert len(memory.asked) == 1
    assert [message.role for message in kernel.said_to_model()][:2] == [Role.OPERATOR, Role.KERNEL]
    assert kernel.said_to_model()[1].text == "[recalled] The lamp is lit."


class WaitedJournal(FakeJournal):
    """Puts on disk only what somebody waits for; `waits` names those records."""

    def __init__(self) -> None:
        super().__init__()
        self.on_disk = Seq(0)
        self.waits: list[str] = []

    async def durable(self, seq: Seq) -> None:
        await super().durable(seq)
        if seq > self.on_disk:
            self.on_disk = seq
            self.waits.append(self.records[seq - 1].type)


@pytest.mark.parametrize(
    ("effect", "waits"),
    [
        (Effect.READ, ["ModelRequested", "ModelFinished", "ModelRequested", "ModelFinished", "RunEnded"]),
        (Effect.WRITE, ["ModelRequested", "ToolIntended", "ModelRequested", "ModelFinished", "RunEnded"]),
    ],
)
async def test_a_reply_is_on_disk_and_booked_before_its_call_acts_and_waits_with_the_intent_where_there_is_one(
    effect: Effect, waits: list[str]
) -> None:
    journal = WaitedJournal()
    seen: list[tuple[bool, bool]] = []

    async def act(values: dict[str, object], context: ToolContext) -> ToolOutcome:
        reply = next(record for record in journal.records if isinstance(record.body, ModelFinished))
        seen.append((journal.on_disk >= reply.seq, kernel.day.spent_usd > 0))
        return await echo(values, context)

    tool = FakeTool("act", act, effect=effect)
    kernel = KernelBench(FakeProvider([ask_for(("act", {})), say("Done.")]), tools={"act": tool}, journal=journal)
    kernel.start()

    await kernel.run()

    assert seen == [(True, True)]
    assert journal.waits == waits


async def test_a_reply_whose_calls_are_all_refused_is_on_disk_and_booked_as_well() -> None:
    journal = WaitedJournal()
    kernel = KernelBench(FakeProvider([ask_for(("nothing", {})), say("Sorry.")]), tools={}, journal=journal)
    kernel.start()

    await kernel.run()

    assert journal.waits[:2] == ["ModelRequested", "ModelFinished"]
    assert kernel.day.spent_usd == kernel.state.spend.total.usd > 0
