"""Types of keys in an operator's words: what may be written there."""

from __future__ import annotations

import types
from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

Bounds = Any
"""`sections.Bounds`, of which only the attributes are read here."""
_NOUNS: Final[Mapping[object, str]] = {str: "text", int: "whole number", float: "number", bool: "true or false"}


def bare(kind: object) -> tuple[object, bool]:
    """Return a type without its bounds, and whether it may be null."""
    inner = get_args(kind)
    if get_origin(kind) is Annotated:
        return bare(inner[0])
    if get_origin(kind) in (Union, types.UnionType) and types.NoneType in inner:
        others = [one for one in inner if one is not types.NoneType]
        return (bare(others[0])[0] if len(others) == 1 else kind), True
    return kind, False


def remedy(kind: object) -> str:
    """Return what to write instead of something that does not fit."""
    return f"{'Use' if _choices(kind) else 'Write'} {fitting(kind)}."


def fitting(kind: object) -> str:
    """Return what fits: the choices, or the kind of value with its bounds."""
    choices = _choices(kind)
    return _either([repr(one) for one in choices]) if choices else _expected(kind)


def _choices(kind: object) -> list[object]:
    plain, _ = bare(kind)
    if get_origin(plain) is Literal:
        return list(get_args(plain))
    return [one.value for one in plain] if isinstance(plain, type) and issubclass(plain, Enum) else []


def _either(words: list[str]) -> str:
    return " or ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else words[0]


def _expected(kind: object) -> str:
    """Return what would fit, in an operator's words."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return f"{_expected(inner[0])}{''.join(_bounded(one) for one in inner[1:])}"
    if origin in (Union, types.UnionType):
        return _either([_expected(one) for one in inner if one is not types.NoneType])
    if origin is tuple:
        return "a list"
    noun = _NOUNS.get(kind, "")
    return (noun if kind is bool else f"a {noun}") if noun else "a group of keys"


def _bounded(bounds: Bounds) -> str:
    words = (
        (bounds.gt, "above {}"),
        (bounds.ge, "of at least {}"),
        (bounds.lt, "below {}"),
        (bounds.le, "of at most {}"),
        (bounds.min_length, "at least {} long"),
        (bounds.max_length, "at most {} long"),
        (bounds.pattern, "that matches `{}`"),
    )
    said = [text.format(f"{one:.15g}" if isinstance(one, float) else one) for one, text in words if one is not None]
    return "".join(f" {text}" for text in [" and ".join(said)] if text)
