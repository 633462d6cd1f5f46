"""A provider that replays a script: for tests, demos and documentation."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.providers._json import Fields, fields_of, list_of, object_of, text_of
from hermes_tui.domain.errors import FailureReason, ProviderRefused, UsageInvalid
from hermes_tui.domain.messages import Role
from hermes_tui.domain.parts import ModelRequest, Part, Stop, StopReason, TextDelta, ToolCallFinished
from hermes_tui.domain.ports import Provider
from hermes_tui.domain.usage import Usage
from hermes_tui.domain.values import frozen

BASE_URL: Final = str(Path(__file__).with_name("demo.json"))
"""What is played where nothing else is named: the demo."""
KEY_ENV: Final[str | None] = None


@frozen(kw_only=False)
class Scripted:
    """Gives reply number n to the n-th model step of a conversation, so that a resumed run goes on where it was."""

    replies: Sequence[Fields]

    async def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        """Yield the next reply.

        Raises:
            ProviderRefused: the script has no reply left.
        """
        step = sum(message.role is Role.MODEL for message in request.messages)
        if step >= len(self.replies):
            message = f"The script has {len(self.replies)} replies; this is step {step + 1}."
            raise ProviderRefused(message, reason=FailureReason.INVALID_REQUEST, hint="Add a reply to the script.")
        reply = self.replies[step]
        if text := text_of(reply, "text"):
            yield TextDelta(text)
        calls = list_of(reply, "calls")
        for index, call in enumerate(calls):
            yield ToolCallFinished(index, text_of(call, "name"), json.dumps(fields_of(call, "arguments")))
        said = len(json.dumps(reply))
        yield Usage(input_tokens=len(request.system) // 4, output_tokens=said // 4, source="estimated")
        yield Stop(StopReason.TOOL_CALLS if calls else StopReason.END)


def build(name: str, base_url: str, key: str | None) -> Provider:  # noqa: ARG001 - every provider is built alike
    """Return a provider that plays the JSON script at the path `base_url`.

    Raises:
        UsageInvalid: no such file, or not `{"replies": [{"text": …, "calls": [{"name": …, "arguments": …}]}]}`.
    """
    path = Path(base_url.removeprefix("file://"))
    try:
        script = object_of(path.read_bytes())
    except OSError as error:
        raise UsageInvalid(f"The script {path} cannot be read: {error.strerror}.") from error
    if script is None or not list_of(script, "replies"):
        raise UsageInvalid(f"{path} is no script.", hint='Write {"replies": [{"text": "Hello."}]}.')
    return Scripted(list_of(script, "replies"))
