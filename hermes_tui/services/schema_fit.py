"""Whether a JSON document fits a JSON Schema; the only file that imports jsonschema."""

from __future__ import annotations

import json

from jsonschema import Draft202012Validator, SchemaError


def misfit(document: str, schema: str) -> str:
    """Return the first way in which `document` does not fit `schema`, empty if it fits."""
    try:
        value, rules = json.loads(document), json.loads(schema)
        Draft202012Validator.check_schema(rules)
    except ValueError as error:
        return f"not JSON: {error}"
    except SchemaError as error:
        return f"not a JSON Schema: {error.message}"
    first = next(iter(Draft202012Validator(rules).iter_errors(value)), None)
    return "" if first is None else f"{first.json_path}: {first.message}"
