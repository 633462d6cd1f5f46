"""What becomes of subagents and windows stands in the console and the mind-log; `/context` says what a window holds."""

from __future__ import annotations

from hermes_tui.domain.events import (
    AgentEnded,
    AgentSpawned,
    ContextCompacted,
    Event,
    MessageGiven,
    Portion,
    WindowFilled,
)
from hermes_tui.domain.ids import AgentId, RequestId, RunId, Seq, SessionId, TaskId
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.state import fold_all
from hermes_tui.domain.usage import Limits, Usage
from hermes_tui.interfaces.tui.asks import OrderAsked
from hermes_tui.interfaces.tui.drawing.row_window import Room
from hermes_tui.interfaces.tui.mind_rows import MindLog
from hermes_tui.interfaces.tui.subagents import context_lines
from hermes_tui.interfaces.tui.transcript import Transcript
from tests.interfaces.tui.stand import Table, workstation
from tests.interfaces.tui.test_graph import STALLED, run

CHILD = AgentId("scout")
SPAWNED = AgentSpawned(
    parent=AgentId("main"),
    title="look \x1b[31maround",
    task="Look.",
    role="cortex",
    tools=("list",),
    write=(),
    limits=Limits(usd=0.25),
    depth=1,
)
ENDED = AgentEnded(
    parent=AgentId("main"),
    status="done",
    answer="Nothing there.",
    why="",
    report="r",
    calls=2,
    failed_calls=0,
    steps=3,
    usage=Usage(),
    usd=0.02,
    seconds=4.0,
)
COMPACTED = ContextCompacted(upto=4, summary="s", kept=(), before_tokens=31_000, after_tokens=6_000, by="openai:mini")


def record(seq: int, body: Event) -> Record:
    place = Place(session=SessionId("s"), run=RunId("r1"), task=TaskId("t"), agent=CHILD)
    return Record(seq=Seq(seq), at=float(seq), place=place, body=body)


def test_a_subagent_and_a_compaction_are_told_where_they_happen() -> None:
    records = [record(1, SPAWNED), record(2, COMPACTED), record(3, ENDED)]
    transcript, mind = Transcript(), MindLog()
    told = [line.text for one in records for row in transcript.take(one) for line in row.lines(Room(100))]
    thoughts = [thought for one in records for thought in mind.take(one)]

    text = "\n".join(told)
    assert "• scout sent out: look \\x1b[31maround · $0.25 at most" in text
    assert "• scout compacted 31.0k → 6.0k tokens: goal, plan, rules and open items kept." in text
    assert "✓ scout done: 3 steps · $0.02 · 4.0 s" in text
    assert [(one.who, one.kind, one.action) for one in thoughts] == [
        ("scout", "agent", "sent out"),
        ("scout", "context", "compacted 31.0k → 6.0k tokens"),
        ("scout", "agent", "done"),
    ]


def test_a_window_is_shown_with_what_it_holds_and_why() -> None:
    filled = WindowFilled(
        request_id=RequestId("q"),
        window_tokens=200_000,
        used_tokens=4_000,
        output_tokens=1_000,
        portions=(Portion(section="history", tokens=526, cap_tokens=9_000, why="every message"),),
        left_out=("messages 1 to 3: summarised",),
    )
    state = fold_all([record(1, MessageGiven(text="Look at ﷽ this.")), record(2, filled)])

    lines = [line.text for line in context_lines(state, None, 80)]
    nobody = [line.text for line in context_lines(state, AgentId("other"), 80)]

    assert "at most 4.0k in, 1.0k out, 195k free of 200k" in lines[0]
    assert any("history" in line and "526 of" in line and "every message" in line for line in lines)
    assert any("left out" in line and "summarised" in line for line in lines)
    assert any("the goal" in line and "Look at" in line for line in lines)
    assert max(line.width for line in context_lines(state, None, 80)) <= 80
    assert nobody == [" Nobody other has a window yet. A goal begins the first."]


async def test_words_from_the_open_transcript_of_an_agent_go_to_that_agent(table: Table) -> None:
    async with workstation(table, STALLED) as app:
        await run(app)
        agent = app.seat.state.agents.live()[0].agent
        app.post_message(OrderAsked("transcript", agent))
        await app.until(lambda: f"═ transcript of {agent} ═" in app.rows[0])
        hint = app.rows[0]
        await app.pilot.press("i")
        await app.until(lambda: "read before its next reply" in app.text)
        await app.enter("mind the gap")
        await app.until(lambda: "(not read yet) mind the gap" in app.text)

        assert "i tells it something · Esc closes" in hint
        assert app.rows[0].startswith(f"═ transcript of {agent} ═")
