"""What a window carries of rules and tools: a small one what matters most; tools of servers once they are asked for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, cast

from hermes_tui.domain.messages import Message, ToolCall
from hermes_tui.domain.parts import ToolSchema
from hermes_tui.domain.ports import Brain, Tool
from hermes_tui.domain.provenance import SERVED
from hermes_tui.domain.text import first_line
from hermes_tui.kernel.kit import Kit

SMALL_TOKENS: Final = 8_192
"""A window up to this size is small: all rules and schemas would take half of it, or more than there is."""
CORE: Final = frozenset({"ask", "earlier", "edit", "list", "more", "read", "search", "shell", "write"})
"""The tools of which a small window always carries the schema."""
LOADER: Final = "more"
SERVED_BYTES: Final = 1_500
"""How much of the system text names tools of servers; where they are more, only the servers are named."""
LINE_LIMIT: Final = 90


def is_small(brain: Brain) -> bool:
    """Whether a model's window is known to be small."""
    return brain.window_known and brain.window_tokens <= SMALL_TOKENS


def system_of(kit: Kit, brain: Brain) -> str:
    """Return the system text; in a small window the brief one. It names the tools that can be asked for."""
    small = is_small(brain)
    text = (kit.brief_instructions or kit.instructions) if small else kit.instructions
    if LOADER not in kit.tools:
        return text
    further = [name for name, tool in kit.tools.items() if small and name not in CORE and not tool.spec.server]
    if further:
        text = f"{text}\nFurther tools, to be had by `{LOADER}`: {', '.join(further)}.\n"
    return text + served_text(list(kit.tools.values()))


def served_text(tools: Sequence[Tool]) -> str:
    """Return what a system text says of tools of servers: a line for each, or for each server; empty without any."""
    served = [tool for tool in tools if tool.spec.server]
    if not served:
        return ""
    lines = [served_line(tool) for tool in served]
    if sum(map(len, lines)) > SERVED_BYTES:
        counts = Counter(tool.spec.server for tool in served)
        lines = [f"- {SERVED}{name}: {count} tools; `{LOADER}` lists them" for name, count in sorted(counts.items())]
    return "\n".join((f"\nTools of servers, to be had by `{LOADER}` before they are called:", *lines)) + "\n"


def served_line(tool: Tool) -> str:
    """Return a tool of a server and the beginning of what it does, as the operator trusted it."""
    return first_line(f"- {tool.spec.schema.name}: {tool.spec.schema.description}", LINE_LIMIT)


def schemas_of(kit: Kit, brain: Brain, messages: Sequence[Message]) -> tuple[ToolSchema, ...]:
    """Return the schemas of a request; those that were asked for follow the others, so that the prefix stays."""
    return _carried(kit, messages, small=is_small(brain))


def most_of(kit: Kit, messages: Sequence[Message]) -> tuple[ToolSchema, ...]:
    """Return the schemas of a request to whoever has the largest window."""
    return _carried(kit, messages, small=False)


def _carried(kit: Kit, messages: Sequence[Message], *, small: bool) -> tuple[ToolSchema, ...]:
    schemas = {name: tool.spec.schema for name, tool in kit.tools.items()}
    served = {name for name, tool in kit.tools.items() if tool.spec.server}
    if LOADER not in schemas or not (served or small):
        return tuple(schema for name, schema in schemas.items() if name != LOADER)
    core = [name for name in schemas if (name in CORE if small else name not in served)]
    asked = dict.fromkeys(name for name in _asked(messages) if name in schemas and name not in core)
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
