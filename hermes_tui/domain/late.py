"""Modules that cost nothing until they are used: what few runs come to need stands ready by its name alone."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class _Late:
    """Stands for a module: the first look at one of its names loads it, the next ones find the name here."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the module has by that name
        found = getattr(import_module(self._module), name)
        setattr(self, name, found)
        return found


def late(module: str) -> Any:  # noqa: ANN401 - the import beside it says what it is
    """Return what stands for a module until one of its names is used.

    It stands beside the import that it puts off, which type checkers and the check of the floors go by:

        if TYPE_CHECKING:
            from hermes_tui.kernel import compaction
        else:
            compaction = late("hermes_tui.kernel.compaction")

    For modules of which a run that succeeds at once uses nothing: together they take longer to load than its request to
    be put together.
    """
    return _Late(module)
