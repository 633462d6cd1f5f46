"""What an agent is told of where it is, once its own memory of it has been condensed."""

from __future__ import annotations

from dataclasses import replace

from hermes_tui.domain.events import ContextCompacted
from hermes_tui.domain.ids import AgentId, TaskId
from hermes_tui.domain.ports import ToolContext, ToolOutcome
from hermes_tui.kernel import window
from tests.kernel.bench import PLACE, FakeProvider, FakeTool, KernelBench, ask_for, say, tool_task
from tests.kernel.test_crew_steering import agent


async def _missing(_: dict[str, object], context: ToolContext) -> ToolOutcome:
    assert context.key
    return ToolOutcome(output="no such file", data="null", ok=False, error_kind="missing")


async def test_what_is_done_what_is_left_and_what_failed_before_reach_the_next_prompt() -> None:
    replies = [ask_for(("read", {"path": "x"})), ask_for(("read", {"path": "y"})), say("Not found.")]
    kernel = KernelBench(provider=FakeProvider(replies), tools={"read": FakeTool("read", _missing)})
    kernel.start(agent("look"), tool_task("broken", "read"), tool_task("later", "read", needs=(TaskId("broken"),)))
    await kernel.run()
    place, kit = replace(PLACE, agent=AgentId("look")), kernel.kit
    brain = await kit.brains.choose("cortex", {})
    before = await window.fill(kit, brain, place)

    compacted = ContextCompacted(
        upto=1, summary="It looked.", kept=(), before_tokens=9, after_tokens=3, by="extract", checks=()
    )
    kit.session.emit(compacted, place)
    after = await window.fill(kit, brain, place)

    assert "failed this way" not in before.request.messages[-1].text
    told = after.request.messages[-1].text
    assert "[the plan: done look; left broken, later]" in told
    assert "[decided before, and it failed this way: read (missing) 2 times]" in told
