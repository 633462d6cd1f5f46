"""What a frozen value promises."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import asdict, field, fields
from typing import Generic, TypeVar

import pytest

from hermes_tui.domain.values import frozen, replace

T = TypeVar("T")


@frozen
class Leaf:
    """A value with a default before a required field."""

    note: str = ""
    size: int
    by_name: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def doubled(self) -> int:
        """Twice the size."""
        return 2 * self.size


@frozen(kw_only=False)
class Pair(Generic[T]):
    """A value of two fields, by position."""

    left: T
    right: T


def test_a_value_cannot_be_changed() -> None:
    leaf = Leaf(size=3)

    with pytest.raises(AttributeError):
        leaf.size = 4  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue] - what is tested
    with pytest.raises(AttributeError):
        leaf.other = 4  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue] - what is tested


def test_a_copy_with_a_change_leaves_the_old_value_as_it_was() -> None:
    old = Leaf(size=3, note="a")

    new = replace(old, size=4)

    assert (new.size, new.doubled, new.note) == (4, 8, "a")
    assert old == Leaf(size=3, note="a")


def test_a_field_that_does_not_exist_is_refused_by_a_copy() -> None:
    with pytest.raises(TypeError):
        replace(Leaf(size=3), sise=4)  # type: ignore[call-arg]


def test_values_are_given_by_keyword_unless_they_say_otherwise() -> None:
    assert Pair(1, 2) == Pair(left=1, right=2)
    with pytest.raises(TypeError):
        Leaf("a", 3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue] - what is tested


def test_values_are_equal_and_hash_alike_when_their_fields_do_and_their_class_is_one() -> None:
    assert Pair(1, 2) == Pair(1, 2)
    assert hash(Pair(1, 2)) == hash(Pair(1, 2))
    assert Pair(1, 2) != Pair(2, 1)
    assert len({Pair(1, 2), Pair(1, 2), Pair(2, 1)}) == 2


def test_each_value_has_a_default_of_its_own() -> None:
    one, other = Leaf(size=1), Leaf(size=1)

    assert one.by_name == {}
    assert one.by_name is not other.by_name


def test_a_value_answers_as_a_dataclass_does() -> None:
    pair = Pair(Leaf(size=1), Leaf(size=2, note="b"))

    assert [each.name for each in fields(Leaf)] == ["note", "size", "by_name"]
    assert asdict(pair)["right"] == {"note": "b", "size": 2, "by_name": {}}


def test_a_value_keeps_its_name_its_docstring_and_its_copies() -> None:
    assert (Leaf.__qualname__, Leaf.__module__, Leaf.__doc__) == (
        "Leaf",
        __name__,
        "A value with a default before a required field.",
    )
    assert repr(Pair(1, 2)) == "Pair(left=1, right=2)"
    assert copy.deepcopy(Leaf(size=1, by_name={"a": 1})) == Leaf(size=1, by_name={"a": 1})


def test_the_fields_of_a_class_are_worked_out_once() -> None:
    first = fields(Leaf)

    again = fields(Leaf(size=3))

    assert all(one is other for one, other in zip(first, again, strict=True))
    assert [each.name for each in fields(Pair)] == ["left", "right"]
