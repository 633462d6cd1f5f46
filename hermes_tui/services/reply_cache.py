"""Replies given again: a background call at temperature 0 that was answered before is not paid for twice."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence

from hermes_tui.capabilities.state.reply_store import ReplyStore
from hermes_tui.domain.parts import Clocks, ModelRequest, Part, Stop, StopReason, TextDelta, ThinkingDelta
from hermes_tui.domain.ports import Provider
from hermes_tui.domain.usage import KEPT, Usage
from hermes_tui.domain.values import frozen, replace


@frozen(kw_only=False)
class CachedProvider:
    """Answers as `provider` does, and for `keep_s` seconds the very same request at temperature 0 as it did then.

    Only words are kept: a reply that asks for a tool, or was cut, is never given again.
    """

    provider: Provider
    replies: ReplyStore
    target: str
    keep_s: float

    async def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        """Stream as the provider does, or what it said before as one part; see `ports.Provider`."""
        key = key_of(self.target, request)
        text = self.replies.find(key, self.keep_s) if key else None
        if text is not None:
            yield TextDelta(text)
            yield KEPT
            yield Stop(StopReason.END)
            return
        parts: list[Part] = []
        async for part in self.provider.stream(request):
            if key:
                parts.append(part)
            if isinstance(part, Stop) and (words := _words(parts)):
                self.replies.keep(key, words, self.keep_s)
            yield part


def _words(parts: Sequence[Part]) -> str:
    """Return what a whole reply says, empty if it is more than words or less than whole."""
    plain = all(isinstance(part, TextDelta | ThinkingDelta | Usage | Stop) for part in parts)
    whole = Stop(StopReason.END) in parts[-1:]
    text = "".join(part.text for part in parts if isinstance(part, TextDelta))
    return text if plain and whole and text.strip() else ""


def key_of(target: str, request: ModelRequest) -> str:
    """Return the hash of all that decides over the answer of `target`, empty where the same is not said twice."""
    if request.temperature != 0 or request.tools:
        return ""
    asked = replace(request, clocks=Clocks(), images={})
    return hashlib.sha256(f"{target}\0{sorted(request.images)}\0{asked!r}".encode()).hexdigest()
