"""Conversations as the JSON of a wire: what was written for one request is not written again for the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from hermes_tui.capabilities.providers._json import Fields, Json, body_bytes, json_of
from hermes_tui.domain.messages import Image, Message, Opaque
from hermes_tui.domain.parts import ToolSchema

KEPT_BYTES: Final = 4_000_000
"""JSON that one wire keeps: more than any window holds."""
InWords = Callable[[Message], Iterable[Fields]]


class Plain:
    """The parts of a body in the words of a wire, as they are."""

    def message(self, message: Message, in_words: InWords) -> Iterable[object]:
        """Return the objects that a message is for a wire."""
        return in_words(message)

    def tools(self, tools: tuple[ToolSchema, ...], in_words: Callable[[], object]) -> object:  # noqa: ARG002 - as below
        """Return what the tools of a request are for a wire."""
        return in_words()


PLAIN: Final = Plain()


class Written(Plain):
    """The same parts as JSON: messages never change, and each request repeats those of the one before it.

    Any number of agents may share it, on any thread: at worst two of them write the same message.
    """

    def __init__(self) -> None:
        self._messages: dict[int, tuple[Message, tuple[Json, ...]]] = {}
        self._bytes = 0
        self._tools: tuple[tuple[ToolSchema, ...], Json] = ((), json_of([]))

    def body(self, body_of: Callable[[Plain], Fields]) -> bytes:
        """Return the JSON of a body, the same to the byte as that of its parts in words."""
        try:
            return bytes(json_of(body_of(self)))
        except UnicodeEncodeError:  # half a surrogate pair, which only an escape can carry
            return body_bytes(body_of(PLAIN))

    def message(self, message: Message, in_words: InWords) -> Iterable[object]:
        # By identity, as equal ones are not worth the comparison; who is kept has its number to itself.
        known = self._messages.get(id(message))
        if known is not None and known[0] is message:
            return known[1]
        made = tuple(json_of(fields) for fields in in_words(message))
        if _stays(message):
            self._keep(message, made)
        return made

    def tools(self, tools: tuple[ToolSchema, ...], in_words: Callable[[], object]) -> object:
        if self._tools[0] != tools:
            self._tools = (tools, json_of(in_words()))
        return self._tools[1]

    def _keep(self, message: Message, made: tuple[Json, ...]) -> None:
        size = sum(map(len, made))
        if self._bytes + size > KEPT_BYTES:
            self._messages, self._bytes = {}, 0
        self._messages[id(message)] = message, made
        self._bytes += size


def _stays(message: Message) -> bool:
    """Whether a message is the same in every request: a picture may be gone, and signed words have one reader."""
    return not any(isinstance(part, Image | Opaque) for part in message.content)
