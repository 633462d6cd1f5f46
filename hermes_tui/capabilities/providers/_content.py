"""What several dialects write alike: function tools, pictures, marks for the prompt cache."""

from __future__ import annotations

import json
from base64 import b64encode
from functools import lru_cache
from hashlib import sha256
from typing import Final

from hermes_tui.capabilities.providers._json import Fields, schema_of
from hermes_tui.domain.messages import Image, Opaque
from hermes_tui.domain.parts import ModelRequest, ToolSchema
from hermes_tui.domain.provenance import SERVED

EPHEMERAL: Final[Fields] = {"type": "ephemeral"}
"""Anthropic's mark of a cache breakpoint, which OpenRouter passes on."""
LOST: Final = "(a picture that is no longer stored)"
"""What a model reads in place of a picture whose bytes are gone."""


def wire_name(tool: str) -> str:
    """Return the name of a tool as wires take it, which have no dot: `mcp.git.log` is `mcp__git__log`."""
    return tool.replace(".", "__") if tool.startswith(SERVED) else tool


def tool_name(wired: str) -> str:
    """Return the name of a tool that a model called; what is no name of ours is as it came."""
    head, *rest = wired.split("__", 2)
    return ".".join((head, *rest)) if f"{head}." == SERVED and len(rest) == 2 else wired


def function_tools(request: ModelRequest) -> list[Fields]:
    """Return the tools as chat completions and Ollama want them."""
    return [
        {
            "type": "function",
            "function": {
                "name": wire_name(tool.name),
                "description": tool.description,
                "parameters": schema_of(tool.parameters),
            },
        }
        for tool in request.tools
    ]


def opaque_of(provider: str, model: str, value: object) -> Opaque:
    """Return what must be handed back as it came; only the order of keys, which means nothing, is fixed."""
    return Opaque(provider=provider, model=model, data=json.dumps(value, sort_keys=True).encode().hex())


def base64_of(image: Image, request: ModelRequest) -> str | None:
    """Return the bytes of a picture in base64, None if the request does not have them."""
    data = request.images.get(image.sha256)
    return None if data is None else b64encode(data).decode("ascii")


def data_url_of(image: Image, request: ModelRequest) -> str | None:
    """Return a picture as a `data:` URL (RFC 2397), None if the request does not have its bytes."""
    encoded = base64_of(image, request)
    return None if encoded is None else f"data:{image.media_type};base64,{encoded}"


def prefix_key(request: ModelRequest) -> str:
    """Return a short name of the stable prefix: requests with the same one share a prompt cache."""
    return _prefix_key(request.system, request.tools)


@lru_cache(maxsize=8)
def _prefix_key(system: str, tools: tuple[ToolSchema, ...]) -> str:
    said = [[tool.name, tool.description, tool.parameters] for tool in tools]
    return sha256(json.dumps([system, said]).encode()).hexdigest()[:32]
