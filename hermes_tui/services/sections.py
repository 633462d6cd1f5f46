"""A group of keys that people write: what it may hold, and each way in which a document does not fit it.

The only file of the services that imports msgspec. A document that fits is converted in one call in C; one that does
not is gone through again here, so that every mistake is found, with its place and what would be right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import (
    Any,
    ClassVar,
    TypeVar,
    cast,
    dataclass_transform,
    get_args,
    get_origin,
)

import msgspec
from msgspec import field as field  # noqa: PLC0414 - sections are written with it, and nobody else imports msgspec

from hermes_tui.domain.errors import Location, UsageInvalid
from hermes_tui.domain.values import frozen
from hermes_tui.services.key_types import bare, remedy
from hermes_tui.services.strict_yaml import Node, Step, closest, describe

Bounds = msgspec.Meta
"""What a number, a text or a list keeps to."""
Field = msgspec.structs.FieldInfo
"""One key of a section: `name` in code, `encode_name` in a file, `type`, `default` or `default_factory`, `required`."""
REQUIRED = msgspec.NODEFAULT
"""Stands for a default where there is none."""
Json = Any
"""Whatever JSON can say; msgspec has no word for it."""

Checks = Mapping[str, Callable[[Any], object]]
"""By field, what looks at its value and returns it as it is to be kept."""


class _Closed(msgspec.StructMeta):
    """Makes every section frozen, given by keyword, and closed to other keys."""

    def __new__(mcs, name: str, bases: tuple[type, ...], body: dict[str, Any], **_frozen: bool) -> _Closed:
        return super().__new__(mcs, name, bases, body, frozen=True, kw_only=True, forbid_unknown_fields=True)


class Misfit(ValueError):
    """What a section's own check found: what is wrong, and what would be right."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
class Section(msgspec.Struct, metaclass=_Closed, frozen=True):
    """A group of keys; unknown ones are errors.

    The text under a key is its help; `key_help` reads it from the source. What one key holds beyond its
    type is checked by `CHECKS`, which may also normalise it; what several must agree on by `check`.
    """

    CHECKS: ClassVar[Checks] = {}

    def __post_init__(self) -> None:
        for name, check in self.CHECKS.items():
            msgspec.structs.force_setattr(self, name, check(getattr(self, name)))
        self.check()

    def check(self) -> None:
        """Look at the keys together.

        Raises:
            Misfit: they do not agree.
        """


SectionT = TypeVar("SectionT", bound=Section)


@frozen(kw_only=False)
class _Mistake:
    """One way in which a document does not fit."""

    at: Location
    what: str
    hint: str


def validate(node: Node, model: type[SectionT]) -> SectionT:
    """Return `node` as a `model`.

    Raises:
        UsageInvalid: it does not fit; the message names the first mistake in the file and how many more there are.
    """
    if not isinstance(node.value, dict):
        raise UsageInvalid(
            f"keys and values expected, found {describe(node.value)}.", hint="Write `key: value` lines.", at=node.at()
        )
    try:
        return msgspec.convert(node.value, model)
    except msgspec.ValidationError:
        found = sorted(_mistakes(node, node.value, model, ()), key=lambda one: (one.at.line, one.at.column))
    first = found[0]
    others = len({one.at.line for one in found} - {first.at.line})
    more = f" ({others} more after it.)" if others else ""
    raise UsageInvalid(first.what + more, hint=first.hint, at=first.at)


def built(model: type[SectionT], value: object) -> SectionT:
    """Return plain values, which stand in no file, as a `model`.

    Raises:
        ValueError: they do not fit.
    """
    return msgspec.convert(value, model)


def plain(section: Section) -> dict[str, Json]:
    """Return `section` in the words of JSON, every key of it."""
    return cast("dict[str, Json]", _json(section))


def _json(value: object) -> Json:
    return msgspec.json.decode(msgspec.json.encode(value))


@cache
def fields_of(model: type[Section]) -> tuple[Field, ...]:
    """Return the keys of `model` in the order of its source; found out once, as it means reading its annotations."""
    return msgspec.structs.fields(model)


def without_empty(section: Section) -> dict[str, Json]:
    """Return `section` in the words of JSON, without the keys that are null."""
    found = ((one.encode_name, getattr(section, one.name)) for one in fields_of(type(section)))
    return {name: _thinned(value) for name, value in found if value is not None}


def _thinned(value: object) -> Json:
    if isinstance(value, Section):
        return without_empty(value)
    if isinstance(value, tuple):
        return [_thinned(item) for item in cast("tuple[object, ...]", value)]
    return _json(value)


def json_schema(model: type[Section]) -> dict[str, Any]:
    """Return the JSON Schema of `model`, its parts below `$defs`."""
    (whole,), parts = msgspec.json.schema_components([model], ref_template="#/$defs/{name}")
    own = parts.pop(str(whole["$ref"]).rpartition("/")[2])
    return {**own, "$defs": parts}


def _mistakes(node: Node, value: Json, kind: object, steps: tuple[Step, ...]) -> Iterator[_Mistake]:
    """Yield each mistake of `value`, inside it first; what holds one is not looked at as a whole."""
    shape, optional = bare(kind)
    if value is None and optional:
        return
    below = list(_below(node, value, shape, steps))
    yield from below
    if below:
        return
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        name = ".".join(map(str, steps))
        if isinstance(error.__cause__, Misfit):
            yield _misfit(node, error.__cause__, steps)
        else:
            yield _Mistake(node.at(*steps), f"`{name}` is {describe(value)}.", remedy(kind))


def _below(node: Node, value: Json, shape: object, steps: tuple[Step, ...]) -> Iterator[_Mistake]:
    """Yield the mistakes inside a group or a list."""
    if isinstance(shape, type) and issubclass(shape, Section) and isinstance(value, dict):
        yield from _in_section(node, cast("dict[str, Json]", value), shape, steps)
    elif get_origin(shape) is tuple and isinstance(value, list):
        for index, item in enumerate(cast("Sequence[Json]", value)):
            yield from _mistakes(node, item, get_args(shape)[0], (*steps, index))
    elif get_origin(shape) in (dict, Mapping) and isinstance(value, dict):
        key_kind, value_kind = get_args(shape)
        for key, item in cast("dict[str, Json]", value).items():
            yield from _in_key(node, key_kind, (*steps, key))
            yield from _mistakes(node, item, value_kind, (*steps, key))


def _in_key(node: Node, kind: object, steps: tuple[Step, ...]) -> Iterator[_Mistake]:
    try:
        msgspec.convert(steps[-1], kind)
    except msgspec.ValidationError:
        name = ".".join(map(str, steps))
        yield _Mistake(node.key_at(*steps), f"`{name}` is no possible key.", remedy(kind))


def _in_section(
    node: Node, value: dict[str, Json], model: type[Section], steps: tuple[Step, ...]
) -> Iterator[_Mistake]:
    fields = fields_of(model)
    names = [one.encode_name for one in fields]
    where = f" in `{'.'.join(map(str, steps))}`" if steps else ""
    for key in value:
        if key not in names:
            name = ".".join(map(str, (*steps, key)))
            yield _Mistake(node.key_at(*steps, key), f"unknown key `{name}`.", closest(key, names))
    for one in fields:
        name = one.encode_name
        if name in value:
            yield from _in_field(node, value[name], one.type, model.CHECKS.get(one.name), (*steps, name))
        elif one.required:
            yield _Mistake(node.at(*steps), f"`{name}` is missing{where}.", f"Add `{name}:`.")


def _in_field(
    node: Node, value: Json, kind: object, check: Callable[[Any], object] | None, steps: tuple[Step, ...]
) -> Iterator[_Mistake]:
    found = list(_mistakes(node, value, kind, steps))
    yield from found
    if check is None or found:
        return
    try:
        check(msgspec.convert(value, cast("Any", kind)))
    except Misfit as error:
        yield _misfit(node, error, steps)


def _misfit(node: Node, error: Misfit, steps: tuple[Step, ...]) -> _Mistake:
    name = f"{'.'.join(map(str, steps))}: " if steps else ""
    return _Mistake(node.at(*steps), f"{name}{error.what}", error.hint)
