"""What a small window carries: rules and tools in tiers, and the rest when it is asked for."""

from __future__ import annotations

import pytest

from hermes_tui.capabilities import registry
from hermes_tui.capabilities.tools._tool import tools_of
from hermes_tui.domain.values import replace
from hermes_tui.kernel import budget, context, tiers
from hermes_tui.services.instructions import RULES
from tests.kernel.bench import FakeBrains, FakeProvider, KernelBench, Reply, ask_for, say

TOOLS = {
    tool.spec.schema.name: tool
    for name in registry.names("tools")
    for tool in sorted(tools_of(registry.load("tools", name)), key=lambda tool: tool.spec.schema.name)
}


def bench(window_tokens: int, *replies: Reply, known: bool = True) -> KernelBench:
    kernel = KernelBench(provider=FakeProvider(list(replies)), tools=dict(TOOLS))
    brains = kernel.kit.brains
    assert isinstance(brains, FakeBrains)
    brains.brain = replace(brains.brain, window_tokens=window_tokens, window_known=known)
    kernel.kit.instructions, kernel.kit.brief_instructions = f"{RULES}{'long ' * 2_000}", RULES
    kernel.start()
    return kernel


def carried(kernel: KernelBench, at: int) -> list[str]:
    return [schema.name for schema in kernel.provider.requests[at].tools]


async def test_a_window_of_4k_carries_the_core_and_has_room_left() -> None:
    kernel = bench(4_096, say("Done."))

    ended = await kernel.run()

    request = kernel.provider.requests[0]
    brains = kernel.kit.brains
    assert isinstance(brains, FakeBrains)
    used = budget.input_bound(kernel.state, brains.brain, context.size_bytes(request))
    assert ended.exit_code == 0
    assert set(carried(kernel, 0)) == tiers.CORE
    assert "long long" not in request.system
    assert "Further tools, to be had by `more`: " in request.system
    assert "fetch" in request.system
    assert used < 4_096 - 1_024 - 500, "a quarter is kept for the reply, and there is room for a conversation"


async def test_a_tool_that_was_asked_for_follows_the_others_from_then_on() -> None:
    kernel = bench(8_192, ask_for(("more", {"name": "fetch"})), ask_for(("more", {"name": "nothing"})), say("Done."))

    ended = await kernel.run()

    assert ended.exit_code == 0
    assert carried(kernel, 1) == [*carried(kernel, 0), "fetch"]
    assert carried(kernel, 2) == carried(kernel, 1)
    assert "There is no tool nothing." in str(kernel.said_to_model()[-1])


@pytest.mark.parametrize(("window_tokens", "known"), [(8_193, True), (8_192, False)])
async def test_any_other_window_carries_every_tool_and_no_way_to_ask_for_more(window_tokens: int, known: bool) -> None:
    kernel = bench(window_tokens, say("Done."), known=known)
    kernel.kit.instructions = RULES

    await kernel.run()

    assert carried(kernel, 0) == [name for name in TOOLS if name != "more"]
    assert kernel.provider.requests[0].system == RULES
