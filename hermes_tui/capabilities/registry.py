"""Names of plug-in modules without importing them; import one on demand."""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module, util
from pathlib import Path
from types import ModuleType


@cache
def names(shelf: str) -> tuple[str, ...]:
    """Return the plug-in modules of a shelf (`tools`, `providers`), sorted, without importing any.

    The folder is listed once a process: every step of a model asks for its provider's module.
    """
    listed = os.listdir(Path(__file__).with_name(shelf))  # noqa: PTH208 - names are wanted, not paths
    return tuple(sorted(file[:-3] for file in listed if file.endswith(".py") and not file.startswith("_")))


def load(shelf: str, name: str) -> ModuleType:
    """Import one plug-in module.

    Raises:
        KeyError: the shelf has no such module.
    """
    if name not in names(shelf):
        raise KeyError(name)
    return import_module(f"hermes_tui.capabilities.{shelf}.{name}")


def load_private(shelf: str, name: str) -> ModuleType:
    """Import what a plug-in keeps apart because it needs an optional or a slow package.

    Raises:
        ModuleNotFoundError: the package is not installed.
    """
    return import_module(f"hermes_tui.capabilities.{shelf}.{name}")


def load_late(name: str) -> ModuleType:
    """Import a module of Hermes, by its name inside the package, that is slow to load and that many runs never need."""
    return import_module(f"hermes_tui.{name}")


def package_folder(name: str) -> Path | None:
    """Return where an installed package lies, None if it is not installed; nothing of it is imported."""
    spec = util.find_spec(name)
    places = spec.submodule_search_locations if spec is not None else None
    return Path(next(iter(places))) if places else None
