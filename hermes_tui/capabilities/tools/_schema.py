"""The JSON Schema of a tool's arguments, written from their annotations.

Pydantic would write the same from a model; it takes a hundred times as long, and each start needs all of them, while
a run checks the arguments of only a few.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen

from hermes_tui.domain.values import frozen

Schema = dict[str, Any]
REQUIRED: Final = object()
"""The default of an argument that has none."""

_PLAIN: Final[Mapping[object, str]] = {str: "string", int: "integer", float: "number", bool: "boolean"}
_LENGTHS: Final = {"string": "Length", "array": "Items", "object": "Properties"}


@frozen(kw_only=False)
class Argument:
    """One argument: its annotation, what the model reads of it, and its default or `REQUIRED`."""

    kind: object
    note: str | None
    default: object


def schema_of(arguments: Mapping[str, Argument]) -> Schema:
    """Return the schema of an object of `arguments`, closed to any other.

    Raises:
        TypeError: an annotation has no schema here.
    """
    required = [name for name, argument in arguments.items() if argument.default is REQUIRED]
    properties = {name: _property(argument) for name, argument in arguments.items()}
    whole: Schema = {"additionalProperties": False, "properties": properties}
    return {**whole, **({"required": required} if required else {}), "type": "object"}


def _property(argument: Argument) -> Schema:
    found = _of(argument.kind)
    if argument.note is not None:
        found["description"] = argument.note
    if argument.default is not REQUIRED:
        found["default"] = argument.default
    return dict(sorted(found.items()))


def _of(kind: object) -> Schema:
    if name := _PLAIN.get(kind):
        return {"type": name}
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _bounded(_of(inner[0]), inner[1:])
    if origin is Literal:
        return {"enum": list(inner), "type": "string"}
    if origin is list:
        return {"items": _of(inner[0]), "type": "array"}
    if origin is dict:
        return {"additionalProperties": _of(inner[1]), "type": "object"}
    if origin in (Union, types.UnionType):
        return {"anyOf": [{"type": "null"} if one is types.NoneType else _of(one) for one in inner]}
    raise TypeError(f"An argument of a tool cannot be a {kind!r}.")


def _bounded(found: Schema, bounds: tuple[object, ...]) -> Schema:
    """Return `found` with its bounds."""
    length = _LENGTHS.get(found["type"], "")
    for bound in bounds:
        match bound:
            case Ge(ge=least):
                found["minimum"] = least
            case Gt(gt=below):
                found["exclusiveMinimum"] = below
            case Le(le=most):
                found["maximum"] = most
            case Lt(lt=above):
                found["exclusiveMaximum"] = above
            case MinLen(min_length=least):
                found[f"min{length}"] = least
            case MaxLen(max_length=most):
                found[f"max{length}"] = most
            case _:
                raise TypeError(f"An argument of a tool cannot be bounded by {bound!r}.")
    return dict(sorted(found.items()))
