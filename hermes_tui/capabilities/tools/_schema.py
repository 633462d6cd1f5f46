"""The arguments of a tool by their annotations: the JSON Schema that a model is told, and the check of what it gives.

The only file of the tools that imports msgspec. Its own schema would need a class per tool; each start needs all of
the schemas, while a run checks the arguments of only a few.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Union, cast, get_args, get_origin

import msgspec

from hermes_tui.domain.patterns import later
from hermes_tui.domain.values import frozen

Schema = dict[str, Any]
Bounds = msgspec.Meta
"""What a number, a text or a list keeps to."""
REQUIRED: Final = object()
"""The default of an argument that has none."""

_PLAIN: Final[Mapping[object, str]] = {str: "string", int: "integer", float: "number", bool: "boolean"}
_LENGTHS: Final = {"string": "Length", "array": "Items", "object": "Properties"}
_NUMBERS: Final = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
_PLACE: Final = later(r"(?s)(?P<what>.*?)(?: - at `(?:key` in `)?\$?(?P<place>[^`]*)`)?")
_NAMED: Final = 5
"""How many misfits are told at once."""


class Misfits(ValueError):
    """The arguments that a model gave do not fit; the message names each one, without repeating its value."""


@frozen(kw_only=False)
class Argument:
    """One argument: its annotation, what the model reads of it, and its default or `REQUIRED`."""

    kind: Any
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


def _bounded(found: Schema, bounds: tuple[Bounds, ...]) -> Schema:
    """Return `found` with its bounds."""
    length = _LENGTHS.get(found["type"], "")
    words = {**_NUMBERS, **({"min_length": f"min{length}", "max_length": f"max{length}"} if length else {})}
    for bound in bounds:
        said = {name: value for name, value in bound.__rich_repr__() if value is not None}
        if not said.keys() <= words.keys():
            raise TypeError(f"An argument of a tool cannot be bounded by {bound!r}.")
        found.update({words[name]: value for name, value in said.items()})
    return dict(sorted(found.items()))


def checked(arguments: Mapping[str, Argument], text: str) -> dict[str, object]:
    """Return what the JSON `text` gives for `arguments`, defaults filled in; nothing is converted but whole numbers.

    Raises:
        Misfits: it is no JSON object of these arguments.
    """
    given = _decoded(text)
    wrong = [f"{name}: there is no such argument" for name in given if name not in arguments]
    found: dict[str, object] = {}
    for name, argument in arguments.items():
        if name not in given and argument.default is REQUIRED:
            wrong.append(f"{name}: it is missing")
        elif name not in given:
            found[name] = argument.default
        else:
            try:
                found[name] = msgspec.convert(given[name], argument.kind)
            except msgspec.ValidationError as error:
                wrong.append(_misfit(name, str(error)))
    if wrong:
        raise Misfits("; ".join(wrong[:_NAMED]))
    return found


def _decoded(text: str) -> dict[str, object]:
    try:
        given = msgspec.json.decode(text or "{}")
    except UnicodeEncodeError as error:
        raise Misfits("the arguments are not valid Unicode") from error
    except RecursionError as error:
        raise Misfits("arguments: nested too deep") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Misfits(f"arguments: {error}") from error
    if not isinstance(given, dict):
        raise Misfits("arguments: an object is expected")
    return cast("dict[str, object]", given)


def _misfit(name: str, message: str) -> str:
    """Return msgspec's message with the place that it tells put behind the argument's name."""
    found = _PLACE.fullmatch(message)
    what, place = (found["what"], found["place"] or "") if found else (message, "")
    return f"{name}{place}: {what[:1].lower()}{what[1:]}"
