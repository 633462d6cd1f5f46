"""What streams back from a provider, and the request that asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Literal

from hermes_tui.domain.messages import Message, Opaque
from hermes_tui.domain.usage import Usage
from hermes_tui.domain.values import frozen


@frozen(kw_only=False)
class TextDelta:
    """More text of the reply."""

    text: str


@frozen(kw_only=False)
class ThinkingDelta:
    """More visible reasoning."""

    text: str


@frozen(kw_only=False)
class ToolCallStarted:
    """The model begins call number `index` of this reply."""

    index: int
    name: str


@frozen(kw_only=False)
class ToolCallDelta:
    """A fragment of the JSON arguments of call `index`."""

    index: int
    arguments: str


@frozen(kw_only=False)
class ToolCallFinished:
    """Call `index` is whole; `arguments` is all of its JSON text, unchecked."""

    index: int
    name: str
    arguments: str


class StopReason(StrEnum):
    """Why a reply ended."""

    END = "end"
    TOOL_CALLS = "tool_calls"
    LENGTH = "length"
    REFUSAL = "refusal"
    PAUSE = "pause"


@frozen(kw_only=False)
class Stop:
    """The terminal marker was seen; always the last part."""

    reason: StopReason


Part = TextDelta | ThinkingDelta | Opaque | ToolCallStarted | ToolCallDelta | ToolCallFinished | Usage | Stop


@frozen
class ToolSchema:
    """A tool as a model sees it; `parameters` is the text of a JSON Schema object."""

    name: str
    description: str
    parameters: str


@frozen
class Clocks:
    """The four time limits of one request, in seconds."""

    connect_s: float = 5.0
    first_token_s: float = 30.0
    idle_s: float = 20.0
    total_s: float = 600.0


Effort = Literal["low", "medium", "high"]
"""How much a model should reason before it answers."""


@frozen
class ModelRequest:
    """One request to a model.

    `model` is the provider's own name for it. `system` is the stable prefix; `messages` follow in order.
    `temperature` None leaves the choice to the provider. `window_tokens` is the context window to ask for where the
    wire has such a field (Ollama's `num_ctx`). `effort` None leaves the reasoning to the model's default. `images`
    holds the bytes of the pictures that `messages` name by their sha256; one that is not there is sent as a note.
    `reply_schema` is the text of a JSON Schema that the reply should fit; the wires hold the model to it as far as they
    can, the reader still has to check.
    """

    model: str
    system: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSchema, ...] = ()
    max_tokens: int = 4096
    temperature: float | None = None
    window_tokens: int | None = None
    effort: Effort | None = None
    images: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    reply_schema: str | None = None
    clocks: Clocks = Clocks()
