"""Putting new content in a file's place: whole or not at all, durable, and only if nobody changed it since."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from pathlib import Path

from hermes_tui.capabilities.tools._paths import open_folder, read_bytes
from hermes_tui.domain.errors import FileChanged, ToolError
from hermes_tui.domain.values import frozen
from hermes_tui.kernel.chance import token

FILE_LIMIT_BYTES = 10_000_000


@frozen
class Present:
    """What a file holds now."""

    content: bytes
    digest: str
    state: os.stat_result


def look(path: Path) -> Present | None:
    """Return the present file, None if there is none.

    Raises:
        ToolError: it is no regular file, too large or unreadable.
    """
    try:
        content, state = read_bytes(path, FILE_LIMIT_BYTES)
    except ToolError as error:
        if error.kind == "missing":
            return None
        raise
    return Present(content=content, digest=hashlib.sha256(content).hexdigest(), state=state)


def replace_file(path: Path, content: bytes, before: Present | None) -> str:
    """Write `content` to the real `path`, keeping mode and owner; return its sha256.

    The file is written beside its place, synced, renamed over it, and the folder synced.

    Raises:
        FileChanged: the file is not `before` any more.
        ToolError: it cannot be written, or is too large.
    """
    if len(content) > FILE_LIMIT_BYTES:
        raise ToolError(f"More than {FILE_LIMIT_BYTES} bytes.", kind="too_large")
    try:
        folder = open_folder(path.parent, create=before is None)
        try:
            _replace_in(folder, path, content, before)
        finally:
            os.close(folder)
    except OSError as error:
        raise ToolError(f"{path.name} cannot be written: {error.strerror}.", kind="unwritable") from error
    return hashlib.sha256(content).hexdigest()


def _replace_in(folder: int, path: Path, content: bytes, before: Present | None) -> None:
    temporary = f".{path.name[:100]}.{token(6)}.tmp"
    try:
        _write_new(folder, temporary, content, before)
        _check_unchanged(path, before)
        os.replace(temporary, path.name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)
        raise
    os.fsync(folder)


def _check_unchanged(path: Path, before: Present | None) -> None:
    now = look(path)
    if (now.digest if now else "") != (before.digest if before else ""):
        raise FileChanged(f"{path.name} changed meanwhile.", hint="Read it again.")


def _write_new(folder: int, name: str, content: bytes, before: Present | None) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(name, flags, 0o600 if before else 0o666, dir_fd=folder), "wb") as file:
        file.write(content)
        file.flush()
        if before:
            with contextlib.suppress(PermissionError):
                os.fchown(file.fileno(), before.state.st_uid, before.state.st_gid)
            os.fchmod(file.fileno(), stat.S_IMODE(before.state.st_mode))
        os.fsync(file.fileno())
