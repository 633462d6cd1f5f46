"""A hundred repositories at once under a cap: what is broken is named, what is left is known, and only that goes on."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator

from hermes_tui.domain.errors import FailureReason, ProviderRefused
from hermes_tui.domain.events import ModelFinished, RetryScheduled, RunResumed, TaskFinished, ToolFinished
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.parts import ModelRequest, Part, Stop, StopReason, TextDelta
from hermes_tui.domain.ports import Tool, ToolContext, ToolOutcome
from hermes_tui.domain.state.standing import standing
from hermes_tui.domain.tasks import Task, TaskKind, TaskState
from hermes_tui.domain.usage import Limits, Price, Usage
from hermes_tui.services.references import substitute
from tests.kernel.bench import PLACE, FakeProvider, FakeTool, KernelBench, tool_task

PRICE = Price(input_usd=10.0, output_usd=40.0, cache_read_usd=1.0, cache_write_usd=12.5, dated="2026-01-01")
CAP_USD = 0.5
REPOSITORIES = [f"r{number:02}" for number in range(100)]
BROKEN = ("r03", "r17", "r18", "r44", "r61", "r77", "r98")
BUSY_AT = (9, 10, 11)


class Reader(FakeProvider):
    """Sums a repository up for about a cent; is busy for a while, and knows how many asked at once."""

    def __init__(self) -> None:
        super().__init__([])
        self.asked: Counter[str] = Counter()
        self.at_once = 0
        self.widths: list[int] = []

    async def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        said = request.messages[0].text
        self.asked[said.split()[2] if said.startswith("Sum up") else "report"] += 1
        self.at_once += 1
        self.widths.append(self.at_once)
        number = len(self.widths)
        try:
            for _ in range(20):
                await asyncio.sleep(0)
            if number in BUSY_AT:
                raise ProviderRefused("Busy.", reason=FailureReason.RATE_LIMITED, retry_after_s=1.0)
            broken = sorted(set(re.findall(r'"scan-(r\d\d)": \{"state": "failed"', said)))
            yield TextDelta(
                f"Broken: {', '.join(broken)}." if said.startswith("Report") else f"About {said.split()[2]}."
            )
            yield Usage(input_tokens=300, output_tokens=125)
            yield Stop(StopReason.END)
        finally:
            self.at_once -= 1


async def scan(values: dict[str, object], context: ToolContext) -> ToolOutcome:
    assert context.key
    if values["name"] in BROKEN:
        return ToolOutcome(output="no such revision", data="null", ok=False, error_kind="broken")
    return ToolOutcome(output="ok", data=json.dumps(f"files of {values['name']}"))


def plan() -> list[Task]:
    tasks: list[Task] = []
    for name in REPOSITORIES:
        first, then = TaskId(f"scan-{name}"), TaskId(f"sum-{name}")
        told = json.dumps({"goal": f"Sum up {name} from ${{{first}}}"})
        tasks += [
            tool_task(first, "scan", {"name": name}),
            Task(id=then, kind=TaskKind.LLM, title=name, args=told, needs=(first,)),
        ]
    every = tuple(task.id for task in tasks)
    report = json.dumps({"goal": "Report what is broken in ${all}"})
    return [
        *tasks,
        Task(id=TaskId("all"), kind=TaskKind.JOIN, title="all", needs=every, partial=True),
        Task(id=TaskId("report"), kind=TaskKind.LLM, title="report", args=report, needs=(TaskId("all"),), priority=-1),
    ]


def prepared(kernel: KernelBench) -> KernelBench:
    kernel.kit.substitute = lambda tool, arguments, known: substitute(arguments, known, tool=tool)
    kernel.kit.max_output_tokens = 300
    return kernel


def finished(kernel: KernelBench) -> Counter[TaskId | None]:
    ended = [record for record in kernel.journal.records if isinstance(record.body, TaskFinished | ToolFinished)]
    return Counter(one.place.task for one in ended if not isinstance(one.body, ToolFinished) or one.body.ends_task)


async def test_a_hundred_repositories_stop_at_the_cap_and_only_the_rest_goes_on_once_it_is_raised() -> None:
    reader = Reader()
    tools: dict[str, Tool] = {"scan": FakeTool("scan", scan)}
    first = prepared(KernelBench(provider=reader, tools=tools, price=PRICE))
    first.start(*plan(), limits=Limits(usd=CAP_USD))

    stopped = await first.run()
    where = standing(first.state.graph)
    before = finished(first)
    spent = first.state.spend.run.usd
    again = prepared(first.crash(len(first.journal.records), price=PRICE))
    again.kit.session.emit(RunResumed(version="0", limits=Limits(usd=10 * CAP_USD)), PLACE)
    ended = await again.run()

    assert (stopped.status, stopped.exit_code, stopped.limit) == ("limited", 3, "usd")
    assert 0.6 * CAP_USD < spent <= CAP_USD
    dead = {task for one in BROKEN for task in (f"scan-{one}", f"sum-{one}")}
    undone = {f"sum-{name}" for name in REPOSITORIES} - set(before) - dead
    assert {one.task for one in where.blocked} >= {f"scan-{one}" for one in BROKEN}
    assert {*where.left, *(one.task for one in where.blocked)} == {*undone, *dead, "all", "report"}
    assert set(where.done) == set(before)

    assert ended.exit_code == 0
    assert ended.answer == f"Broken: {', '.join(BROKEN)}."
    assert set(finished(again).values()) == {1}
    paid = sum(isinstance(record.body, ModelFinished) for record in again.journal.records)
    assert paid == len(REPOSITORIES) - len(BROKEN) + 1
    assert again.state.graph.state_of(TaskId("sum-r03")) is TaskState.SKIPPED


async def test_the_width_narrows_where_the_provider_is_busy_and_widens_again() -> None:
    reader = Reader()
    kernel = prepared(KernelBench(provider=reader, tools={"scan": FakeTool("scan", scan)}))
    kernel.start(*plan())

    ended = await kernel.run()

    refused = len(kernel.bodies(RetryScheduled))
    after = reader.widths[max(BUSY_AT) + 8 : max(BUSY_AT) + 12]
    assert (ended.exit_code, refused, max(reader.widths[:8])) == (0, len(BUSY_AT), 8)
    assert max(after) <= 4
    assert max(reader.widths[60:]) == 8
