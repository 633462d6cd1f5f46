"""The ledger of decisions and the cost of them, read off a real run's records."""

from __future__ import annotations

from datetime import datetime

from hermes_tui.domain.approval import Decision as Said
from hermes_tui.domain.approval import Scope
from hermes_tui.domain.events import ApprovalGiven, ModelFinished, ModelRequested
from hermes_tui.domain.ids import RequestId, Seq, TaskId
from hermes_tui.domain.messages import Message, Role, Text
from hermes_tui.domain.parts import StopReason
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.domain.usage import Bound, Usage
from hermes_tui.services import costs
from hermes_tui.services.decisions import decisions
from tests.kernel.bench import PLACE, FakeProvider, FakeTool, KernelBench, ask_for, echo, say


async def finished() -> KernelBench:
    """Return a run in which a model called a tool that had to be allowed."""
    kernel = KernelBench(
        provider=FakeProvider([ask_for(("risky", {"n": 1}), ("nosuch", {})), say("Done.")]),
        tools={"risky": FakeTool("risky", echo, effect=Effect.EXTERNAL, reach=Reach.NETWORK)},
    )
    kernel.policy.asks.add("risky")
    kernel.start()
    await kernel.run()
    asked = kernel.state.calls.waiting[0]
    given = ApprovalGiven(approval_id=asked.approval_id, decision=Said.ALLOW, scope=Scope.ONCE, by="operator")
    again = kernel.crash(len(kernel.journal.records))
    again.kit.session.emit(given, PLACE)
    await again.run()
    return again


async def test_every_decision_has_its_result_its_cost_and_its_duration() -> None:
    kernel = await finished()

    found = [made.as_json() for made in decisions(kernel.journal.records)]

    assert [set(made) for made in found] == [{"timestamp", "decision", "params", "result", "metrics"}] * len(found)
    assert [made["decision"] for made in found] == [
        *("edit_plan", "ask_model", "call_tool", "ask_operator", "refuse_call", "end_run"),
        *("call_tool", "ask_model", "end_run"),
    ]
    by_name = {made["decision"]: made for made in found}
    assert by_name["ask_operator"]["result"]["decision"] == "allow"
    assert by_name["refuse_call"]["result"]["stage"] == "schema"
    assert by_name["end_run"]["result"]["status"] == "done"
    assert by_name["call_tool"]["params"]["ruling"]["decision"] == "ask"
    assert by_name["call_tool"]["result"]["ok"] is True
    assert by_name["ask_model"]["metrics"]["cost"] > 0
    assert all(set(made["metrics"]) == {"cost", "duration_s"} for made in found)


async def test_decisions_stand_in_the_order_in_which_they_were_made() -> None:
    kernel = await finished()

    times = [datetime.fromisoformat(made.as_json()["timestamp"]) for made in decisions(kernel.journal.records)]

    assert times == sorted(times)


async def test_the_costs_of_the_ledger_add_up_to_what_the_run_spent() -> None:
    kernel = await finished()

    ledger = sum(made.cost or 0.0 for made in decisions(kernel.journal.records))
    shares = [costs.total(costs.shares(kernel.journal.records, by)).spent for by in costs.BYS]

    spent = kernel.state.spend.total
    assert abs(ledger - spent.usd) < 1e-12
    assert [(share.calls, round(share.usd, 12)) for share in shares] == [(spent.calls, round(spent.usd, 12))] * 4


def call(number: int, *, at: float, model: str, usd: float | None, role: str = "cortex") -> list[Record]:
    request = RequestId(f"r{number}")
    place = Place(session=PLACE.session, run=PLACE.run, task=TaskId(f"t{number % 2}"))
    asked = ModelRequested(
        request_id=request,
        model=model,
        role=role,
        why="test",
        bound=Bound(tokens=10, usd=usd),
        request_bytes=10,
        max_tokens=10,
        step=1,
    )
    ended = ModelFinished(
        request_id=request,
        model=model,
        message=Message(role=Role.MODEL, content=(Text(text="x"),)),
        stop=StopReason.END,
        usage=Usage(input_tokens=100, output_tokens=20),
        usd=usd,
        first_token_s=0.1,
        seconds=1.0,
    )
    return [
        Record(seq=Seq(2 * number), at=at, place=place, body=asked),
        Record(seq=Seq(2 * number + 1), at=at + 90_000, place=place, body=ended),
    ]


def test_an_unknown_price_is_counted_and_never_shown_as_nothing() -> None:
    records = [*call(1, at=0.0, model="a:x", usd=0.5), *call(2, at=0.0, model="b:y", usd=None)]

    found = costs.shares(records, "model")

    assert [(share.name, share.price) for share in found] == [
        ("a:x", "$0.5000"),
        ("b:y", "unknown for 1 calls (120 tokens)"),
    ]
    assert costs.total(found).price == "$0.5000 + unknown for 1 calls (120 tokens)"


def test_a_call_belongs_to_the_role_task_and_local_day_of_its_request() -> None:
    noon = datetime(2026, 3, 4, 12).astimezone().timestamp()
    records = [*call(1, at=noon, model="a:x", usd=0.5), *call(2, at=noon, model="a:x", usd=0.25, role="scout")]

    names = {by: [share.name for share in costs.shares(records, by)] for by in costs.BYS}

    assert names == {"day": ["2026-03-04"], "model": ["a:x"], "role": ["cortex", "scout"], "task": ["s1 t0", "s1 t1"]}
