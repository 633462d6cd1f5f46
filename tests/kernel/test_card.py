"""What an agent is told of where it is, once its own memory of it has been condensed."""

from __future__ import annotations

from dataclasses import replace

from hermes_tui.domain.events import ContextCompacted, FileChange
from hermes_tui.domain.ids import AgentId, TaskId
from hermes_tui.domain.ports import ToolContext, ToolOutcome
from hermes_tui.domain.tasks import Effect
from hermes_tui.kernel import window
from tests.kernel.bench import PLACE, FakeProvider, FakeTool, KernelBench, ask_for, say, tool_task
from tests.kernel.test_crew_steering import agent

FAILED = "decided before, and it failed this way: read (missing) 2 times"


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

    assert before.request.messages[-1].text == f"[{FAILED}]"
    told = after.request.messages[-1].text
    assert "[the plan: done look; left broken, later]" in told
    assert f"[{FAILED}]" in told


async def test_every_next_prompt_flags_what_failed_before_until_something_changes() -> None:
    async def write(_: dict[str, object], __: ToolContext) -> ToolOutcome:
        return ToolOutcome(output="ok", data="null", changed=(FileChange(path="f", change="modified"),))

    replies = [ask_for(("read", {"n": n})) for n in range(3)]
    replies += [ask_for(("write", {})), say("Done.")]
    tools = {"read": FakeTool("read", _missing), "write": FakeTool("write", write, effect=Effect.WRITE)}
    kernel = KernelBench(provider=FakeProvider(replies), tools={**tools})
    kernel.start()

    await kernel.run()

    flags = [[one.text for one in request.messages if "this way" in one.text] for request in kernel.provider.requests]
    once = "[decided before, and it failed this way: read (missing) once]"
    assert flags == [[], [], [once], [f"[{FAILED}]"], []]
