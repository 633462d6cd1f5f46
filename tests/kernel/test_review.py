"""A model looks at what is risky before it happens: it can refuse and never allow, and nothing passes without it."""

from __future__ import annotations

import pytest

from hermes_tui.domain.approval import Decision, ResolvedCall, Risk, Scope
from hermes_tui.domain.errors import FailureReason, ProviderRefused
from hermes_tui.domain.events import ApprovalGiven, ModelFinished, ToolFinished, ToolIntended, ToolRefused
from hermes_tui.domain.ids import AgentId
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.kernel.review import risk_of
from tests.kernel.bench import PLACE, FakeProvider, FakeTool, KernelBench, Reply, ask_for, echo, say, tool_task
from tests.kernel.crew_bench import CrewBench, Scripts

WRITE = ask_for(("write", {"n": 1}), text="I tidy up.\nExpect: one file less.")
PASSED = say('{"verdict": "pass", "why": "it serves the goal"}')
REFUSED = say('{"verdict": "refuse", "why": "nobody asked for that"}')


def bench(*replies: Reply, critic: Risk = Risk.FILES) -> KernelBench:
    tool = FakeTool("write", echo, effect=Effect.WRITE, reach=Reach.SCOPE)
    kernel = KernelBench(provider=FakeProvider(list(replies)), tools={"write": tool})
    kernel.kit.critic = frozenset({critic})
    return kernel


def refusals(kernel: KernelBench) -> list[tuple[str, str]]:
    return [(body.stage, body.reason) for body in kernel.bodies(ToolRefused) if isinstance(body, ToolRefused)]


@pytest.mark.parametrize(
    ("effect", "reach", "risk"),
    [
        (Effect.READ, Reach.NETWORK, None),
        (Effect.PURE, Reach.NONE, None),
        (Effect.WRITE, Reach.SCOPE, Risk.FILES),
        (Effect.WRITE, Reach.MEMORY, Risk.MEMORY),
        (Effect.WRITE, Reach.SANDBOX, Risk.COMMANDS),
        (Effect.EXTERNAL, Reach.SANDBOX, Risk.NETWORK),
        (Effect.EXTERNAL, Reach.NETWORK, Risk.NETWORK),
        (Effect.EXTERNAL, Reach.HOST, Risk.HOST),
        (Effect.WRITE, Reach.HOST, Risk.HOST),
    ],
)
def test_every_call_that_changes_something_has_a_risk(effect: Effect, reach: Reach, risk: Risk | None) -> None:
    assert risk_of(ResolvedCall(tool="t", effect=effect, reach=reach, summary="")) is risk


async def test_a_refusal_reaches_the_agent_with_its_reason_and_nothing_happens() -> None:
    kernel = bench(WRITE, REFUSED, say("I leave it."))
    kernel.start()

    ended = await kernel.run()

    assert refusals(kernel) == [("critic", "The critic refused this (files): nobody asked for that")]
    assert not kernel.bodies(ToolIntended)
    assert "nobody asked for that" in str(kernel.said_to_model()[-1])
    assert ended.answer == "I leave it."


async def test_what_passes_is_made_and_the_verdict_is_billed_to_the_agent() -> None:
    kernel = bench(WRITE, PASSED, say("Done."))
    kernel.start()

    await kernel.run()

    said = kernel.provider.requests[1].messages[0].text
    paid = [body.usd or 0.0 for body in kernel.bodies(ModelFinished) if isinstance(body, ModelFinished)]
    assert len(kernel.bodies(ToolFinished)) == 1
    assert all(part in said for part in ("Do it.", "I tidy up.", "one file less.", '{\\"n\\": 1}'))
    assert (len(paid), round(kernel.state.spend.by_agent[AgentId("main")].usd, 9)) == (3, round(sum(paid), 9))
    assert kernel.provider.requests[1].tools == ()


async def test_a_pass_never_skips_the_operator_and_is_not_bought_again_after_the_answer() -> None:
    kernel = bench(WRITE, PASSED, say("Done."))
    kernel.policy.asks.add("write")
    kernel.start()

    first = await kernel.run()
    (asked,) = kernel.state.calls.waiting
    given = ApprovalGiven(approval_id=asked.approval_id, decision=Decision.ALLOW, scope=Scope.ONCE, by="operator")
    kernel.kit.session.emit(given, PLACE)
    second = await kernel.run()

    assert (first.exit_code, second.answer) == (4, "Done.")
    assert len(kernel.provider.requests) == 3


@pytest.mark.parametrize(
    "answers",
    [
        (say("Looks fine to me."), say('{"verdict": "maybe", "why": ""}')),
        ([ProviderRefused("No such parameter.", reason=FailureReason.INVALID_REQUEST)],),
    ],
)
async def test_without_a_verdict_the_call_is_not_made(answers: tuple[Reply, ...]) -> None:
    kernel = bench(WRITE, *answers, say("Then not."))
    kernel.start()

    ended = await kernel.run()

    ((stage, reason),) = refusals(kernel)
    assert (stage, "no verdict" in reason, ended.answer) == ("critic", True, "Then not.")
    assert not kernel.bodies(ToolIntended)


async def test_a_verdict_is_mended_once() -> None:
    kernel = bench(WRITE, say("Fine."), PASSED, say("Done."))
    kernel.start()

    ended = await kernel.run()

    assert (ended.answer, refusals(kernel)) == ("Done.", [])


async def test_orders_and_other_risks_are_not_looked_at() -> None:
    ordered = bench()
    ordered.start(tool_task("a", "write"))
    other = bench(WRITE, say("Done."), critic=Risk.HOST)
    other.start()

    assert (await ordered.run()).exit_code == 0
    assert (await other.run()).answer == "Done."


async def test_the_calls_of_children_are_looked_at_too() -> None:
    out = ask_for(("delegate", {"task": "tidy up"}))
    scripts = Scripts(
        {"Do": [out, say("Waiting."), say("Done.")], "tidy": [WRITE, say("I leave it.")], "One": [REFUSED]}
    )
    crew = CrewBench(scripts, write=FakeTool("write", echo, effect=Effect.WRITE, reach=Reach.SCOPE))
    crew.kernel.kit.critic = frozenset({Risk.FILES})
    crew.kernel.start()

    ended = await crew.run()

    assert (ended.answer, len(refusals(crew.kernel))) == ("Done.", 1)
    assert '"errand": "tidy up"' in scripts.of("One")[0].messages[0].text
