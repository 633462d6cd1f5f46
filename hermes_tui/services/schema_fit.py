"""Whether a JSON document fits a JSON Schema; the only file that imports jsonschema."""

from __future__ import annotations

import json

from jsonschema import Draft202012Validator, SchemaError

from hermes_tui.services.sections import Json


def misfit(document: str, schema: str) -> str:
    """Return the first way in which `document` does not fit `schema`, empty if it fits."""
    try:
        value: Json = json.loads(document)
        rules: dict[str, Json] = json.loads(schema)
        Draft202012Validator.check_schema(rules)
    except ValueError as error:
        return f"not JSON: {error}"
    except SchemaError as error:
        return f"not a JSON Schema: {error.message}"
    errors = Draft202012Validator(rules).iter_errors(value)  # pyright: ignore[reportUnknownMemberType] # its stubs
    first = next(errors, None)
    return "" if first is None else f"{first.json_path}: {first.message}"
