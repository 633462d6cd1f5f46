"""What a call to `edit` or `write` changes: the text before and after, and the lines between."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from typing import Final, cast

from hermes_tui.domain.values import frozen

CONTEXT: Final = 3
_CHANGING: Final = {"edit": frozenset({"path", "old", "new"}), "write": frozenset({"path", "content"})}
"""The tools whose calls are drawn as a diff, and the arguments that it shows."""
_FLAGS: Final = {("shell", "background"): "in the background: "}
"""The flags that the words about a call begin with, where they are set."""
_LISTED: Final = str.maketrans("[],", "   ")


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
    given = named_in(arguments)
    if tool not in _CHANGING or not given:
        return None
    named = {name: value for name, value in given.items() if isinstance(value, str)}
    before = named.get("old", "") if tool == "edit" else ""
    after = named.get("new", "") if tool == "edit" else named.get("content", "")
    return Change(named.get("path", ""), before, after)


def named_in(arguments: str) -> dict[str, object]:
    """Return the arguments of a call by name; none where they cannot be read."""
    try:
        given: object = json.loads(arguments)
    except ValueError:
        return {}
    return (
        {str(name): value for name, value in cast("dict[object, object]", given).items()}
        if isinstance(given, dict)
        else {}
    )


def unsaid(tool: str, arguments: str, said: str) -> dict[str, str]:
    """Return the arguments of a call, as text by name, that neither the words about it nor its diff show in full."""
    drawn = _CHANGING.get(tool, frozenset())
    texts = {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in named_in(arguments).items()
        if name not in drawn and value not in (None, "", [], {}, False)
    }
    flags = {name for (of, name), words in _FLAGS.items() if of == tool and said.startswith(words)}
    return {name: text for name, text in texts.items() if name not in flags and not _is_said(text.strip(), said)}


def _is_said(text: str, said: str) -> bool:
    """Whether words hold a text as words of their own, perhaps in a list in brackets."""
    bare = text.strip('[]"')
    return f" {bare} " in f" {said} {said.translate(_LISTED)} "
