"""A conversation that has everything in it, for what is said about requests."""

from __future__ import annotations

import json
from hashlib import sha256

from hermes_tui.domain.ids import CallId
from hermes_tui.domain.messages import Image, Message, Opaque, Role, Source, Text, Thinking, ToolCall, ToolResult
from tests.capabilities.providers.speakers import ask, said

PIXEL = bytes.fromhex("89504e470d0a1a0a")
PICTURE = Image(media_type="image/png", sha256=sha256(PIXEL).hexdigest())
LOST_PICTURE = Image(media_type="image/png", sha256="0" * 64)
FOREIGN = Opaque(provider="somebody", model="fake-large", data=b"[{}]".hex())
ONE, TWO = CallId("call_1"), CallId("call_2")

SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"answer": {"type": "string", "maxLength": 80}, "enum": {"enum": ["a", "b"]}},
        "required": ["answer", "enum"],
    }
)

HISTORY = (
    Message(role=Role.OPERATOR, content=(Text(text="What is this?", source=Source.OPERATOR), PICTURE, LOST_PICTURE)),
    Message(
        role=Role.MODEL,
        content=(
            Thinking(text="I should look."),
            FOREIGN,
            Text(text="Let me look."),
            ToolCall(call_id=ONE, name="shell", arguments='{"command": "ls"}'),
            ToolCall(call_id=TWO, name="shell", arguments='{"command": '),
        ),
    ),
    Message(
        role=Role.TOOL,
        content=(
            ToolResult(call_id=ONE, ok=True, output="a.txt"),
            ToolResult(call_id=TWO, ok=False, output="The arguments are no JSON."),
        ),
    ),
    Message(role=Role.KERNEL, content=(Text(text="It is 10 o'clock.", source=Source.KERNEL),)),
    Message(role=Role.MODEL, content=(Text(text="A file."),)),
    said("Say more."),
)

RICH = ask(*HISTORY, images={PICTURE.sha256: PIXEL}, effort="high", reply_schema=SCHEMA, window_tokens=16_384)
