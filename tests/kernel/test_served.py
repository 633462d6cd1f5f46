"""Tools of servers: named in the prompt, carried once they were asked for, and run on the loop of their servers."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import dataclass, field

from hermes_tui.domain.approval import ResolvedCall
from hermes_tui.domain.parts import ToolSchema
from hermes_tui.domain.ports import Tool, ToolContext, ToolOutcome, ToolSpec
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.domain.values import replace
from hermes_tui.kernel import context, tiers
from hermes_tui.kernel.agents.home import at_home
from hermes_tui.kernel.worker import Door
from tests.fakes.tool_server import ECHO
from tests.kernel.bench import PLACE, FakeProvider, KernelBench, PlainRedactor, Reply, ask_for, say
from tests.kernel.test_tiers import TOOLS, carried


@dataclass
class Served:
    """A tool of a server that remembers what it was given and the thread it ran on."""

    spec: ToolSpec
    ran_on: list[int] = field(default_factory=list[int])
    given: list[str] = field(default_factory=list[str])

    def resolve(self, arguments: str, context: ToolContext) -> ResolvedCall:  # noqa: ARG002 - the shape of a tool
        name = self.spec.schema.name
        return ResolvedCall(tool=name, effect=Effect.READ, reach=Reach.WORKSPACE, summary=arguments)

    async def run(self, arguments: str, context: ToolContext) -> ToolOutcome:  # noqa: ARG002 - the shape of a tool
        self.ran_on.append(threading.get_ident())
        self.given.append(arguments)
        return ToolOutcome(output=arguments, data="{}")


def served(number: int, server: str = "notes") -> Served:
    name = f"mcp.{server}.tool-{number:02}"
    schema = ToolSchema(name=name, description="One of many. " * 30, parameters=json.dumps(ECHO["inputSchema"]))
    spec = ToolSpec(
        schema=schema, effect=Effect.READ, reach=Reach.WORKSPACE, timeout_s=9, output_limit=999, server=server
    )
    return Served(spec)


def bench(count: int, *replies: Reply) -> KernelBench:
    made = {tool.spec.schema.name: tool for tool in map(served, range(count))}
    kernel = KernelBench(provider=FakeProvider(list(replies)), tools={**TOOLS, **made})
    kernel.start()
    return kernel


async def test_a_few_are_named_with_the_beginning_of_what_they_do() -> None:
    kernel = bench(2, say("Done."))

    await kernel.run()

    request = kernel.provider.requests[0]
    assert "- mcp.notes.tool-00: One of many. One of many." in request.system
    assert [name for name in carried(kernel, 0) if name.startswith("mcp.")] == []
    assert "more" in carried(kernel, 0)


async def test_fifty_of_them_take_a_line_and_their_server_lists_them() -> None:
    kernel = bench(50, ask_for(("more", {"name": "mcp.notes"})), say("Done."))

    await kernel.run()

    added = tiers.served_text(list(kernel.kit.tools.values()))
    listed = str(kernel.said_to_model()[-1])
    assert added.splitlines()[-1] == "- mcp.notes: 50 tools; `more` lists them"
    assert len(added) < 200
    assert listed.count("mcp.notes.tool-") == 50


async def test_one_that_was_asked_for_is_carried_from_then_on_and_can_be_called() -> None:
    wanted = "mcp.notes.tool-07"
    kernel = bench(50, ask_for(("more", {"name": wanted})), ask_for((wanted, {"text": "hello"})), say("Done."))

    ended = await kernel.run()

    assert ended.exit_code == 0
    assert carried(kernel, 1) == [*carried(kernel, 0), wanted]
    assert carried(kernel, 2) == carried(kernel, 1)
    assert "hello" in str(kernel.said_to_model()[-1])


async def test_what_was_not_asked_for_does_not_count_as_size() -> None:
    few, many = bench(1, say("Done.")), bench(50, say("Done."))

    assert context.next_size(many.kit, PLACE) == context.next_size(few.kit, PLACE)


async def test_a_child_on_another_loop_has_it_run_on_the_loop_of_its_servers() -> None:
    tool = served(1)
    door = Door(asyncio.get_running_loop())
    wrapped = at_home(door, tool)

    def elsewhere() -> ToolOutcome:
        async def call() -> ToolOutcome:
            return await wrapped.run("hi", None)  # type: ignore[arg-type]

        return asyncio.run(call())

    outcome = await asyncio.to_thread(elsewhere)

    assert (outcome.output, tool.ran_on) == ("hi", [threading.get_ident()])
    assert at_home(door, TOOLS["read"]) is TOOLS["read"]


class Restoring(PlainRedactor):
    """Knows what one placeholder stands for."""

    def restore_json(self, text: str) -> str:
        return text.replace("[SECRET:1]", "the key itself")


async def test_what_a_placeholder_stands_for_is_given_to_tools_of_ours_and_never_to_a_servers() -> None:
    ours = Served(replace(served(1).spec, server=""))
    theirs = served(2)
    tools: dict[str, Tool] = {"ours": ours, "theirs": theirs}
    replies = [ask_for((name, {"text": "[SECRET:1]"})) for name in tools]
    kernel = KernelBench(provider=FakeProvider([*replies, say("Done.")]), tools=tools)
    kernel.kit.redactor = Restoring()
    kernel.start()

    await kernel.run()

    assert ours.given == ['{"text": "the key itself"}']
    assert theirs.given == ['{"text": "[SECRET:1]"}']
