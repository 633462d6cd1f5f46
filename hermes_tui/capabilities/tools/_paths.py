"""Where a path that a model gave really leads, and opening it without following a link that appeared since."""

from __future__ import annotations

import os
import re
import stat
from functools import lru_cache
from pathlib import Path

import hermes_tui
from hermes_tui.domain.errors import PathRefused, ToolError
from hermes_tui.domain.guardrails import guardrails
from hermes_tui.domain.ports import ToolContext
from hermes_tui.domain.tasks import Reach

PATH_LIMIT = 4096
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NEVER = frozenset({".git", ".hermes", ".hermes-tui.yaml"})
_STEP = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def readable(path: str, context: ToolContext) -> Path:
    """Return the real path of `path`, inside the workspace or among the kept outputs.

    Raises:
        PathRefused: it has control characters or leads out of the workspace.
    """
    real = _real(path, context.workspace.root)
    roots = (context.workspace.root, *context.workspace.read)
    if not any(real.is_relative_to(root) for root in roots):
        raise PathRefused(f"{path} leads out of the workspace.", hint="Use a path inside the workspace.")
    return real


def writable(path: str, context: ToolContext) -> tuple[Path, Reach]:
    """Return the real path of `path` and its reach: SCOPE inside a write scope, HOST elsewhere.

    Raises:
        PathRefused: it has control characters, or is git's or Hermes's own.
    """
    root = context.workspace.root
    real = _real(path, root)
    own = any(real.is_relative_to(folder) for folder in context.workspace.kept)
    if real == root or own or _is_protected(real, root):
        raise PathRefused(f"{path} may never be written.", hint="Git's and Hermes's own files are off limits.")
    within = any(real == scope or real.is_relative_to(scope) for scope in context.workspace.write)
    return real, Reach.SCOPE if within else Reach.HOST


def shown(path: Path, context: ToolContext) -> str:
    """Return `path` relative to the workspace where it is inside, whole elsewhere."""
    root = context.workspace.root
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def open_folder(path: Path, *, create: bool = False) -> int:
    """Return a descriptor of a real folder, walked step by step so that no link is followed.

    Raises:
        OSError: a step is missing, is a link, or is no folder.
    """
    descriptor = os.open("/", _STEP)
    try:
        for part in path.parts[1:]:
            if create:
                _make_folder(part, descriptor)
            following = os.open(part, _STEP, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = following
        return os.open(".", _FOLDER, dir_fd=descriptor)
    finally:
        os.close(descriptor)


def read_bytes(path: Path, limit_bytes: int) -> tuple[bytes, os.stat_result]:
    """Return the content of a real regular file and its state.

    Raises:
        ToolError: it is missing, no regular file, unreadable or larger than `limit_bytes`.
    """
    try:
        folder = open_folder(path.parent)
        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(path.name, flags, dir_fd=folder)
        finally:
            os.close(folder)
        with os.fdopen(descriptor, "rb") as file:
            state = os.fstat(descriptor)
            if not stat.S_ISREG(state.st_mode):
                raise ToolError(f"{path.name} is not a regular file.", kind="not_a_file")
            content = file.read(limit_bytes + 1)
    except FileNotFoundError as error:
        raise ToolError(f"{path.name} does not exist.", hint="Look with list or search.", kind="missing") from error
    except OSError as error:
        raise ToolError(f"{path.name} cannot be read: {error.strerror}.", kind="unreadable") from error
    if len(content) > limit_bytes:
        raise ToolError(f"{path.name} is larger than {limit_bytes} bytes.", hint="Use search.", kind="too_large")
    return content, state


def _real(path: str, root: Path) -> Path:
    if not path or len(path) > PATH_LIMIT:
        raise PathRefused(f"A path has 1 to {PATH_LIMIT} characters.")
    if _CONTROL.search(path):
        raise PathRefused("The path holds control characters.", hint="Give it without newlines or NUL.")
    return Path(os.path.realpath(root / path))


def _is_protected(real: Path, root: Path) -> bool:
    if any(part.casefold() in _NEVER for part in real.parts):
        return True
    if any(real == guarded or real.is_relative_to(guarded) for guarded in _guardrails()):
        return True
    repository = Path(os.path.realpath(root / ".git"))
    if real == repository or real.is_relative_to(repository):
        return True
    return any(_is_state_of(home, real) for home in real.parents)


@lru_cache(maxsize=1)
def _guardrails() -> tuple[Path, ...]:
    return guardrails(Path(os.path.realpath(hermes_tui.__file__)).parent)


def _is_state_of(home: Path, real: Path) -> bool:
    """Whether `home` is a Hermes home and `real` its state or settings."""
    first = real.relative_to(home).parts[0].casefold()
    return first in ("state", "config.yaml") and (home / "state" / "ledger.db").exists()


def _make_folder(name: str, parent: int) -> None:
    try:
        os.mkdir(name, 0o777, dir_fd=parent)
    except FileExistsError:
        return
    except OSError:
        # Not permitted or read-only: opening the step says whether it is there anyway.
        return
