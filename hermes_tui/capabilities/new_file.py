"""A file of its own name, for this user alone: what is not yet whole is written there and renamed when it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def new_file(folder: Path, prefix: str) -> tuple[int, Path]:
    """Return an open file that was not there before, and its path; the caller closes, and renames or removes it.

    Raises:
        OSError: there is no such folder, or it cannot be written.
    """
    path = folder / f"{prefix}{os.urandom(8).hex()}"
    return os.open(path, _FLAGS, 0o600), path


def demand_writable(folder: Path) -> None:
    """Return if a file can be made in `folder`.

    Raises:
        OSError: it cannot.
    """
    descriptor, path = new_file(folder, ".try-")
    os.close(descriptor)
    path.unlink()
