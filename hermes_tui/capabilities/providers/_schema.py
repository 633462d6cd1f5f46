"""The form that a reply must have, as far as each wire can hold a model to it; the rest is checked when it is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from hermes_tui.capabilities.providers._json import Fields, fields_of, object_of

NAME: Final = "reply"
_NAMED: Final = ("properties", "$defs", "definitions", "patternProperties")
"""Keywords whose keys are names, not keywords."""
_UNHELD: Final = {
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
}
"""Keywords for which a constrained decoder refuses the whole request."""


def closed(schema: str) -> Fields:
    """Return a JSON Schema as constrained decoders want it: objects closed, bounds of values left out.

    Closing an object that says nothing of further properties only narrows what may be said.
    """
    return fields_of(_closed(object_of(schema) or {}))


def _closed(node: object) -> object:
    if isinstance(node, list):
        return [_closed(item) for item in cast("list[object]", node)]
    if not isinstance(node, dict):
        return node
    kept = {key: _inside(key, value) for key, value in cast("Fields", node).items() if key not in _UNHELD}
    if kept.get("type") == "object" or "properties" in kept:
        kept.setdefault("additionalProperties", False)
    return kept


def _inside(keyword: str, value: object) -> object:
    if keyword in ("enum", "const", "default", "examples", "required"):
        return value
    if keyword in _NAMED:
        return {name: _closed(inner) for name, inner in fields_of(value).items()}
    return _closed(value)


def is_strict(node: object) -> bool:
    """Whether OpenAI would take a closed schema as strict: every object is closed and needs all of its properties."""
    if isinstance(node, list):
        return all(is_strict(item) for item in cast("list[object]", node))
    if not isinstance(node, Mapping):
        return True
    fields = cast("Fields", node)
    if "additionalProperties" in fields and fields["additionalProperties"] is not False:
        return False
    if "properties" in fields and set(fields_of(fields, "properties")) != set(_names(fields.get("required"))):
        return False
    return all(is_strict(value) for key, value in fields.items() if key not in ("enum", "const", "default", "examples"))


def _names(value: object) -> list[str]:
    return [name for name in cast("list[object]", value) if isinstance(name, str)] if isinstance(value, list) else []


def json_schema(schema: str) -> Fields:
    """Return name, schema and strictness as both dialects of OpenAI want them."""
    form = closed(schema)
    return {"name": NAME, "schema": form, "strict": is_strict(form)}
