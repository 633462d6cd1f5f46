"""Skills: ways of working that are written down; agents know their names, and read one when it is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from hermes_tui.domain.values import frozen


@frozen
class Skill:
    """A skill as it is listed: what it is for, and whose it is (`built in`, `home` or `project`)."""

    name: str
    description: str
    origin: str


class Skills(Protocol):
    """The skills of a session."""

    @property
    def listed(self) -> Mapping[str, Skill]:
        """Every skill by name, in a stable order."""
        ...

    def text(self, name: str) -> str:
        """Return the steps of a skill.

        Raises:
            ToolError: there is none of that name, or it is not what was trusted.
        """
        ...
