"""Tools, hosts and servers that are down are left alone for a while, and the model is told until when."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from hermes_tui.domain.approval import ResolvedCall
from hermes_tui.domain.circuit import OPEN_S, PROBE_S, THRESHOLD
from hermes_tui.domain.errors import SandboxUnavailable, ToolError
from hermes_tui.domain.events import CircuitMoved, RecoveryTried, ToolFinished
from hermes_tui.domain.ids import CallId
from hermes_tui.domain.ports import ToolContext, ToolOutcome
from hermes_tui.domain.records import Record
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.domain.values import replace
from hermes_tui.interfaces._telling import told
from hermes_tui.interfaces.inspect import show
from hermes_tui.kernel import dispatch
from hermes_tui.kernel.call import Call, Refused
from tests.kernel.bench import PLACE, FakeProvider, FakeTool, KernelBench, tool_task

DOWN = "network"


@dataclass
class Line:
    """What the other side answers: each call takes the next kind of error, empty for a success; the last one stays."""

    kinds: list[str]
    made: list[str] = field(default_factory=list[str])

    async def act(self, values: dict[str, object], context: ToolContext) -> ToolOutcome:
        assert context.key
        self.made.append(str(values.get("host", "")))
        kind = self.kinds.pop(0) if len(self.kinds) > 1 else self.kinds[0]
        if kind == "no sandbox":
            raise SandboxUnavailable("bubblewrap could not start.")
        if kind:
            raise ToolError("no answer", kind=kind)
        return ToolOutcome(output="fine", data='{"ok": true}')


class HostTool(FakeTool):
    """A tool whose call names the host that it asks."""

    def resolve(self, arguments: str, context: ToolContext) -> ResolvedCall:
        found = super().resolve(arguments, context)
        host = json.loads(arguments).get("host")
        return replace(found, hosts=(host,) if host else ())


def bench(line: Line, name: str = "fetch") -> KernelBench:
    tool = HostTool(name, line.act, effect=Effect.READ, reach=Reach.NETWORK)
    kernel = KernelBench(provider=FakeProvider([]), tools={name: tool})
    kernel.start(tool_task("t", name))
    return kernel


async def call(kernel: KernelBench, host: str = "a.example", name: str = "fetch") -> str:
    """Make one call; return how it ended in a word."""
    number = len(kernel.journal.records)
    wanted = Call(call_id=CallId(f"c{number}"), tool=name, arguments=json.dumps({"host": host} if host else {}))
    try:
        finished: ToolFinished = await dispatch.dispatch(kernel.kit, wanted, PLACE)
    except Refused as refused:
        return f"{refused.stage}: {refused.message}"
    return "ok" if finished.ok else finished.error_kind


async def calls(kernel: KernelBench, times: int, host: str = "a.example") -> list[str]:
    return [(await call(kernel, host)).partition(":")[0] for _ in range(times)]


@pytest.mark.parametrize("kind", ["network", "deadline", "http_502", "sandbox"])
async def test_five_failures_in_a_row_open_the_host_for_a_minute(kind: str) -> None:
    line = Line([kind])
    kernel = bench(line)

    made = await calls(kernel, THRESHOLD + 2)
    kernel.clock.time += OPEN_S - 1
    late = await calls(kernel, 1)

    assert made == [kind] * THRESHOLD + ["circuit"] * 2
    assert late == ["circuit"]
    assert len(line.made) == THRESHOLD


async def test_the_model_is_told_what_is_open_until_when_and_why() -> None:
    kernel = bench(Line([DOWN]))
    await calls(kernel, THRESHOLD)
    kernel.clock.time += 20

    said = await call(kernel)

    assert "The host a.example failed 5 times in a row and is left alone until 00:34:20 UTC, 40 s from now" in said
    assert "no answer" in said


async def test_one_probe_is_let_through_and_a_success_closes_the_circuit() -> None:
    kernel = bench(Line([*[DOWN] * THRESHOLD, ""]))
    await calls(kernel, THRESHOLD)
    kernel.clock.time += OPEN_S

    after = await calls(kernel, 2)

    assert after == ["ok", "ok"]
    assert kernel.state.circuits == {}
    assert [one.flow for one in moves(kernel)[-3:]] == ["open", "probing", "closed"]


async def test_a_probe_that_fails_opens_it_again() -> None:
    kernel = bench(Line([DOWN]))
    await calls(kernel, THRESHOLD)
    kernel.clock.time += OPEN_S

    assert await calls(kernel, 2) == [DOWN, "circuit"]


async def test_while_one_call_tries_it_no_other_does_unless_its_process_is_gone() -> None:
    kernel = bench(Line([DOWN]))
    await calls(kernel, THRESHOLD)
    kernel.clock.time += OPEN_S
    kernel.kit.session.emit(replace(moves(kernel)[-1], flow="probing", probed_until=2060.0 + PROBE_S), PLACE)

    beside = await calls(kernel, 1)
    kernel.clock.time += PROBE_S

    assert beside == ["circuit"]
    assert await calls(kernel, 1) == [DOWN]


async def test_other_hosts_are_asked_as_before() -> None:
    kernel = bench(Line([*[DOWN] * THRESHOLD, ""]))
    await calls(kernel, THRESHOLD)

    assert await call(kernel, "b.example") == "ok"
    assert set(kernel.state.circuits) == {"host a.example"}


async def test_what_the_other_side_answers_to_a_bad_request_shows_that_it_is_there() -> None:
    kernel = bench(Line([*[DOWN] * (THRESHOLD - 1), "http_404", DOWN, ""]))

    made = await calls(kernel, THRESHOLD + 2)

    assert made == [*[DOWN] * (THRESHOLD - 1), "http_404", DOWN, "ok"]


@pytest.mark.parametrize("kind", ["exit_1", "no_match", "missing", "http_404", "http_429"])
async def test_what_the_model_or_its_command_did_wrong_opens_nothing(kind: str) -> None:
    kernel = bench(Line([kind]))

    assert await calls(kernel, 8) == [kind] * 8
    assert moves(kernel) == []


async def test_a_command_that_runs_to_its_own_limit_opens_nothing() -> None:
    async def slow(_: dict[str, object], __: ToolContext) -> ToolOutcome:
        return ToolOutcome(output="…", data='{"exit_code": 137}', ok=False, error_kind="deadline")

    kernel = bench(Line([""]))
    kernel.kit.tools = {"shell": FakeTool("shell", slow)}

    assert {await call(kernel, "", "shell") for _ in range(8)} == {"deadline"}
    assert moves(kernel) == []


async def test_a_sandbox_that_cannot_start_opens_its_tool_alone() -> None:
    line = Line(["no sandbox"])
    kernel = bench(line, "shell")

    made = [(await call(kernel, host, "shell")).partition(":")[0] for host in ("", "a.example", "", "", "", "")]

    assert made == ["sandbox"] * THRESHOLD + ["circuit"]
    assert set(kernel.state.circuits) == {"tool shell"}


async def test_tools_of_one_server_share_a_circuit() -> None:
    line = Line([DOWN])
    kernel = bench(line)
    kernel.kit.tools = {name: HostTool(name, line.act) for name in ("mcp.files.read", "mcp.files.list", "mcp.web.get")}
    for _ in range(THRESHOLD):
        await call(kernel, "", "mcp.files.read")

    assert (await call(kernel, "", "mcp.files.list")).startswith("circuit: The server files failed 5 times")
    assert await call(kernel, "", "mcp.web.get") == DOWN


async def test_a_circuit_survives_a_restart() -> None:
    kernel = bench(Line([DOWN]))
    await calls(kernel, THRESHOLD)

    resumed = kernel.crash(len(kernel.journal.records))

    assert (await call(resumed)).startswith("circuit")


async def test_an_operator_is_not_asked_about_a_call_that_cannot_be_made() -> None:
    kernel = bench(Line([DOWN]))
    await calls(kernel, THRESHOLD)
    kernel.policy.asks = {"fetch"}

    assert (await call(kernel)).startswith("circuit")
    assert kernel.state.calls.asked == {}


async def test_a_declared_task_that_may_be_tried_again_waits_until_the_circuit_may_be_tried() -> None:
    line = Line([*[DOWN] * THRESHOLD, ""])
    kernel = bench(line)
    await calls(kernel, THRESHOLD)
    kernel = kernel.crash(len(kernel.journal.records))
    kernel.start(tool_task("later", "fetch", {"host": "a.example"}, retry=1))

    ended = await kernel.run()

    assert ended.status == "done"
    assert kernel.clock.slept[0] >= OPEN_S
    assert [one.rung for one in kernel.bodies(RecoveryTried) if isinstance(one, RecoveryTried)] == ["retry"]


async def test_opening_and_closing_is_one_line_each_and_health_is_shown_with_the_run() -> None:
    kernel = bench(Line([*[DOWN] * THRESHOLD, ""]))
    await calls(kernel, THRESHOLD)
    opened: list[Record] = list(kernel.journal.records)
    kernel.clock.time += OPEN_S
    await calls(kernel, 1)

    said = [line for line in told(kernel.journal.records) if "circuit" in line]

    assert [line.split(maxsplit=1)[1][:40] for line in said] == [
        "■ circuit  host a.example is left alone ",
        "✓ circuit  host a.example works again",
    ]
    assert any("host a.example" in line and "open until" in line for line in show.lines(opened, live=False))
    assert not any("host a.example" in line for line in show.lines(kernel.journal.records, live=False))


def moves(kernel: KernelBench) -> list[CircuitMoved]:
    return [one for one in kernel.bodies(CircuitMoved) if isinstance(one, CircuitMoved)]
