"""What an operator can go back to: each thing they said, once."""

from __future__ import annotations

from hermes_tui.domain.events import Event, MessageGiven, RunStarted
from hermes_tui.domain.ids import RunId, Seq, SessionId
from hermes_tui.domain.messages import Source
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.tasks import Goal, Mode
from hermes_tui.domain.usage import Limits
from hermes_tui.interfaces import _steering as steering


def said(seq: int, run: str, body: Event) -> Record:
    return Record(seq=Seq(seq), at=float(seq), place=Place(session=SessionId("s"), run=RunId(run)), body=body)


def began(text: str) -> RunStarted:
    return RunStarted(goal=Goal(text=text), goal_digest="", mode=Mode.ASK, limits=Limits(), grants=())


def test_a_goal_that_is_handed_to_an_agent_too_is_one_prompt() -> None:
    records = [
        said(1, "r1", began("Look.")),
        said(2, "r1", MessageGiven(text="Closer.")),
        said(3, "r2", began("Mend it.")),
        said(4, "r2", MessageGiven(text="Mend it.")),
        said(5, "r2", MessageGiven(text="A note of ours.", source=Source.KERNEL)),
        said(6, "r3", began("Mend it.")),
    ]

    found = steering.prompts(records)

    assert [(record.seq, text) for record, text in found] == [
        (1, "Look."),
        (2, "Closer."),
        (3, "Mend it."),
        (6, "Mend it."),
    ]
