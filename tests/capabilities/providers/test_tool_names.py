"""The names of servers' tools have dots; no wire takes them, so none carries them, and each brings them back."""

from __future__ import annotations

import json

import pytest

from hermes_tui.capabilities.providers import _anthropic_wire, _ollama_wire, _openai_responses_wire, _openai_wire
from hermes_tui.domain.ids import CallId
from hermes_tui.domain.messages import Message, Role, Text, ToolCall, ToolResult
from hermes_tui.domain.parts import ModelRequest, Part, ToolCallFinished, ToolSchema

NAME = "mcp.notes.list__all"
WIRED = "mcp__notes__list__all"
CALL = ToolCall(call_id=CallId("c1"), name=NAME, arguments="{}")
REQUEST = ModelRequest(
    model="m",
    system="s",
    messages=(
        Message(role=Role.OPERATOR, content=(Text(text="go"),)),
        Message(role=Role.MODEL, content=(CALL,)),
        Message(role=Role.TOOL, content=(ToolResult(call_id=CallId("c1"), ok=True, output="fine"),)),
    ),
    tools=(ToolSchema(name=NAME, description="List.", parameters='{"type":"object"}'),),
    max_tokens=100,
)


def bodies() -> dict[str, object]:
    return {
        "anthropic": _anthropic_wire.body_of(REQUEST, "anthropic"),
        "ollama": _ollama_wire.body_of(REQUEST),
        "responses": _openai_responses_wire.body_of(REQUEST, "openai"),
        "chat": _openai_wire.body_of(REQUEST, "openai", _openai_wire.Dialect()),
    }


@pytest.mark.parametrize("wire", bodies())
def test_what_is_sent_names_the_tool_without_dots_in_schema_and_history(wire: str) -> None:
    sent = json.dumps(bodies()[wire])

    assert NAME not in sent
    assert sent.count(WIRED) >= 2


def finished(parts: list[Part]) -> list[str]:
    return [part.name for part in parts if isinstance(part, ToolCallFinished)]


def test_what_comes_back_names_the_tool_as_it_is_called_here() -> None:
    anthropic = _anthropic_wire.MessagesReply("a", "m")
    block: dict[str, object] = {"type": "tool_use", "id": "t", "name": WIRED, "input": {}}
    heard = anthropic.read({"type": "content_block_start", "index": 0, "content_block": block})
    heard += anthropic.read({"type": "content_block_stop", "index": 0})
    ollama = _ollama_wire.LineReply("o")
    line: dict[str, object] = {
        "message": {"tool_calls": [{"function": {"name": WIRED, "arguments": {}}}]},
        "done": False,
    }

    assert finished(heard) == [NAME]
    assert finished(ollama.read(line)) == [NAME]
