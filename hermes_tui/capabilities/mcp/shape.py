"""Whether arguments have the shape that a server's schema asks for, as far as that can be told without trusting it.

The schema is a stranger's: its patterns could run for hours and its references for ever, so types, required and closed
properties and enumerations are looked at, and the rest is the server's own to check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, cast

from hermes_tui.capabilities.mcp.rpc import Fields, fields_of, items_of

_KINDS: Final[Mapping[str, Callable[[object], bool]]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}
MOST_COMPLAINTS: Final = 5


def misfits(value: object, schema: Fields, place: str = "") -> Iterator[str]:
    """Yield what does not fit, by its place."""
    kinds = [schema["type"]] if isinstance(schema.get("type"), str) else items_of(schema.get("type"))
    known = [check for kind in kinds if (check := _KINDS.get(str(kind))) is not None]
    if known and len(known) == len(kinds) and not any(check(value) for check in known):
        yield f"{place or 'arguments'}: must be {' or '.join(map(str, kinds))}"
        return
    choices = items_of(schema.get("enum"))
    if choices and value not in choices:
        yield f"{place or 'arguments'}: must be one of {', '.join(map(repr, choices[:20]))}"
    if isinstance(value, dict):
        yield from _of_object(cast("Fields", value), schema, place)
    if isinstance(value, list):
        inner = fields_of(schema.get("items"))
        for number, each in enumerate(cast("list[object]", value) if inner else ()):
            yield from misfits(each, inner, f"{place}[{number}]")


def _of_object(value: Fields, schema: Fields, place: str) -> Iterator[str]:
    properties = fields_of(schema.get("properties"))
    before = f"{place}." if place else ""
    for name in items_of(schema.get("required")):
        if name not in value:
            yield f"{before}{name}: is missing"
    closed = schema.get("additionalProperties") is False and "patternProperties" not in schema
    for name, each in value.items():
        if name in properties:
            yield from misfits(each, fields_of(properties[name]), f"{before}{name}")
        elif closed:
            yield f"{before}{name}: there is no such argument"
