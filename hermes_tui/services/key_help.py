"""The help of each key that people write: the text under its field in the source, what fits, and the default."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import get_args, get_origin

from hermes_tui.domain.values import frozen
from hermes_tui.services.key_types import bare, fitting
from hermes_tui.services.sections import REQUIRED, Field, Section, fields_of


@frozen(kw_only=False)
class Key:
    """One key by its dotted name, where `NAME` stands for a name of the operator's own."""

    name: str
    fits: str
    default: object
    text: str


def keys_of(model: type[Section], above: tuple[str, ...] = (), defaults: Section | None = None) -> Iterator[Key]:
    """Yield every key of `model` that holds a value, those of its groups included, in the order of the source.

    `above` are the steps to it; `defaults` is what counts where it is left out as a whole.
    """
    texts = help_of(model)
    for one in fields_of(model):
        steps = (*above, one.encode_name)
        default = default_of(one) if defaults is None else getattr(defaults, one.name)
        group, named = _group(one)
        if group is None:
            yield Key(".".join(steps), fitting(one.type), default, texts.get(one.encode_name, ""))
        else:
            inner = default if isinstance(default, Section) else None
            yield from keys_of(group, (*steps, "NAME") if named else steps, inner)


def meaning(model: type[Section], steps: tuple[str, ...]) -> str:
    """Return the help of the key at `steps`; for a group or a name inside it, that of what holds it."""
    found, current, taken = "", model, iter(steps)
    for step in taken:
        one = next((one for one in fields_of(current) if one.encode_name == step), None)
        if one is None:
            return found
        found = help_of(current).get(step, found)
        group, named = _group(one)
        if group is None:
            return found
        current = group
        if named:
            next(taken, None)
    return found


def default_of(one: Field) -> object:
    """Return what counts where the key is left out; `sections.REQUIRED` where it may not be."""
    return one.default_factory() if one.default_factory is not REQUIRED else one.default


def help_of(model: type[Section]) -> Mapping[str, str]:
    """Return the text under each field of `model`, by its key."""
    return texts_of(Path(inspect.getfile(model))).get(model.__name__, {})


@cache
def texts_of(source: Path) -> Mapping[str, Mapping[str, str]]:
    """Return the text under each field of a module, by class and field."""
    classes = [node for node in ast.parse(source.read_text("utf-8")).body if isinstance(node, ast.ClassDef)]
    return {one.name: dict(_under_fields(one.body)) for one in classes}


def _under_fields(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for one, after in pairwise(body):
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and isinstance(after, ast.Expr):
            text = ast.literal_eval(after.value) if isinstance(after.value, ast.Constant) else None
            if isinstance(text, str):
                yield one.target.id.rstrip("_"), inspect.cleandoc(text)


def _group(one: Field) -> tuple[type[Section] | None, bool]:
    """Return the section that the key holds, if any, and whether it holds one for each name."""
    kind: object = one.type
    if isinstance(kind, type) and issubclass(kind, Section):
        return kind, False
    if get_origin(kind) in (dict, Mapping):
        held, _ = bare(get_args(kind)[1])
        if isinstance(held, type) and issubclass(held, Section):
            return held, True
    return None, False
