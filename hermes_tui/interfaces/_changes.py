"""What a call to `edit` or `write` changes: the text before and after, and the lines between."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from typing import Final, cast

from hermes_tui.domain.values import frozen

CONTEXT: Final = 3


@frozen(kw_only=False)
class Change:
    """A change to one file: the text before and after, as far as the call names it."""

    path: str
    before: str
    after: str

    @property
    def counts(self) -> tuple[int, int]:
        """How many lines come and go."""
        signs = [sign for sign, _ in self.rows()]
        return signs.count("+"), signs.count("-")

    def rows(self) -> Iterator[tuple[str, str]]:
        """Yield each line of the diff with its sign: ` `, `+` or `-`."""
        before, after = self.before.splitlines(), self.after.splitlines()
        for line in difflib.unified_diff(before, after, lineterm="", n=CONTEXT):
            if not line.startswith(("---", "+++", "@@")):
                yield line[:1], line[1:]


def change_of(tool: str, arguments: str) -> Change | None:
    """Return the change that a call to `edit` or `write` asks for; None for any other call."""
    if tool not in ("edit", "write"):
        return None
    try:
        given: object = json.loads(arguments)
    except ValueError:
        return None
    if not isinstance(given, dict):
        return None
    named = {str(key): value for key, value in cast("dict[object, object]", given).items() if isinstance(value, str)}
    before = named.get("old", "") if tool == "edit" else ""
    after = named.get("new", "") if tool == "edit" else named.get("content", "")
    return Change(named.get("path", ""), before, after)
