"""What is chosen from by single keys before anything was typed: the first page, the card after a crash."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Choosing(Protocol):
    """What has the focus and is chosen from: `keys` are its keys with what each stands for."""

    @property
    def keys(self) -> Mapping[str, str]:
        """The letters and digits that act."""
        ...

    def choose(self, name: str) -> None:
        """Do what a key stands for."""
        ...
