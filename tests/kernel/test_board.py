"""The feed of the board: an agent reads what changed since it looked, or waits until something does."""

from __future__ import annotations

import asyncio

from hermes_tui.domain.events import AgentEnded, MessageGiven, ToolFinished
from hermes_tui.domain.ids import AgentId
from hermes_tui.domain.records import Place
from tests.kernel.bench import FakeClock, ask_for, say
from tests.kernel.crew_bench import CrewBench, Scripts

WAIT = ask_for(("board", {"since": 0, "key": "answer", "wait_s": 60}))


class EndlessClock(FakeClock):
    """No wait is ever over: only news can end one."""

    def __init__(self) -> None:
        super().__init__()
        self.asleep = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.asleep.set()
        await asyncio.Event().wait()


def outputs(bench: CrewBench, agent: str) -> list[str]:
    records = bench.kernel.journal.records
    return [r.body.output for r in records if isinstance(r.body, ToolFinished) and r.place.agent == agent]


async def test_a_child_that_waits_for_an_entry_goes_on_when_another_has_written_it() -> None:
    out = ask_for(("delegate", {"task": "wait for it"}), ("delegate", {"task": "write it"}))
    write = [
        ask_for(("board", {"key": "other", "value": "1", "version": 0})),
        ask_for(("board", {"key": "answer", "value": "42", "version": 0})),
        say("Written."),
    ]
    scripts = Scripts({"Do": [out, say("Waiting."), say("Done.")], "wait": [WAIT, say("It is 42.")], "write": write})
    bench = CrewBench(scripts)
    bench.kernel.kit.clock = EndlessClock()
    bench.kernel.start()

    ended = await bench.run()

    (seen,) = outputs(bench, "c1")
    assert (ended.answer, bench.ended()[AgentId("c1")].answer) == ("Done.", "It is 42.")
    assert seen == "answer, version 1 by c2:\n42\nThe board is at revision 2."


async def test_only_what_changed_since_a_revision_is_read() -> None:
    steps = [
        ask_for(("board", {"key": "a", "value": "1", "version": 0})),
        ask_for(("board", {"key": "b", "value": "2", "version": 0})),
        ask_for(("board", {"key": "a", "value": "3", "version": 1})),
        ask_for(("board", {"since": 2}), ("board", {"since": 3, "wait_s": 5}), ("board", {})),
        say("Done."),
    ]
    bench = CrewBench(Scripts({"Do": steps}))
    bench.kernel.start()

    await bench.run()

    changed, listed, nothing = outputs(bench, "main")[3:]
    assert changed == "a, version 2 by main:\n3\nThe board is at revision 3."
    assert nothing == "Nothing changed.\nThe board is at revision 3."
    assert listed.endswith("The board is at revision 3.")
    assert bench.kernel.clock.slept == [5]


async def test_a_word_to_a_child_that_waits_is_read_at_once() -> None:
    out = ask_for(("delegate", {"task": "wait for it"}))
    scripts = Scripts({"Do": [out, say("Waiting."), say("Done.")], "wait": [WAIT, say("I stop waiting.")]})
    bench = CrewBench(scripts)
    bench.kernel.kit.clock = clock = EndlessClock()
    bench.kernel.start()
    running = asyncio.create_task(bench.run())
    await clock.asleep.wait()
    child: Place = bench.kernel.state.agents.by_id[AgentId("c1")].place

    bench.kernel.kit.session.emit(MessageGiven(text="Leave it."), child)
    ended = await running

    assert (ended.answer, outputs(bench, "c1")[0].splitlines()[0]) == ("Done.", "Nothing changed.")
    assert len(bench.kernel.bodies(AgentEnded)) == 1
