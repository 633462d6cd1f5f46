"""Regular files that are really where they are named: no link that came between, no pipe to wait for, no end too far.

What Hermes itself reads of a workspace may be exchanged at any moment by what runs in the sandbox.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import Final

_OPEN: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def open_real(path: str) -> int:
    """Return a descriptor of the regular file that is really at `path`, a path without links.

    Raises:
        OSError: it is missing, or something else by now.
    """
    descriptor = os.open(path, _OPEN)
    try:
        regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
        if regular and (sys.platform != "linux" or _place_of(descriptor) in ("", path)):
            return descriptor
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    raise OSError(f"{path} leads elsewhere, or is no regular file")


def read_real(path: str, limit_bytes: int = -1) -> bytes:
    """Return the content of the regular file that is really at `path`, at most `limit_bytes` of it.

    Raises:
        OSError: see `open_real`.
    """
    with os.fdopen(open_real(path), "rb") as file:
        return file.read(limit_bytes)


def read_within(path: Path, folder: Path, limit_bytes: int) -> bytes:
    """Return the start of a regular file of a folder; a link is followed that stays in the folder.

    Raises:
        OSError: it is missing, no regular file, or leads out of the folder.
    """
    real = os.path.realpath(path, strict=True)
    if not Path(real).is_relative_to(os.path.realpath(folder)):
        raise OSError(f"{path} leads out of {folder}")
    return read_real(real, limit_bytes)


def _place_of(descriptor: int) -> str:
    """Return the path of what was opened, empty where nothing tells it."""
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115 - the text is what is wanted
    except OSError:
        return ""
