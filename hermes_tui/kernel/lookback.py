"""Finding what was said earlier in one conversation, by its words; the rarer a word, the more it counts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from hermes_tui.domain.messages import Message, Text, ToolResult
from hermes_tui.kernel import notes

MOST: Final = 8
LINE: Final = 400


def find(messages: Sequence[Message], query: str) -> list[str]:
    """Return the lines of a conversation that have most of the query's words, best first, each with its message."""
    wanted = notes.words(query) | notes.hard(query)
    lines = [(at, line) for at, message in enumerate(messages) for line in _lines(message)]
    holds = [wanted & (notes.words(line) | notes.hard(line)) for _, line in lines]
    seen = Counter(word for each in holds for word in each)
    weight = {word: math.log(1 + len(lines) / count) for word, count in seen.items()}
    scored = [(sum(weight[word] for word in each), -at) for at, each in enumerate(holds) if each]
    best = sorted(scored, reverse=True)[:MOST]
    return [f"[message {lines[-at][0]}, {messages[lines[-at][0]].role}] {lines[-at][1][:LINE]}" for _, at in best]


def _lines(message: Message) -> Iterator[str]:
    for part in message.content:
        text = part.text if isinstance(part, Text) else part.output if isinstance(part, ToolResult) else ""
        yield from (line.strip() for line in text.splitlines() if line.strip())
