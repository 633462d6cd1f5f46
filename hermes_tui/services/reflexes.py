"""Reflexes: the next call of a repetitive errand by a rule that the operator accepted, without asking a model."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final, cast

from hermes_tui.domain.messages import Message, Role, ToolCall, ToolResult
from hermes_tui.domain.parts import ModelRequest, Part, Stop, StopReason, TextDelta, ToolCallFinished
from hermes_tui.domain.patterns import later
from hermes_tui.domain.ports import Provider
from hermes_tui.domain.usage import BY_RULE
from hermes_tui.domain.values import frozen
from hermes_tui.services.config import Reflex

LONGEST: Final = 2_000
"""How long a value may be that a rule takes from a result, in characters."""
_WORD: Final = later(r"[^\s\"'`<>()\[\]{},;]+")


@frozen(kw_only=False)
class RuledProvider:
    """Answers as `provider` does, but where a rule knows the next call: then nobody is asked.

    The call goes the way of every call: policy, approval, sandbox, journal. The model is asked again as soon as no rule
    fits, and reads every result.
    """

    provider: Provider
    rules: Mapping[str, Reflex]

    async def stream(self, request: ModelRequest) -> AsyncIterator[Part]:
        """Stream the call that a rule makes, else as the provider does; see `ports.Provider`."""
        offered = {tool.name for tool in request.tools}
        for name, rule in self.rules.items():
            arguments = next_arguments(rule, request.messages) if rule.tool in offered else None
            if arguments is not None:
                yield TextDelta(f"[by the rule {name}]")
                yield ToolCallFinished(0, rule.tool, arguments)
                yield BY_RULE
                yield Stop(StopReason.TOOL_CALLS)
                return
        async for part in self.provider.stream(request):
            yield part


def next_arguments(rule: Reflex, messages: Sequence[Message]) -> str | None:
    """Return the arguments of the call that follows by `rule`, None where the model has to be asked.

    A rule follows a call of its tool that was made alone and went well, as long as nothing was said since, the result
    names another value than the call had, and the tool was not called `at_most` times in a row already.
    """
    row = row_of(rule.tool, messages)
    if not row or len(row) >= rule.at_most:
        return None
    call, output = row[0]
    given = arguments_of(call)
    value = value_in(output, rule.before, rule.until)
    if value is None or rule.sets not in given:
        return None
    old = given[rule.sets]
    new = int(value) if isinstance(old, int) and value.isdecimal() else value
    return None if new == old else json.dumps({**given, rule.sets: new}, ensure_ascii=False)


def row_of(tool: str, messages: Sequence[Message]) -> list[tuple[ToolCall, str]]:
    """Return the calls of `tool` at the end of a conversation, the last one first, each made alone and gone well."""
    found: list[tuple[ToolCall, str]] = []
    at = len(messages) - 1
    while at > 0 and messages[at].role is Role.TOOL:
        calls = messages[at - 1].calls
        results = [part for part in messages[at].content if isinstance(part, ToolResult)]
        alone = len(calls) == len(results) == 1 and calls[0].name == tool
        if not alone or not results[0].ok or results[0].call_id != calls[0].call_id:
            break
        found.append((calls[0], results[0].output))
        at -= 2
    return found


def arguments_of(call: ToolCall) -> dict[str, object]:
    """Return the arguments of a call, empty where they are no JSON object."""
    try:
        given: object = json.loads(call.arguments or "{}")
    except ValueError:
        return {}
    return cast("dict[str, object]", given) if isinstance(given, dict) else {}


def value_in(output: str, before: str, until: str) -> str | None:
    """Return what stands behind the first `before` in a result, up to `until` or the end of the word."""
    at = output.find(before)
    if at < 0:
        return None
    begin = at + len(before)
    if until:
        end = output.find(until, begin, begin + LONGEST + len(until))
        value = output[begin:end] if end >= 0 else ""
    else:
        word = _WORD.match(output, begin, begin + LONGEST)
        value = word.group() if word is not None else ""
    return value if value and "\n" not in value else None
