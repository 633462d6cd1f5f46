"""What several dialects write alike: function tools and pictures."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Final

from hermes_tui.capabilities.providers._json import Fields
from hermes_tui.domain.messages import Image
from hermes_tui.domain.parts import ModelRequest

LOST: Final = "(a picture that is no longer stored)"
"""What a model reads in place of a picture whose bytes are gone."""


def function_tools(request: ModelRequest) -> list[Fields]:
    """Return the tools as chat completions and Ollama want them."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": json.loads(tool.parameters),
            },
        }
        for tool in request.tools
    ]


def base64_of(image: Image, request: ModelRequest) -> str | None:
    """Return the bytes of a picture in base64, None if the request does not have them."""
    data = request.images.get(image.sha256)
    return None if data is None else b64encode(data).decode("ascii")


def data_url_of(image: Image, request: ModelRequest) -> str | None:
    """Return a picture as a `data:` URL (RFC 2397), None if the request does not have its bytes."""
    encoded = base64_of(image, request)
    return None if encoded is None else f"data:{image.media_type};base64,{encoded}"
