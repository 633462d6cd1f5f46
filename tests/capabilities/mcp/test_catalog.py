"""What a stranger lists becomes clean names, bounded texts and a digest that any change of it moves."""

from __future__ import annotations

from typing import Any

import pytest

from hermes_tui.capabilities.mcp.catalog import NAME_LIMIT, catalog_of
from hermes_tui.capabilities.mcp.shape import misfits
from hermes_tui.capabilities.providers._content import tool_name, wire_name
from tests.fakes.tool_server import ECHO


def digest(**changes: object) -> str:
    return catalog_of("a", [{**ECHO, **changes}]).tools[0].digest


@pytest.mark.parametrize(
    "change",
    [
        {"description": "Say a text again. "},
        {"annotations": {"readOnlyHint": False}},
        {"title": "Echo"},
        {"inputSchema": {"type": "object", "properties": {"text": {"type": "string", "description": "hidden"}}}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_any_change_of_what_a_tool_says_of_itself_moves_its_digest(change: dict[str, object]) -> None:
    assert digest() == digest(icons=[{"src": "a.png"}])
    assert digest(**change) != digest()


def test_signs_that_nobody_sees_are_taken_out_everywhere() -> None:
    hidden = "Read a file.\u200b\u202e\U000e0041\x1b[2J"
    schema = {"type": "object", "properties": {"p\u200bq": {"description": hidden}}}

    listing = catalog_of("a", [{"name": "read", "description": hidden, "inputSchema": schema}]).tools[0]

    shown = listing.description + listing.schema
    assert not any(sign in shown for sign in "\u200b\u202e\U000e0041\x1b")
    assert listing.description.startswith("Read a file.")


def test_no_two_tools_have_one_name_and_none_is_a_tool_of_ours() -> None:
    catalog = catalog_of("a", [{"name": "x/y"}, {"name": "x.y"}, {"name": "shell"}, {"name": ""}])

    assert [one.called for one in catalog.tools] == ["mcp.a.shell", "mcp.a.x_y"]
    assert [reason.split(":")[0] for reason in catalog.left_out] == ["'x.y'", "''"]


def test_a_name_is_short_enough_for_every_wire_and_comes_back_from_it() -> None:
    server = "a-server-of-20-signs"
    names = ["list__all.things", "n" * 150 + "a", "n" * 150 + "b"]

    called = [one.called for one in catalog_of(server, [{"name": name} for name in names]).tools]

    assert len(set(called)) == 3
    assert max(len(wire_name(name)) for name in called) <= NAME_LIMIT
    assert [tool_name(wire_name(name)) for name in (*called, "read", "mcp__odd")] == [*called, "read", "mcp__odd"]
    assert all(set(wire_name(name)) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-") for name in called)


def test_only_tools_that_the_operator_allows_are_offered() -> None:
    catalog = catalog_of("a", [{"name": "read"}, {"name": "delete"}], ("read", "gone"))

    assert [one.name for one in catalog.tools] == ["read"]
    assert catalog.left_out == ("'gone': the server has no such tool",)


def test_a_schema_that_never_ends_is_refused() -> None:
    schema: dict[str, Any] = {"type": "object"}
    for _ in range(50):
        schema = {"type": "object", "properties": {"deeper": schema}}

    catalog = catalog_of(
        "a", [{"name": "deep", "inputSchema": schema}, {"name": "odd", "inputSchema": {"type": "array"}}]
    )

    assert catalog.tools == ()
    assert catalog.left_out == ("'deep': its schema is nested deeper than 32", "'odd': its arguments are no object")


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        ({"text": "a"}, []),
        ({"text": "a", "times": 2}, []),
        ({}, ["text: is missing"]),
        ({"text": 1, "times": True}, ["text: must be string", "times: must be integer"]),
        ({"text": "a", "other": 1}, ["other: there is no such argument"]),
    ],
)
def test_arguments_have_the_shape_of_the_schema(arguments: dict[str, object], wrong: list[str]) -> None:
    assert list(misfits(arguments, ECHO["inputSchema"])) == wrong


def test_nested_values_lists_and_choices_are_looked_at_and_what_cannot_be_told_is_let_through() -> None:
    schema = {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": {"type": "object", "required": ["id"]}},
            "kind": {"enum": ["a", "b"]},
            "free": {"$ref": "#/$defs/loop"},
            "text": {"type": ["string", "null"], "pattern": "(a+)+$"},
        },
    }
    given = {"items": [{"id": 1}, {}], "kind": "c", "free": 1, "text": "a" * 5_000 + "!"}

    assert list(misfits(given, schema)) == ["items[1].id: is missing", "kind: must be one of 'a', 'b'"]
