"""How far two replies are apart."""

from __future__ import annotations

import pytest

from hermes_tui.domain.distance import calls_distance, distance, text_distance
from hermes_tui.domain.ids import CallId
from hermes_tui.domain.messages import Message, Role, Source, Text, ToolCall


def call(name: str, arguments: str = "{}", number: int = 0) -> ToolCall:
    return ToolCall(call_id=CallId(f"c{number}"), name=name, arguments=arguments)


def reply(text: str, *calls: ToolCall) -> Message:
    return Message(role=Role.MODEL, content=(Text(text=text, source=Source.MODEL), *calls))


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ([], [], 0.0),
        ([call("list")], [], 1.0),
        ([call("list")], [call("read")], 1.0),
        ([call("read", '{"a": 1, "b": 2}')], [call("read", '{"b":2,"a":1}', 7)], 0.0),
        ([call("read", '{"a": 1}')], [call("read", '{"a": 2}')], 0.5),
        ([call("read"), call("list")], [call("list"), call("read")], 0.0),
        ([call("read"), call("list")], [call("list")], 1 / 3),
        ([call("read", "no json")], [call("read", "no json")], 0.0),
    ],
)
def test_calls_are_compared_by_tool_and_arguments_in_any_order(
    one: list[ToolCall], other: list[ToolCall], apart: float
) -> None:
    assert calls_distance(one, other) == pytest.approx(apart)
    assert calls_distance(other, one) == pytest.approx(apart)


def test_words_are_compared_with_their_order_and_without_their_case() -> None:
    same, shuffled, other = "The tests are green.", "Green are the tests", "Nothing was found here"

    assert text_distance(same, "the tests ARE green") == 0.0
    assert 0.0 < text_distance(same, shuffled) < 1.0
    assert text_distance(same, other) == 1.0
    assert text_distance("", "") == 0.0


def test_what_is_said_beside_a_call_does_not_count() -> None:
    assert distance(reply("Let me look.", call("list")), reply("Listing now.", call("list"))) == 0.0
    assert distance(reply("Done."), reply("Done.", call("list"))) == 1.0
