"""Files that a crash leaves whole or not at all, and names in folders that outlive a power cut."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.new_file import new_file

UNNAMED: Final = ".new-"
"""What the name of a file begins with that is still being written, and is gone as soon as it is whole."""


def write_durably(path: Path, content: bytes, *, sync_names: bool = True) -> None:
    """Put `content` at `path` so that a crash leaves all of it or nothing; a file already there is kept.

    With `sync_names` False the caller syncs the folder.
    """
    if path.exists():
        return
    made = not path.parent.exists()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, temporary = new_file(path.parent, UNNAMED)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    if sync_names:
        sync_folder(path.parent)
    if made:
        sync_folder(path.parent.parent)


def sync_folder(folder: Path) -> None:
    """Make names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
