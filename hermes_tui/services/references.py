"""`${task.path}` in the arguments of a task: which results it names, and their values in its place."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Final

from hermes_tui.domain.errors import ArgumentsInvalid
from hermes_tui.domain.ids import TaskId
from hermes_tui.domain.patterns import later
from hermes_tui.services import strict_yaml
from hermes_tui.services.strict_yaml import Value

MAX_VARIABLE_BYTES: Final = 120_000
"""Linux takes 128 KB per environment variable."""

_REFERENCE = later(r"\$\$\{|\$\{([^{}]*)\}")
_PATH = later(r"([A-Za-z][A-Za-z0-9_-]*)((?:\.[A-Za-z0-9_-]+)*)")

Results = Mapping[str, str]


def references(args: str) -> tuple[TaskId, ...]:
    """Return the ids that the JSON text `args` refers to, in order.

    Raises:
        ArgumentsInvalid: a `${` that is no reference.
    """
    found: dict[TaskId, None] = {}

    def note(text: str) -> str:
        for match in _REFERENCE.finditer(text):
            if match[1] is not None:
                found[TaskId(_split(match[1])[0])] = None
        return text

    _mapped(json.loads(args), note)
    return tuple(found)


def substitute(args: str, results: Results, *, tool: str = "") -> tuple[str, dict[str, str]]:
    """Return `args` with the values of its references, and the environment variables that they need.

    A string that is one reference becomes the value itself; elsewhere texts are spliced and other values as JSON.
    Results are never spliced into code: in the `command` of `shell` a reference becomes an environment variable (quote
    it as any other), in the `code` of `python` an expression that yields the value.

    Args:
        args: JSON text of an object.
        results: JSON text of each finished task's result, by id.
        tool: The tool that gets the arguments.

    Raises:
        ArgumentsInvalid: a result or the path in it is missing, or too large for a variable.
    """
    env: dict[str, str] = {}
    if "$" not in args and "\\u0024" not in args:
        return args, env

    def variable(value: object) -> str:
        text = _plain(value)
        if len(text.encode()) > MAX_VARIABLE_BYTES or "\0" in text:
            raise ArgumentsInvalid("a result is too large for a shell variable.", hint="Read it in a python task.")
        name = f"HERMES_REF_{len(env) + 1}"
        env[name] = text
        return f"${{{name}}}"

    code = {"shell": ("command", variable), "python": ("code", _expression)}.get(tool)

    def spliced(write: Callable[[object], str]) -> Callable[[str], Value]:
        return lambda text: _REFERENCE.sub(
            lambda match: "${" if match[1] is None else write(_lookup(match[1], results)), text
        )

    def value_of(text: str) -> Value:
        match = _REFERENCE.fullmatch(text)
        return _lookup(match[1], results) if match and match[1] is not None else spliced(_plain)(text)

    parsed: dict[str, Value] = json.loads(args)
    filled = {
        name: _mapped(value, spliced(code[1]) if code and name == code[0] else value_of)
        for name, value in parsed.items()
    }
    return json.dumps(filled, ensure_ascii=False), env


def _expression(value: object) -> str:
    payload = base64.b64encode(json.dumps(value).encode()).decode()
    return f'__import__("json").loads(__import__("base64").b64decode("{payload}"))'


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _split(reference: str) -> tuple[str, list[str]]:
    match = _PATH.fullmatch(reference)
    if not match:
        raise ArgumentsInvalid(f"`${{{reference}}}` is no reference.", hint="Write `$${` for a literal `${`.")
    return match[1], match[2].split(".")[1:]


def _lookup(reference: str, results: Results) -> Value:
    name, path = _split(reference)
    if name not in results:
        raise ArgumentsInvalid(f"`${{{reference}}}`: there is no result of `{name}`.", hint="Did that task end well?")
    current: Value = json.loads(results[name])
    for step in path:
        if isinstance(current, dict) and step in current:
            current = current[step]
        elif isinstance(current, list) and step.isdecimal() and int(step) < len(current):
            current = current[int(step)]
        else:
            known = ", ".join(map(str, current)) if isinstance(current, dict) else strict_yaml.describe(current)
            raise ArgumentsInvalid(f"`${{{reference}}}`: no `{step}` there.", hint=f"There is: {known[:300]}.")
    return current


def _mapped(value: Value, change: Callable[[str], Value]) -> Value:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_mapped(item, change) for item in value]
    if isinstance(value, dict):
        return {key: _mapped(item, change) for key, item in value.items()}
    return value
