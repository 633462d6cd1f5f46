"""Whether a JSON document fits a JSON Schema; the only file that imports jsonschema."""

from __future__ import annotations

import json

from jsonschema import Draft202012Validator, SchemaError
from pydantic import JsonValue


def misfit(document: str, schema: str) -> str:
    """Return the first way in which `document` does not fit `schema`, empty if it fits."""
    try:
        value: JsonValue = json.loads(document)
        rules: dict[str, JsonValue] = json.loads(schema)
        Draft202012Validator.check_schema(rules)
    except ValueError as error:
        return f"not JSON: {error}"
    except SchemaError as error:
        return f"not a JSON Schema: {error.message}"
    errors = Draft202012Validator(rules).iter_errors(value)  # pyright: ignore[reportUnknownMemberType] # its stubs
    first = next(errors, None)
    return "" if first is None else f"{first.json_path}: {first.message}"
