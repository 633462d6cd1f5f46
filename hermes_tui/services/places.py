"""Where the platform wants a user's files, where nobody named a place; loaded when it is asked, as few runs ask."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

import platformdirs

_APP: Final = "hermes-tui"


def data() -> Path:
    """Return the folder of the user's data.

    Raises:
        RuntimeError: the user has no home folder.
    """
    return Path(platformdirs.user_data_dir(_APP, appauthor=False))


def config() -> Path:
    """Return the folder of the user's settings.

    Raises:
        RuntimeError: the user has no home folder.
    """
    return Path(platformdirs.user_config_dir(_APP, appauthor=False))


def passing() -> Path:
    """Make and return a folder that lasts no longer than the machine runs.

    Raises:
        OSError: there is no place for it.
    """
    return Path(tempfile.mkdtemp(prefix=f"{_APP}-state-"))
