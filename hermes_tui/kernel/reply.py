"""A model's reply as it grows, part by part."""

from __future__ import annotations

from dataclasses import field

from hermes_tui.domain.ids import CallId
from hermes_tui.domain.messages import Content, Message, Opaque, Role, Text, Thinking, ToolCall
from hermes_tui.domain.parts import (
    Part,
    Stop,
    StopReason,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
)
from hermes_tui.domain.usage import Usage
from hermes_tui.domain.values import mutable


@mutable
class Reply:
    """A reply as it grows."""

    prefix: str
    content: list[Content] = field(default_factory=list[Content])
    text: list[str] = field(default_factory=list[str])
    thinking: list[str] = field(default_factory=list[str])
    calls: int = 0
    usage: Usage | None = None
    stop: StopReason | None = None
    first_token_s: float | None = None
    """Seconds until the first part; None while nothing came."""

    def take(self, part: Part) -> None:
        """Add one part."""
        match part:
            case TextDelta():
                self._close_thinking()
                self.text.append(part.text)
            case ThinkingDelta():
                self.thinking.append(part.text)
            case Opaque():
                self._close()
                self.content.append(part)
            case ToolCallFinished():
                self._close()
                call_id = CallId(f"{self.prefix}-{self.calls}")
                self.calls += 1
                self.content.append(ToolCall(call_id=call_id, name=part.name, arguments=part.arguments))
            case Usage():
                self.usage = part
            case Stop():
                self._close()
                self.stop = part.reason
            case ToolCallStarted() | ToolCallDelta():
                pass

    def _close_thinking(self) -> None:
        if self.thinking:
            self.content.append(Thinking(text="".join(self.thinking)))
            self.thinking.clear()

    def _close(self) -> None:
        self._close_thinking()
        if self.text:
            self.content.append(Text(text="".join(self.text)))
            self.text.clear()

    def fragment(self) -> str:
        """Return the text so far, as evidence."""
        self._close()
        return Message(role=Role.MODEL, content=tuple(self.content)).text
