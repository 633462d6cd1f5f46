"""What a small window carries of rules and tools: what matters most, and the rest once it is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Final, cast

from hermes_tui.domain.messages import Message, ToolCall
from hermes_tui.domain.parts import ToolSchema
from hermes_tui.domain.ports import Brain
from hermes_tui.kernel.kit import Kit

SMALL_TOKENS: Final = 8_192
"""A window up to this size is small: all rules and schemas would take half of it, or more than there is."""
CORE: Final = frozenset({"ask", "earlier", "edit", "list", "more", "read", "search", "shell", "write"})
"""The tools of which a small window always carries the schema."""
LOADER: Final = "more"


def is_small(brain: Brain) -> bool:
    """Whether a model's window is known to be small."""
    return brain.window_known and brain.window_tokens <= SMALL_TOKENS


def system_of(kit: Kit, brain: Brain) -> str:
    """Return the system text; in a small window the brief one, with the names of the tools that can be asked for."""
    if not is_small(brain):
        return kit.instructions
    brief = kit.brief_instructions or kit.instructions
    further = [name for name in kit.tools if name not in CORE]
    if LOADER not in kit.tools or not further:
        return brief
    return f"{brief}\nFurther tools, to be had by `{LOADER}`: {', '.join(further)}.\n"


def schemas_of(kit: Kit, brain: Brain, messages: Sequence[Message]) -> tuple[ToolSchema, ...]:
    """Return the schemas of a request; those that were asked for follow the others, so that the prefix stays."""
    schemas = {name: tool.spec.schema for name, tool in kit.tools.items()}
    if not is_small(brain) or LOADER not in schemas:
        return tuple(schema for name, schema in schemas.items() if name != LOADER)
    core = [name for name in schemas if name in CORE]
    asked = dict.fromkeys(name for name in _asked(messages) if name in schemas and name not in CORE)
    return tuple(schemas[name] for name in (*core, *asked))


def _asked(messages: Sequence[Message]) -> Iterator[str]:
    """Yield each tool that was asked for or called, in order."""
    for message in messages:
        for call in message.calls:
            yield _wanted(call) if call.name == LOADER else call.name


def _wanted(call: ToolCall) -> str:
    try:
        arguments: object = json.loads(call.arguments or "{}")
    except ValueError:
        return ""
    return str(cast("dict[str, object]", arguments).get("name", "")) if isinstance(arguments, dict) else ""
