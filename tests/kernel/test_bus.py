"""The bus: who hears which records, in which order, and what joining and leaving meanwhile does."""

from __future__ import annotations

from hermes_tui.domain.events import AgentEnded, Event, MessageGiven, RunPaused, RunUnpaused
from hermes_tui.domain.ids import Seq, SessionId
from hermes_tui.domain.records import Place, Record
from hermes_tui.kernel.bus import Bus

PLACE = Place(session=SessionId("s1"))
PAUSED = RunPaused(by="operator")
UNPAUSED = RunUnpaused(by="operator")


def _record(seq: int, body: Event) -> Record:
    return Record(seq=Seq(seq), at=0.0, place=PLACE, body=body)


def test_a_reader_hears_only_the_kinds_that_it_asked_for() -> None:
    bus = Bus()
    everything: list[int] = []
    pauses: list[int] = []
    bus.subscribe(lambda record: everything.append(record.seq))
    bus.subscribe(lambda record: pauses.append(record.seq), (RunPaused, AgentEnded))

    bodies: tuple[Event, ...] = (PAUSED, MessageGiven(text="on"), UNPAUSED, PAUSED)
    for seq, body in enumerate(bodies, start=1):
        bus.publish(_record(seq, body))

    assert everything == [1, 2, 3, 4]
    assert pauses == [1, 4]


def test_readers_are_called_in_the_order_they_came_whatever_they_asked_for() -> None:
    bus = Bus()
    called: list[str] = []
    bus.subscribe(lambda _: called.append("pauses"), (RunPaused,))
    bus.subscribe(lambda _: called.append("all"))
    bus.subscribe(lambda _: called.append("pauses too"), (RunPaused,))

    bus.publish(_record(1, PAUSED))

    assert called == ["pauses", "all", "pauses too"]


def test_who_comes_or_leaves_between_two_records_of_a_kind_is_minded() -> None:
    bus = Bus()
    early: list[int] = []
    late: list[int] = []
    leave = bus.subscribe(lambda record: early.append(record.seq), (RunPaused,))
    bus.publish(_record(1, PAUSED))

    bus.subscribe(lambda record: late.append(record.seq), (RunPaused,))
    bus.publish(_record(2, PAUSED))
    leave()
    bus.publish(_record(3, PAUSED))

    assert early == [1, 2]
    assert late == [2, 3]


def test_who_leaves_while_a_record_is_handed_out_still_gets_that_one() -> None:
    bus = Bus()
    heard: list[int] = []
    bus.subscribe(lambda record: leave() if record.seq == 1 else None)
    leave = bus.subscribe(lambda record: heard.append(record.seq))

    bus.publish(_record(1, PAUSED))
    bus.publish(_record(2, PAUSED))

    assert heard == [1]
