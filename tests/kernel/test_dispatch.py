"""What a call waits for before it is judged."""

from __future__ import annotations

import pytest

from hermes_tui.domain.approval import ResolvedCall
from hermes_tui.domain.events import ToolFinished, ToolRefused
from hermes_tui.domain.ids import CallId, TaskId
from hermes_tui.domain.ports import Sandbox, Tool, ToolContext, ToolOutcome
from hermes_tui.domain.tasks import Effect, Reach, Task, TaskKind
from hermes_tui.kernel.agents.assignment import commission
from hermes_tui.services.references import substitute
from tests.kernel.bench import PLACE, FakeProvider, FakeSandbox, FakeTool, KernelBench, ask_for, echo, say, tool_task

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


@pytest.mark.parametrize("error", [ValueError("embedded null byte"), OSError(24, "Too many open files")])
async def test_what_the_system_refuses_is_a_result_that_the_model_reads_and_not_the_end_of_the_run(
    error: Exception,
) -> None:
    async def refused(_: dict[str, object], __: ToolContext) -> ToolOutcome:
        raise error

    shell = FakeTool("shell", refused, effect=Effect.WRITE, reach=Reach.SCOPE)
    kernel = KernelBench(
        provider=FakeProvider([ask_for(("shell", {"command": "ls"})), say("Mended.")]), tools={"shell": shell}
    )
    kernel.start()

    ended = await kernel.run()

    (finished,) = [body for body in kernel.bodies(ToolFinished) if isinstance(body, ToolFinished)]
    assert (ended.exit_code, ended.answer) == (0, "Mended.")
    assert (finished.ok, finished.error_kind, str(error) in finished.output) == (False, "failed", True)


async def test_an_agent_whose_goal_is_a_result_that_is_no_text_reads_it_as_json() -> None:
    kernel = KernelBench(provider=FakeProvider([say("Seen.")]), tools={"echo": FakeTool("echo", echo)})
    kernel.kit.substitute = lambda tool, arguments, known: substitute(arguments, known, tool=tool)
    look = tool_task("a", "echo", {"found": [1, 2]})
    agent = Task(id=TaskId("b"), kind=TaskKind.AGENT, title="Look.", args='{"goal": "${a}"}', needs=(look.id,))
    kernel.start(look, agent)

    ended = await kernel.run()

    assert ended.exit_code == 0
    assert kernel.said_to_model()[0].text == '{"found": [1, 2]}'


async def test_an_argument_that_is_nothing_a_path_can_be_is_refused_and_mended() -> None:
    class Odd(FakeTool):
        def resolve(self, arguments: str, context: ToolContext) -> ResolvedCall:
            if "\\u0000" in arguments:
                raise ValueError("embedded null byte")
            return super().resolve(arguments, context)

    tools: dict[str, Tool] = {"look": Odd("look", echo)}
    kernel = KernelBench(
        provider=FakeProvider([ask_for(("look", {"path": "a\0b"})), ask_for(("look", {"path": "a"})), say("Seen.")]),
        tools=tools,
    )
    kernel.start()

    ended = await kernel.run()

    refused = [body for body in kernel.bodies(ToolRefused) if isinstance(body, ToolRefused)]
    assert (ended.exit_code, ended.answer) == (0, "Seen.")
    assert [(body.stage, body.reason) for body in refused] == [("schema", "embedded null byte")]


@pytest.mark.parametrize("wanted", [{"task": "Count.", "title": " "}, {"task": "\n", "title": ""}])
def test_a_subagent_without_a_title_that_says_something_is_sent_out_all_the_same(wanted: dict[str, str]) -> None:
    kernel = KernelBench(provider=FakeProvider([]), tools={})
    kernel.start()

    spawned = commission(kernel.kit, wanted, [], CallId("c1"), PLACE)

    assert spawned.title == wanted["task"].strip()
