"""A table's versions: each keeps its own values, in the order of the keys, and equals the plain mapping."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_tui.capabilities.state.codec import decode_state, encode_state
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.state.graph import GraphState, TaskStatus
from hermes_tui.domain.state.table import Table, having


@given(st.integers(1, 200), st.lists(st.tuples(st.integers(0, 199), st.integers())))
def test_every_version_stays_what_it_was_however_others_go_on(size: int, changes: list[tuple[int, int]]) -> None:
    plain = dict.fromkeys(range(size), 0)
    versions = [(Table(plain), plain)]

    for key, value in changes:
        table, plain = versions[-1]
        versions.append((table.having(key % size, value), {**plain, key % size: value}))

    assert all(list(table.items()) == list(plain.items()) for table, plain in versions)
    assert all(list(table.values()) == [table[key] for key in table] for table, _ in versions)


def test_a_key_that_is_not_there_is_refused_and_not_found() -> None:
    table = Table({"a": 1})

    assert ("b" in table, len(table)) == (False, 1)
    with pytest.raises(KeyError):
        table.having("b", 2)


def test_a_table_equals_the_plain_mapping_from_both_sides() -> None:
    plain = {f"t{number}": number for number in range(40)}

    assert having(plain, "t39", 39) == plain
    assert plain == having(plain, "t39", 39)
    assert having(plain, "t0", 1) != plain


def test_a_stored_state_comes_back_as_it_was() -> None:
    status = {TaskId(f"t{number}"): TaskStatus() for number in range(40)}
    graph = GraphState(status=having(status, TaskId("t33"), TaskStatus(note="changed")))
    state = SessionState(graph=graph)

    assert decode_state(encode_state(state)) == state
