"""What was written for one request stands in the next as it was; a body is the same to the byte as one made anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Final

import pytest

from hermes_tui.capabilities.providers import _openai_responses_wire, _openai_wire
from hermes_tui.capabilities.providers._json import Fields, body_bytes
from hermes_tui.capabilities.providers._written import KEPT_BYTES, PLAIN, Plain, Written
from hermes_tui.domain.ids import CallId
from hermes_tui.domain.messages import Image, Message, Opaque, Role, Text, Thinking, ToolCall, ToolResult
from hermes_tui.domain.parts import ModelRequest, ToolSchema
from hermes_tui.domain.values import replace

Body = Callable[[ModelRequest, Plain], Fields]
BODIES: Final[dict[str, Body]] = {
    "chat": lambda request, parts: _openai_wire.body_of(request, "openai", _openai_wire.Dialect(), parts),
    "responses": lambda request, parts: _openai_responses_wire.body_of(request, "openai", parts),
}
TOOLS: Final = (ToolSchema(name="mcp.git.log", description="Ünder “quotes”.", parameters='{"type": "object"}'),)
CALL: Final = ToolCall(call_id=CallId("c1"), name="read", arguments='{"path": "ä\\n", "deep": [1.0, 2e20]}')
SPOKEN: Final = (
    Message(role=Role.OPERATOR, content=(Text(text="Look at “this”.\n"), Image(media_type="image/png", sha256="aa"))),
    Message(role=Role.MODEL, content=(Thinking(text="Hm."), Text(text="So."), CALL)),
    Message(role=Role.TOOL, content=(ToolResult(call_id=CallId("c1"), ok=False, output="\x00 \u2028 </script>"),)),
    Message(role=Role.KERNEL, content=(Text(text=""),)),
    Message(role=Role.MODEL, content=(Opaque(provider="openai", model="m", data=b'[{"a": 1}]'.hex()), Text(text="."))),
)
FIRST: Final = ModelRequest(model="m", system="Be brief.", messages=SPOKEN[:3], tools=TOOLS, images={"aa": b"png"})


@pytest.mark.parametrize("dialect", BODIES)
def test_a_conversation_that_grows_is_written_as_if_each_request_were_the_first(dialect: str) -> None:
    body, written = BODIES[dialect], Written()
    requests = [
        FIRST,
        replace(FIRST, messages=SPOKEN, temperature=0.5),
        replace(FIRST, messages=SPOKEN, images={}),
        replace(FIRST, messages=SPOKEN, model="other", tools=()),
        replace(FIRST, messages=SPOKEN[:1]),
    ]

    sent = [written.body(partial(body, request)) for request in requests]

    assert sent == [body_bytes(body(request, PLAIN)) for request in requests]


def test_a_message_is_put_into_words_once_and_one_that_only_equals_it_as_well() -> None:
    written, asked = Written(), list[Message]()
    message = Message(role=Role.OPERATOR, content=(Text(text="Hello."),))
    twin = replace(message)

    def in_words(one: Message) -> list[Fields]:
        asked.append(one)
        return [{"said": one.text}]

    said = [tuple(written.message(one, in_words)) for one in (message, message, twin, twin)]

    assert [one is message for one in asked] == [True, False]
    assert [body_bytes({"all": one}) for one in said] == [b'{"all":[{"said":"Hello."}]}'] * 4


def test_half_a_surrogate_pair_anywhere_is_escaped_as_ever() -> None:
    written = Written()
    whole = written.body(partial(BODIES["chat"], FIRST))
    broken = replace(FIRST, system="half \ud800")

    sent = written.body(partial(BODIES["chat"], broken))

    assert json.loads(sent)["messages"][0]["content"] == "half \ud800"
    assert json.loads(whole)["messages"][1:] == json.loads(sent)["messages"][1:]


def test_what_is_kept_is_bounded_and_written_anew_beyond_that() -> None:
    written, asked = Written(), list[str]()
    long = [Message(role=Role.OPERATOR, content=(Text(text=str(n) * (KEPT_BYTES // 2)),)) for n in range(3)]

    def in_words(one: Message) -> list[Fields]:
        asked.append(one.text[0])
        return [{"said": one.text}]

    for message in (long[0], long[0], long[1], long[0], long[2]):
        written.message(message, in_words)

    assert asked == ["0", "1", "0", "2"]
