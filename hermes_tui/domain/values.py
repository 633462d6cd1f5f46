"""Values and holders: classes of annotated fields that are cheap to define, to make and to copy with a change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, field, make_dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast, dataclass_transform, overload

import msgspec

if TYPE_CHECKING:
    from dataclasses import replace as replace  # noqa: PLC0414 - its checkers know each field's name and type
else:
    replace = msgspec.structs.replace

T = TypeVar("T")

_OF_THE_CLASS_ITSELF: Final = frozenset({"__dict__", "__weakref__"})


class _Fields:
    """Answers `dataclasses.fields`, and with it `asdict`, for a value; worked out when first asked."""

    def __init__(self) -> None:
        self._known: dict[type[Any], dict[str, Field[Any]]] = {}

    def __get__(self, _: object, owner: type[Any]) -> dict[str, Field[Any]]:
        known = self._known.get(owner)
        if known is None:  # making the class takes about a millisecond, and a note that is stored asks several times
            known = self._known[owner] = _fields_of(owner)
        return known


def _fields_of(owner: type[Any]) -> dict[str, Field[Any]]:
    fields = [(each.name, each.type) for each in msgspec.structs.fields(owner)]
    like: Any = make_dataclass(owner.__name__, fields)
    return cast("dict[str, Field[Any]]", like.__dataclass_fields__)


class _Fielded(msgspec.Struct):
    """What every value and holder inherits."""

    __dataclass_fields__ = _Fields()


_define: Final = cast("Callable[..., type[Any]]", type(_Fielded))


@overload
@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def frozen(cls: type[T], /) -> type[T]: ...


@overload
@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def frozen(*, kw_only: bool = True, kind: str | None = None) -> Callable[[type[T]], type[T]]: ...


def frozen(
    cls: type[T] | None = None, /, *, kw_only: bool = True, kind: str | None = None
) -> type[T] | Callable[[type[T]], type[T]]:
    """Make a class of annotated fields a value: frozen, compared by its fields, made by keyword.

    It says what `dataclass(frozen=True, slots=True)` says at a tenth of the cost: start-up defines hundreds of these,
    and each event makes several. Of `dataclasses.field` it knows `default_factory`.

    Args:
        cls: The class; it inherits from generic classes at most.
        kw_only: False lets the fields be given by position.
        kind: What a member of a union is told apart by, wherever it is stored; its text says so as `kind`.
    """

    def define(cls: type[T]) -> type[T]:
        return _fielded(cls, kind=kind, frozen=True, kw_only=kw_only)

    return define if cls is None else define(cls)


@overload
@dataclass_transform(field_specifiers=(field,))
def mutable(cls: type[T], /) -> type[T]: ...


@overload
@dataclass_transform(field_specifiers=(field,))
def mutable(*, kw_only: bool = False, eq: bool = True) -> Callable[[type[T]], type[T]]: ...


def mutable(
    cls: type[T] | None = None, /, *, kw_only: bool = False, eq: bool = True
) -> type[T] | Callable[[type[T]], type[T]]:
    """Make a class of annotated fields a holder: its fields may be set, as `dataclass(slots=True)` allows.

    Args:
        cls: The class; it inherits from generic classes at most.
        kw_only: True keeps the fields from being given by position.
        eq: False leaves a holder equal to itself alone, and fit to be a key.
    """

    def define(cls: type[T]) -> type[T]:
        return _fielded(cls, kind=None, frozen=False, kw_only=kw_only, eq=eq)

    return define if cls is None else define(cls)


def _fielded(cls: type[T], *, kind: str | None, **how: bool) -> type[T]:
    body = {name: _declared(held) for name, held in vars(cls).items() if name not in _OF_THE_CLASS_ITSELF}
    bases = (_Fielded, *(base for base in cls.__bases__ if base is not object))
    tag = {} if kind is None else {"tag": kind, "tag_field": "kind"}
    return cast("type[T]", _define(cls.__name__, bases, body, **how, **tag))


def _declared(held: object) -> object:
    """Return what a class body holds in the words of msgspec; `dict[str, int]` makes a `dict`, only faster."""
    if not isinstance(held, Field):
        return held
    make = cast("Callable[[], object]", cast("Field[object]", held).default_factory)
    return msgspec.field(default_factory=getattr(make, "__origin__", make))
