"""Foreign JSON is read without trust, and a request's body is written whatever its text holds."""

from __future__ import annotations

import json

import pytest

from hermes_tui.capabilities.providers._json import Fields, body_bytes, schema_of


@pytest.mark.parametrize("text", ["plain", "Größe 木 \U0001f6e0", 'a "quote"\n\x1b', "half \ud83d of a pair"])
def test_a_body_says_what_it_was_given(text: str) -> None:
    body: Fields = {"model": "m", "messages": [{"role": "user", "content": text}], "stream": True, "max_tokens": 8}

    written = body_bytes(body)

    assert json.loads(written) == body


def test_the_schema_of_a_tool_is_read_once() -> None:
    text = '{"type": "object", "properties": {"path": {"type": "string"}}}'

    first = schema_of(text)

    assert first == json.loads(text)
    assert schema_of(text) is first
