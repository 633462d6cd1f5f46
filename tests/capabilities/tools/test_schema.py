"""What a model is told of a tool's arguments is what checks them."""

from __future__ import annotations

import json
from typing import Annotated, Any, TypeAlias, cast

import msgspec
import pytest

from hermes_tui.capabilities import registry
from hermes_tui.capabilities.tools._schema import REQUIRED, Argument, Bounds, Misfits, checked, schema_of
from hermes_tui.capabilities.tools._tool import FunctionTool, tools_of

Share: TypeAlias = Annotated[float, Bounds(gt=0, le=1)] | None
MODULES = [registry.load("tools", name) for name in registry.names("tools")]
TOOLS = [cast("FunctionTool", each) for module in MODULES for each in tools_of(module)]


@pytest.mark.parametrize("each", TOOLS, ids=lambda each: each.spec.schema.name)
def test_a_schema_says_what_the_arguments_are_checked_by(each: FunctionTool) -> None:
    told = json.loads(each.spec.schema.parameters)

    judged = {name: msgspec.json.schema(one.kind) for name, one in each.arguments.items()}

    assert {name: _bare(one) for name, one in told["properties"].items()} == judged
    assert told["additionalProperties"] is False


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{", "arguments: Input data was truncated"),
        ("[1]", "arguments: an object is expected"),
        ('{"size": NaN}', "arguments: JSON is malformed: invalid character (byte 9)"),
        ('{"size": "\\ud800"}', "arguments: Input data was truncated"),
        ('{"size": "\ud800"}', "the arguments are not valid Unicode"),
        ("[" * 100_000, "arguments: nested too deep"),
        ('{"size": 0, "odd": 1}', "odd: there is no such argument; size: expected `int` >= 1; names: it is missing"),
        ('{"size": 1, "names": ["a", 2]}', "names[1]: expected `str`, got `int`"),
        ('{"size": 1, "names": []}', "names: expected `array` of length >= 1"),
        ('{"size": 1, "names": ["a"], "share": true}', "share: expected `float | null`, got `bool`"),
    ],
)
def test_what_does_not_fit_is_told_without_its_value(given: str, said: str) -> None:
    arguments = {
        "size": Argument(Annotated[int, Bounds(ge=1)], None, REQUIRED),
        "names": Argument(Annotated[list[str], Bounds(min_length=1)], None, REQUIRED),
        "share": Argument(Share, None, None),
    }

    with pytest.raises(Misfits) as caught:
        checked(arguments, given)

    assert str(caught.value) == said


@pytest.mark.parametrize("each", TOOLS, ids=lambda each: each.spec.schema.name)
def test_every_argument_is_explained(each: FunctionTool) -> None:
    properties = json.loads(each.spec.schema.parameters)["properties"]

    assert all(one["description"] for one in properties.values())


def test_bounds_of_every_kind_are_told() -> None:
    found = schema_of(
        {
            "size": Argument(Annotated[int, Bounds(ge=1, lt=9)], "A size.", REQUIRED),
            "share": Argument(Share, None, None),
            "names": Argument(Annotated[list[str], Bounds(min_length=1, max_length=3)], None, REQUIRED),
            "pairs": Argument(Annotated[dict[str, str], Bounds(max_length=2)], None, {}),
        }
    )

    assert found == {
        "additionalProperties": False,
        "properties": {
            "size": {"description": "A size.", "exclusiveMaximum": 9, "minimum": 1, "type": "integer"},
            "share": {
                "anyOf": [{"exclusiveMinimum": 0, "maximum": 1, "type": "number"}, {"type": "null"}],
                "default": None,
            },
            "names": {"items": {"type": "string"}, "maxItems": 3, "minItems": 1, "type": "array"},
            "pairs": {
                "additionalProperties": {"type": "string"},
                "default": {},
                "maxProperties": 2,
                "type": "object",
            },
        },
        "required": ["size", "names"],
        "type": "object",
    }


@pytest.mark.parametrize(
    "kind", [bytes, Annotated[int, Bounds(multiple_of=2)], Annotated[int, Bounds(min_length=1)], set[str]]
)
def test_an_annotation_without_a_schema_is_refused_when_the_tool_is_defined(kind: object) -> None:
    with pytest.raises(TypeError, match="An argument of a tool cannot be"):
        schema_of({"odd": Argument(kind, None, REQUIRED)})


def _bare(told: dict[str, Any]) -> dict[str, Any]:
    """Return an argument's schema as msgspec writes it: words in order, without their type, note and default."""
    schema = {key: value for key, value in told.items() if key not in ("description", "default")}
    return {"enum": sorted(schema["enum"])} if "enum" in schema else schema
