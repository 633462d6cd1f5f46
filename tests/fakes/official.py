"""Request bodies judged by the types of the vendors' own packages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from anthropic.types.message_create_params import MessageCreateParamsStreaming
from ollama._types import ChatRequest, Message
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming
from pydantic import TypeAdapter

from tests.fakes.scenario import JsonObject


@cache
def _adapter(dialect: str) -> TypeAdapter[Any]:
    kinds = {"anthropic": MessageCreateParamsStreaming, "openai_chat": CompletionCreateParamsStreaming}
    return TypeAdapter(kinds.get(dialect, ChatRequest))


def check(dialect: str, body: JsonObject) -> None:
    """Check a request's body.

    Raises:
        pydantic.ValidationError: the vendor's package would not have sent it.
    """
    _walk(_adapter(dialect).validate_python(body))
    if dialect == "ollama":  # its request takes any mapping for a message
        TypeAdapter(list[Message]).validate_python(body["messages"])


def _walk(value: Any) -> None:  # noqa: ANN401 - whatever a request is made of
    """Visit everything: what is declared as an iterable is checked as it is read."""
    if isinstance(value, Mapping):
        for inner in cast("Mapping[str, Any]", value).values():
            _walk(inner)
    elif hasattr(value, "__iter__") and not isinstance(value, str | bytes):
        for inner in value:
            _walk(inner)
