"""What a model reads and writes: messages and their content, neutral to any vendor's wire."""

from __future__ import annotations

from enum import StrEnum

from hermes_tui.domain.ids import CallId
from hermes_tui.domain.values import frozen


class Role(StrEnum):
    """Who a message is from; on a provider's wire an operator is called `user`."""

    OPERATOR = "operator"
    MODEL = "model"
    TOOL = "tool"
    KERNEL = "kernel"


class Source(StrEnum):
    """Where a text comes from; text from anywhere but the operator never widens what a run may do."""

    OPERATOR = "operator"
    KERNEL = "kernel"
    MODEL = "model"
    TOOL = "tool"
    WORKSPACE = "workspace"
    WEB = "web"


@frozen(kind="text")
class Text:
    """Plain text or Markdown."""

    text: str
    source: Source = Source.MODEL


@frozen(kind="thinking")
class Thinking:
    """Reasoning that a model showed; never sent to another model."""

    text: str


@frozen(kind="opaque")
class Opaque:
    """Vendor bytes, such as signed thinking: replayed unchanged to the same provider and model, dropped elsewhere.

    `data` is hexadecimal, so that no redaction pattern can match inside it.
    """

    provider: str
    model: str
    data: str


@frozen(kind="tool_call")
class ToolCall:
    """A tool call that a model asked for; `arguments` is JSON text as the model wrote it, valid or not."""

    call_id: CallId
    name: str
    arguments: str


@frozen(kind="tool_result")
class ToolResult:
    """What the model reads back for a call."""

    call_id: CallId
    ok: bool
    output: str
    source: Source = Source.TOOL


@frozen(kind="image")
class Image:
    """A picture, by the hash of its bytes in the blob store."""

    media_type: str
    sha256: str


Content = Text | Thinking | Opaque | ToolCall | ToolResult | Image


@frozen
class Message:
    """One message of a conversation."""

    role: Role
    content: tuple[Content, ...]

    @property
    def text(self) -> str:
        """All plain text of the message, joined."""
        return "".join(part.text for part in self.content if isinstance(part, Text))

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The tool calls of the message, in the model's order."""
        return tuple(part for part in self.content if isinstance(part, ToolCall))
