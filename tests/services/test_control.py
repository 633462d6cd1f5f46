"""What a run tells those who reach it through its control socket."""

from __future__ import annotations

import asyncio
from typing import cast

from hermes_tui.domain.ids import AgentId, ApprovalId
from hermes_tui.services.control import Owner
from tests.kernel.bench import PLACE, FakeTool, ask_for, echo, say
from tests.kernel.crew_bench import CrewBench, Scripts


async def test_a_question_of_a_child_is_told_with_its_name_its_errand_and_its_task() -> None:
    out = ask_for(("delegate", {"task": "risk it"}))
    scripts = Scripts({"Do": [out, say("Waiting.")], "risk": [ask_for(("risky", {}))]})
    bench = CrewBench(scripts, risky=FakeTool("risky", echo))
    bench.kernel.policy.asks.add("risky")
    bench.kernel.start()
    await bench.run()
    kit = bench.kernel.kit
    owner = Owner(session=kit.session, gate=kit.gate, place=lambda: PLACE, stop=asyncio.Event().set, clock=kit.clock)

    status = await owner.answer({"do": "status"})

    (question,) = cast("list[dict[str, str]]", status["questions"])
    asked = kit.session.state.calls.asked[ApprovalId(question["id"])]
    assert (question["agent"], question["errand"], question["task"]) == ("c1", "risk it", "main")
    assert status["waiting"] == [question["id"]]
    assert asked.agent == AgentId("c1")
