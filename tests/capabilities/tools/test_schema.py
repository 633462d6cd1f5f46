"""What a model is told of a tool's arguments is what checks them."""

from __future__ import annotations

import json
from typing import Annotated, Any, TypeAlias, cast

import pytest
from annotated_types import Ge, Gt, Interval, Le, Lt, MaxLen, MinLen

from hermes_tui.capabilities import registry
from hermes_tui.capabilities.tools._schema import REQUIRED, Argument, schema_of
from hermes_tui.capabilities.tools._tool import FunctionTool, tools_of

Share: TypeAlias = Annotated[float, Gt(0), Le(1)] | None
MODULES = [registry.load("tools", name) for name in registry.names("tools")]
TOOLS = [cast("FunctionTool", each) for module in MODULES for each in tools_of(module)]


@pytest.mark.parametrize("each", TOOLS, ids=lambda each: each.spec.schema.name)
def test_a_schema_says_what_the_arguments_are_checked_by(each: FunctionTool) -> None:
    told = json.loads(each.spec.schema.parameters)
    checked = each.checker().model_json_schema()

    assert _bare(told, "description") == _bare(checked, "title")


@pytest.mark.parametrize("each", TOOLS, ids=lambda each: each.spec.schema.name)
def test_every_argument_is_explained(each: FunctionTool) -> None:
    properties = json.loads(each.spec.schema.parameters)["properties"]

    assert all(one["description"] for one in properties.values())


def test_bounds_of_every_kind_are_told() -> None:
    found = schema_of(
        {
            "size": Argument(Annotated[int, Ge(1), Lt(9)], "A size.", REQUIRED),
            "share": Argument(Share, None, None),
            "names": Argument(Annotated[list[str], MinLen(1), MaxLen(3)], None, REQUIRED),
            "pairs": Argument(Annotated[dict[str, str], MaxLen(2)], None, {}),
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


@pytest.mark.parametrize("kind", [bytes, Annotated[int, Interval(ge=1)], set[str]])
def test_an_annotation_without_a_schema_is_refused_when_the_tool_is_defined(kind: object) -> None:
    with pytest.raises(TypeError, match="An argument of a tool cannot be"):
        schema_of({"odd": Argument(kind, None, REQUIRED)})


def _bare(node: Any, word: str) -> Any:  # noqa: ANN401 - any JSON
    """Return a schema without the texts under `word`; an argument may have that name."""
    if isinstance(node, dict):
        entries = cast("dict[str, Any]", node)
        return {
            key: {name: _bare(one, word) for name, one in value.items()} if key == "properties" else _bare(value, word)
            for key, value in entries.items()
            if key != word
        }
    if isinstance(node, list):
        return [_bare(item, word) for item in cast("list[object]", node)]
    return node
