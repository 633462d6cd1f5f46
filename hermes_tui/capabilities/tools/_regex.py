"""Regular expressions in linear time, by the Rust engine inside pydantic-core; loaded when a first search needs it.

No pattern can blow up, which Python's `re` cannot promise and, because it holds the interpreter's lock, no thread with
a deadline could stop. Lookaround and backreferences are refused in exchange. The only file that imports pydantic-core.
"""

from __future__ import annotations

from pydantic_core import SchemaError, SchemaValidator, core_schema

from hermes_tui.domain.errors import ArgumentsInvalid


class Expression:
    """A pattern that can be looked for."""

    def __init__(self, pattern: str) -> None:
        """Compile `pattern`.

        Raises:
            ArgumentsInvalid: the engine does not know it.
        """
        try:
            self._engine = SchemaValidator(core_schema.str_schema(pattern=pattern, strict=True))
        except SchemaError as error:
            lines = [line.strip() for line in str(error).splitlines() if "error:" in line]
            reason = lines[-1].removeprefix("error: ") if lines else "it cannot be compiled"
            hint = "Lookaround and backreferences are not known; escape literal characters."
            raise ArgumentsInvalid(f"search: pattern: {reason}.", hint=hint) from error

    def occurs_in(self, text: str) -> bool:
        """Say whether it matches anywhere in `text`."""
        return self._engine.isinstance_python(text)
