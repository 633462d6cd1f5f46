"""Any sequence of events whatever: the fold never fails, can be cut anywhere, and is the same read back from disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st

from hermes_tui.capabilities.state.codec import decode, decode_state, encode, encode_state
from hermes_tui.domain.events import EditKind, Event, PlanEdited, PlanOp
from hermes_tui.domain.ids import AgentId, RunId, Seq, SessionId, TaskId
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.state import fold_all
from hermes_tui.domain.tasks import Task, TaskKind, TaskState
from tests.capabilities.state.samples import EVENTS

NAMES = ("a", "b", "c")
_PLAN = PlanEdited(
    base_rev=0,
    by="goal",
    why="",
    ops=tuple(
        PlanOp(kind=EditKind.ADD, target=TaskId(name), task=Task(id=TaskId(name), kind=TaskKind.TOOL, title=name))
        for name in NAMES
    ),
)
_places = st.builds(
    Place,
    session=st.sampled_from([SessionId("s"), SessionId("s.c1")]),
    run=st.sampled_from([RunId("r1"), RunId("r2"), None]),
    task=st.sampled_from([*map(TaskId, NAMES), TaskId("unknown"), None]),
    agent=st.sampled_from([AgentId("main"), AgentId("a"), AgentId("c1"), AgentId("a~summary")]),
    attempt=st.integers(min_value=0, max_value=3),
)
_events: st.SearchStrategy[Event] = st.sampled_from([*EVENTS, _PLAN])


_journals = st.lists(st.tuples(_events, _places), max_size=40).map(
    lambda pairs: [
        Record(seq=Seq(number), at=float(number), place=place, body=body)
        for number, (body, place) in enumerate(pairs, 1)
    ]
)


def plain(value: object) -> object:
    """Return a value without what it shares with others: two logs that say the same are equal then."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        given = cast("Mapping[object, object]", value)
        return {key: plain(item) for key, item in given.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(item) for item in cast("Sequence[object]", value)]
    return value


def _ordered(value: object) -> object:
    """Return a value in which the order of what a mapping holds counts too: tasks and questions have one."""
    found = plain(value)
    if isinstance(found, dict):
        return [(key, _ordered(item)) for key, item in cast("dict[object, object]", found).items()]
    if isinstance(found, list):
        return [_ordered(item) for item in cast("list[object]", found)]
    return found


@settings(max_examples=150, deadline=None)
@given(_journals, st.integers(min_value=0, max_value=40))
def test_a_fold_can_be_cut_anywhere_and_equals_what_is_read_back(journal: list[Record], cut: int) -> None:
    live = fold_all(journal)

    from_snapshot = fold_all(journal[cut:], fold_all(journal[:cut]))
    stored = [replace(one, body=decode(one.type, encode(one.body))) for one in journal]

    assert plain(from_snapshot) == plain(live)
    assert plain(fold_all(stored)) == plain(live)


@settings(max_examples=150, deadline=None)
@given(_journals, st.integers(min_value=0, max_value=40))
def test_a_stored_fold_is_the_fold_and_goes_on_as_it_would(journal: list[Record], cut: int) -> None:
    live = fold_all(journal)

    stored = encode_state(fold_all(journal[:cut]))
    resumed = fold_all(journal[cut:], decode_state(stored))

    assert resumed == live
    assert _ordered(resumed) == _ordered(live)


@settings(max_examples=150, deadline=None)
@given(_journals)
def test_no_sequence_of_events_leads_to_a_state_that_is_none(journal: list[Record]) -> None:
    state = fold_all(journal)

    assert set(state.graph.status) == set(state.graph.tasks)
    assert all(isinstance(status.state, TaskState) for status in state.graph.status.values())
    assert state.spend.run.usd >= 0
    assert state.spend.reserved_usd >= 0
    assert not {one.agent for one in state.agents.live() if one.ended is not None}
    assert all(one.approval_id not in state.calls.given for one in state.calls.waiting)
    assert state.seq == len(journal)
