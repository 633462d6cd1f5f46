"""What a call waits for before it is judged."""

from __future__ import annotations

from hermes_tui.domain.approval import ResolvedCall
from hermes_tui.domain.ports import Sandbox, ToolContext
from hermes_tui.domain.tasks import Effect, Reach
from tests.kernel.bench import FakeProvider, FakeSandbox, FakeTool, KernelBench, ask_for, echo, say

DONE: list[str] = []


class Judged(FakeTool):
    """A tool that writes down when it is judged."""

    def resolve(self, arguments: str, context: ToolContext) -> ResolvedCall:
        DONE.append(f"{self.name} judged")
        return super().resolve(arguments, context)


async def tried() -> Sandbox:
    """Write down that the sandbox was tried."""
    DONE.append("sandbox tried")
    return FakeSandbox()


async def test_the_sandbox_is_tried_before_a_call_is_judged_that_runs_in_it_and_for_no_other() -> None:
    DONE.clear()
    look = Judged("look", echo)
    shell = Judged("shell", echo, effect=Effect.WRITE, reach=Reach.SANDBOX)
    turns = [ask_for(("look", {})), ask_for(("shell", {})), say("Done.")]
    kernel = KernelBench(provider=FakeProvider(turns), tools={"look": look, "shell": shell})
    kernel.kit.try_sandbox = tried
    kernel.start()

    ended = await kernel.run()

    assert ended.exit_code == 0
    assert DONE == ["look judged", "sandbox tried", "shell judged"]
