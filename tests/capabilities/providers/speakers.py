"""Every way to reach a model, pointed at the fake provider, and what is heard from it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal, cast

from hermes_tui.capabilities.providers import anthropic, lmstudio, ollama, openai, openrouter
from hermes_tui.domain.errors import ProviderError
from hermes_tui.domain.messages import Message, Opaque, Role, Source, Text
from hermes_tui.domain.parts import (
    Clocks,
    ModelRequest,
    Part,
    Stop,
    StopReason,
    TextDelta,
    ThinkingDelta,
    ToolCallFinished,
    ToolSchema,
)
from hermes_tui.domain.ports import Provider
from hermes_tui.domain.usage import Usage
from tests.fakes import FakeServer, Fault, Repeat, Reply, Scenario, closed_port

KEY = "sk-test-key-of-this-provider"
IMPATIENT = Clocks(connect_s=1, first_token_s=0.2)
"""For a test that waits for the first-token clock. A vendor's package does not tell when it is connected, so there the
time to connect is waited for as well."""
RESTLESS = Clocks(idle_s=0.4)
"""For a test that waits for the idle clock."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """One dialect through one client; `path` is where the fake speaks it."""

    name: str
    dialect: str
    path: str
    build: Callable[[str, str | None], Provider]

    def provider(self, server: FakeServer, key: str | None = KEY) -> Provider:
        """Return the provider, pointed at a fake."""
        return self.at(server.base_url, key)

    def at(self, root: str, key: str | None = KEY) -> Provider:
        """Return the provider, pointed at a root URL."""
        return self.build(f"{root}{self.path}", key)

    def __str__(self) -> str:
        return self.name


Client = Literal["wire", "sdk"]


def speakers_of(client: Client) -> tuple[Speaker, ...]:
    """Return every dialect through one client."""
    end = "" if client == "wire" else "-sdk"
    return (
        Speaker(f"openai{end}", "openai_chat", "/v1", partial(openai.build, "openai", client=client)),
        Speaker(
            f"responses{end}",
            "openai_responses",
            "/v1",
            partial(openai.build, "responses", client=client, dialect="responses"),
        ),
        Speaker(f"anthropic{end}", "anthropic", "", partial(anthropic.build, "anthropic", client=client)),
        Speaker(f"ollama{end}", "ollama", "", partial(ollama.build, "ollama", client=client)),
        Speaker(f"openrouter{end}", "openrouter", "/api/v1", partial(openrouter.build, "openrouter", client=client)),
        Speaker(f"lmstudio{end}", "openai_chat", "/v1", partial(lmstudio.build, "lmstudio", client=client)),
    )


WIRES: Final = speakers_of("wire")
SPEAKERS: Final = (*WIRES, *speakers_of("sdk"))


@dataclass(slots=True)
class Heard:
    """Everything a provider said, and the error that ended it, if one did."""

    parts: list[Part] = field(default_factory=list[Part])
    error: ProviderError | None = None

    def of(self, kind: type[Part]) -> list[Any]:
        """Return the parts of one kind."""
        return [part for part in self.parts if isinstance(part, kind)]

    @property
    def text(self) -> str:
        """All text."""
        return "".join(part.text for part in self.of(TextDelta))

    @property
    def thinking(self) -> str:
        """All thinking."""
        return "".join(part.text for part in self.of(ThinkingDelta))

    @property
    def calls(self) -> list[tuple[str, object]]:
        """The whole calls, by name and arguments."""
        return [(part.name, json.loads(part.arguments)) for part in self.of(ToolCallFinished)]

    def parts_kept(self) -> tuple[Opaque, ...]:
        """What must be handed back as it came."""
        return tuple(self.of(Opaque))

    @property
    def usage(self) -> Usage | None:
        """The last usage."""
        found = self.of(Usage)
        return found[-1] if found else None

    @property
    def stop(self) -> StopReason | None:
        """Why it stopped, None if it never said so."""
        return self.parts[-1].reason if self.parts and isinstance(self.parts[-1], Stop) else None


def said(text: str) -> Message:
    """Return what an operator says."""
    return Message(role=Role.OPERATOR, content=(Text(text=text, source=Source.OPERATOR),))


def ask(*messages: Message, clocks: Clocks = Clocks(), **changes: object) -> ModelRequest:
    """Return a request with one tool."""
    schema = json.dumps({"type": "object", "properties": {"command": {"type": "string"}}})
    fixed: dict[str, object] = {
        "model": "fake-large",
        "system": "You are Hermes.",
        "messages": messages or (said("hi"),),
        "tools": (ToolSchema(name="shell", description="Run a command.", parameters=schema),),
        "max_tokens": 500,
    }
    return ModelRequest(clocks=clocks, **cast("dict[str, Any]", fixed | changes))


def streamed(provider: Provider, request: ModelRequest) -> AsyncGenerator[Part]:
    """Return the stream as what it is, a generator that can be closed."""
    return cast("AsyncGenerator[Part]", provider.stream(request))


async def listen(provider: Provider, request: ModelRequest) -> Heard:
    """Read a reply to its end or its error."""
    heard = Heard()
    try:
        async with aclosing(streamed(provider, request)) as parts:
            async for part in parts:
                heard.parts.append(part)
    except ProviderError as error:
        heard.error = error
    return heard


async def hear(speaker: Speaker, reply: Reply, request: ModelRequest | None = None) -> Heard:
    """Return what one speaker says when the fake has this reply."""
    async with FakeServer(Scenario(replies=[reply], repeat=Repeat.LAST)) as server:
        return await listen(speaker.provider(server), request or ask())


async def sent(speaker: Speaker, request: ModelRequest) -> dict[str, Any]:
    """Return the body that a speaker sends."""
    async with FakeServer() as server:
        heard = await listen(speaker.provider(server), request)
        assert heard.error is None
        return server.log[0].body or {}


def struck(words: str | Fault, reply: Reply) -> Reply:
    """Return a reply with a fault."""
    fault = Fault.parse(words) if isinstance(words, str) else words
    return Reply(reply.text, thinking=reply.thinking, tool_calls=reply.tool_calls, usage=reply.usage, fault=fault)


def refused_root() -> str:
    """Return a root URL whose connections are refused."""
    return f"http://127.0.0.1:{closed_port()}"
