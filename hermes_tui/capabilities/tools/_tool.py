"""`@tool` turns an async function into a tool: its signature is the schema, its docstring what the model reads."""

from __future__ import annotations

import inspect
import json
import re
import typing
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from hermes_tui.capabilities.tools._schema import REQUIRED, Argument, Misfits, Schema, checked, schema_of
from hermes_tui.domain.approval import ResolvedCall
from hermes_tui.domain.errors import ArgumentsInvalid, DeadlinePassed
from hermes_tui.domain.parts import ToolSchema
from hermes_tui.domain.patterns import later
from hermes_tui.domain.ports import Tool, ToolContext, ToolOutcome, ToolSpec
from hermes_tui.domain.tasks import Effect, Reach
from hermes_tui.domain.values import replace
from hermes_tui.kernel.deadline import within

if typing.TYPE_CHECKING:
    from types import ModuleType

Result = ToolOutcome | str
Body = Callable[..., Coroutine[Any, Any, Result]]
Resolve = Callable[..., ResolvedCall]
ProbeBody = Callable[..., Coroutine[Any, Any, ToolOutcome | None]]

GRACE_S = 2.0
"""How much longer than the call's own limit a tool may take to end itself and say so."""
ARGUMENTS_LIMIT = 4_000_000
SUMMARY_LIMIT = 200
_UNSEEN = later(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
_ARG_LINE = later(r"^ {4}(\w+): (.*)$")


def one_line(text: str, limit: int = SUMMARY_LIMIT) -> str:
    """Return `text` on one line, without control or direction characters, at most `limit` characters."""
    head = text[: limit * 4]
    clean = (head if head.isprintable() else _UNSEEN.sub(" ", head)).strip()
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def _said(text: str) -> ToolOutcome:
    """Wrap the text that a tool function returned; for other tasks it becomes `{"output": …}`."""
    return ToolOutcome(output=text, data=json.dumps({"output": text}, ensure_ascii=False))


class FunctionTool:
    """A tool made of a function; implements `ports.Tool`.

    Output is not cut here: the dispatcher cuts it at `spec.output_limit` and keeps the whole as an artifact.
    """

    def __init__(self, body: Body, spec: ToolSpec, arguments: Mapping[str, Argument], resolve: Resolve | None) -> None:
        self._body = body
        self.spec = spec
        self.arguments = arguments
        self._resolve = resolve
        self._resolved: tuple[str, dict[str, object]] | None = None
        self.__doc__ = body.__doc__

    def __repr__(self) -> str:
        return f"<tool {self.spec.schema.name}>"

    def parse(self, arguments: str) -> dict[str, object]:
        """Return the checked arguments by name.

        Raises:
            ArgumentsInvalid: they do not fit; the message names the field.
        """
        name = self.spec.schema.name
        if len(arguments) > ARGUMENTS_LIMIT:
            raise ArgumentsInvalid(f"{name}: arguments of more than {ARGUMENTS_LIMIT} characters.")
        try:
            return checked(self.arguments, arguments.strip())
        except Misfits as error:
            raise ArgumentsInvalid(f"{name}: {one_line(str(error), 500)}.", hint=self._usage()) from error

    def resolve(self, arguments: str, context: ToolContext) -> ResolvedCall:
        values = self.parse(arguments)
        self._resolved = (arguments, values)
        spec = self.spec
        if self._resolve is None:
            return ResolvedCall(tool=spec.schema.name, effect=spec.effect, reach=spec.reach, summary=_summary(values))
        call = self._resolve(**values, context=context)
        summary = one_line(call.summary)
        if summary == call.summary and call.effect >= spec.effect and call.reach >= spec.reach:
            return call
        return replace(call, effect=max(call.effect, spec.effect), reach=max(call.reach, spec.reach), summary=summary)

    async def run(self, arguments: str, context: ToolContext) -> ToolOutcome:
        # What was resolved is mostly what runs next; it is taken away, as a body may change what it is given.
        last, self._resolved = self._resolved, None
        values = last[1] if last is not None and last[0] is arguments else self.parse(arguments)
        try:
            result = await within(context.timeout_s + GRACE_S, self._body(**values, context=context))
        except TimeoutError as error:
            raise self._late(context) from error
        return result if isinstance(result, ToolOutcome) else _said(result)

    def _late(self, context: ToolContext) -> DeadlinePassed:
        message = f"{self.spec.schema.name} did not end within {context.timeout_s:g} s."
        return DeadlinePassed(message, hint="Ask for less at once.")

    def _usage(self) -> str:
        names = (f"{name}{'' if one.default is REQUIRED else '?'}" for name, one in self.arguments.items())
        return f"Arguments: {', '.join(names)}."


class ProbedTool(FunctionTool):
    """A tool that can also find out whether its effect already happened; implements `ports.Probe`."""

    def __init__(self, made: FunctionTool, probe: ProbeBody) -> None:
        super().__init__(made._body, made.spec, made.arguments, made._resolve)
        self._probe = probe

    async def probe(self, arguments: str, context: ToolContext) -> ToolOutcome | None:
        values = self.parse(arguments)
        try:
            return await within(context.timeout_s + GRACE_S, self._probe(**values, context=context))
        except TimeoutError as error:
            raise self._late(context) from error


def tool(  # noqa: PLR0913 - each is one independent fact about a tool
    *,
    effect: Effect = Effect.READ,
    reach: Reach = Reach.WORKSPACE,
    timeout_s: float = 30.0,
    output_limit: int = 30_000,
    resolve: Resolve | None = None,
    name: str | None = None,
    probe: ProbeBody | None = None,
) -> Callable[[Body], FunctionTool]:
    """Make a tool of an async function whose last argument is `context: ToolContext`.

    Args:
        effect: The least the tool does.
        reach: The least it reaches.
        timeout_s: The limit the dispatcher gives a call, in seconds.
        output_limit: Characters of output that a model reads.
        resolve: Takes the same arguments by name and says what the call would touch; touches nothing.
        name: The tool's name; the function's by default.
        probe: Takes the same arguments by name; returns the outcome if the effect already happened.
    """

    def mark(body: Body) -> FunctionTool:
        called = name or body.__name__
        about, notes = _documentation(body)
        arguments = _arguments(body, notes)
        schema = ToolSchema(name=called, description=about, parameters=_compact(schema_of(arguments)))
        spec = ToolSpec(schema=schema, effect=effect, reach=reach, timeout_s=timeout_s, output_limit=output_limit)
        made = FunctionTool(body, spec, arguments, resolve)
        return made if probe is None else ProbedTool(made, probe)

    return mark


def tools_of(module: ModuleType) -> tuple[Tool, ...]:
    """Return the tools that `module` defines, in the order of its text."""
    return tuple(value for value in vars(module).values() if isinstance(value, FunctionTool))


def _documentation(body: Body) -> tuple[str, dict[str, str]]:
    """Split a Google docstring into what comes before `Args:` and the note of each argument."""
    text = inspect.cleandoc(body.__doc__ or "")
    about, _, rest = text.partition("\nArgs:\n")
    notes: dict[str, str] = {}
    current = ""
    for line in rest.split("\n\n", 1)[0].splitlines():
        if found := _ARG_LINE.match(line):
            current = found[1]
            notes[current] = found[2]
        elif current:
            notes[current] += " " + line.strip()
    return re.sub(r"\s*\n\s*", " ", about.strip()), notes


def _arguments(body: Body, notes: Mapping[str, str]) -> dict[str, Argument]:
    """Return what the model gives, in the order of the signature; `context` is the kernel's."""
    hints = typing.get_type_hints(body, include_extras=True)
    return {
        name: Argument(
            hints[name], notes.get(name), REQUIRED if parameter.default is parameter.empty else parameter.default
        )
        for name, parameter in inspect.signature(body).parameters.items()
        if name != "context"
    }


def _compact(schema: Schema) -> str:
    return json.dumps(schema, separators=(",", ":"), ensure_ascii=False)


def _summary(values: Mapping[str, object]) -> str:
    return one_line(" ".join(str(value) for value in values.values() if value not in (None, "", False)))
