"""A scenario: which reply each request gets, and what is in it."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from tests.fakes.faults import INTERRUPTIONS, REPLACEMENTS, Fault
from tests.fakes.usage import Bill, Usage, tokens_in

JsonObject: TypeAlias = dict[str, Any]

TOKEN = re.compile(r"\s*\S{1,8}|\s+\Z")
FRAGMENT_CHARACTERS = 8


class Stop(StrEnum):
    """Why a reply ends; each dialect has its own word for it."""

    END = "end"
    TOOL_USE = "tool_use"
    LENGTH = "length"
    REFUSAL = "refusal"
    CONTENT_FILTER = "content_filter"


class Repeat(StrEnum):
    """What happens when the replies run out."""

    NEVER = "never"
    """A request too many is refused with HTTP 400."""
    LAST = "last"
    """The last reply answers for ever."""
    LOOP = "loop"
    """Start again with the first."""


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call the model makes.

    `arguments` is an object, or a string sent as it is (malformed JSON, say).
    `id` is made up if empty; Ollama has none.
    """

    name: str
    arguments: Mapping[str, object] | str = field(default_factory=dict[str, object])
    id: str = ""

    @property
    def encoded(self) -> str:
        """The arguments as JSON text."""
        if isinstance(self.arguments, str):
            return self.arguments
        return json.dumps(dict(self.arguments), ensure_ascii=False)

    @property
    def fragments(self) -> list[str]:
        """`encoded` in the pieces in which it is streamed; at least one."""
        text = self.encoded
        size = FRAGMENT_CHARACTERS
        return [text[start : start + size] for start in range(0, len(text), size)] or [""]


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """Numbers for the rate-limit response headers."""

    requests: int = 1000
    requests_left: int = 999
    tokens: int = 100_000
    tokens_left: int = 99_000
    resets_in_s: int = 60


@dataclass(frozen=True, slots=True)
class Reply:
    """One model answer: thinking, then text, then tool calls, then the stop.

    Attributes:
        text: The text, streamed in words.
        thinking: The reasoning, streamed before the text.
        tool_calls: Calls, in parallel if several.
        stop: A `Stop`, or a word put on the wire as it is; by default
            `tool_use` with calls and `end` without.
        usage: What is billed; counted from bytes where left open.
        fault: What goes wrong.
        first_token_s: Delay before the first token; left out, it is `token_s`.
        token_s: Delay before each further token.
        deltas: The text in exactly these pieces; replaces `text`.
        interleaved: Mix the argument fragments of parallel calls (chat only).
        rate_limits: Send the dialect's rate-limit headers.
        headers: Extra response headers.
        model: The model name answered; by default the one asked for.
    """

    text: str = ""
    thinking: str = ""
    tool_calls: Sequence[Call] = ()
    stop: str = ""
    usage: Usage = field(default_factory=Usage)
    fault: Fault | None = None
    first_token_s: float = 0.0
    token_s: float = 0.0
    deltas: Sequence[str] = ()
    interleaved: bool = False
    rate_limits: RateLimits | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    model: str = ""

    @property
    def text_tokens(self) -> Sequence[str]:
        """The text in the pieces in which it is streamed."""
        return self.deltas or TOKEN.findall(self.text)

    @property
    def thinking_tokens(self) -> list[str]:
        """The thinking in the pieces in which it is streamed."""
        return TOKEN.findall(self.thinking)

    @property
    def full_text(self) -> str:
        """The whole text."""
        return "".join(self.deltas) if self.deltas else self.text

    @property
    def ends_with(self) -> str:
        """The stop, with the default filled in."""
        return self.stop or (Stop.TOOL_USE if self.tool_calls else Stop.END)

    def bill(self, request_tokens: int) -> Bill:
        """Settle what this reply costs."""
        called = "".join(call.name + call.encoded for call in self.tool_calls)
        return self.usage.settle(
            request_tokens=request_tokens,
            output_tokens=tokens_in(self.thinking + self.full_text + called),
            thinking_tokens=tokens_in(self.thinking),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request for a reply, read by its dialect.

    `last_text` is the text of the last message, tool results included;
    `has_tool_result` says whether the last message carries one.
    """

    dialect: str
    model: str
    stream: bool
    last_text: str
    has_tool_result: bool
    tools: tuple[str, ...]
    body: JsonObject
    headers: Mapping[str, str]


Responder: TypeAlias = Callable[[Asked], Reply | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Replies for the requests that match every condition given."""

    replies: Sequence[Reply]
    model: str | None = None
    contains: str | None = None
    has_tool_result: bool | None = None
    dialect: str | None = None
    when: Callable[[Asked], bool] | None = None
    repeat: Repeat = Repeat.LAST

    def matches(self, asked: Asked) -> bool:
        """Say whether this rule is about `asked`."""
        return (
            self.model in {None, asked.model}
            and self.dialect in {None, asked.dialect}
            and self.has_tool_result in {None, asked.has_tool_result}
            and (self.contains is None or self.contains in asked.last_text)
            and (self.when is None or self.when(asked))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What the fake provider does.

    A request is offered to `respond`, then to the rules in order, then takes
    the next of `replies`. The first that has an answer gives it.

    Attributes:
        replies: Consumed in order by requests that nothing above answered.
        rules: Replies bound to conditions, each with its own order.
        respond: A function given the request; `None` passes it on.
        repeat: What happens when `replies` run out.
        models: Names in every model list.
        context_tokens: Context length in the lists that have one.
        catalog_fault: Strikes every request that is not for a reply.
    """

    replies: Sequence[Reply] = ()
    rules: Sequence[Rule] = ()
    respond: Responder | None = None
    repeat: Repeat = Repeat.NEVER
    models: Sequence[str] = ("fake-large", "fake-small")
    context_tokens: int = 32_768
    catalog_fault: Fault | None = None

    def __post_init__(self) -> None:
        """Refuse a catalogue fault that only a reply can have.

        Raises:
            ValueError: The kind is neither a replacement nor an interruption.
        """
        fault = self.catalog_fault
        if fault is not None and fault.kind not in REPLACEMENTS | INTERRUPTIONS:
            message = f"{fault.kind} needs a reply; it cannot strike the catalogue."
            raise ValueError(message)


def say(text: str) -> Scenario:
    """Build a scenario that answers every request with `text`."""
    return Scenario(replies=[Reply(text)], repeat=Repeat.LAST)
