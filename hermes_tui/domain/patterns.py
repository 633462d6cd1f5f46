"""Regular expressions that cost nothing until they are used."""

from __future__ import annotations

import re
from typing import Any, cast


class _Later:
    """Stands for a pattern: the first look at one of its methods compiles it, the next ones find the method here."""

    def __init__(self, text: str, flags: int) -> None:
        self._text = text
        self._flags = flags

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a pattern has by that name
        found = getattr(re.compile(self._text, self._flags), name)
        setattr(self, name, found)
        return found


def later(text: str, flags: int = 0) -> re.Pattern[str]:
    """Return the pattern of `text`, compiled when it is first used.

    For patterns that many starts never use: compiling all of them would take longer than loading the modules they
    stand in. A mistake in one shows when it is used, so each needs a test that uses it.
    """
    return cast("re.Pattern[str]", _Later(text, flags))
