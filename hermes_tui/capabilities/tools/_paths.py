"""Where a path that a model gave really leads, and opening it without following a link that appeared since."""

from __future__ import annotations

import os
import stat
import sys
from functools import lru_cache
from pathlib import Path

import hermes_tui
from hermes_tui.domain.errors import PathRefused, ToolError
from hermes_tui.domain.guardrails import guardrails, own_environment
from hermes_tui.domain.patterns import later
from hermes_tui.domain.ports import ToolContext
from hermes_tui.domain.tasks import Reach

PATH_LIMIT = 4096
_FEW = 2
"""Up to so many steps are looked at in fewer calls than where a path really leads is found out."""
_ODD = frozenset({"", ".", ".."})
_CONTROL = later(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NEVER = frozenset({".git", ".hermes", ".hermes-tui.yaml"})
_MARKS_BARE = frozenset({"HEAD", "commondir", "COMMONDIR"})
_STEP = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
AT_ONCE_BYTES = 65_536
"""Largest file that is read without a thread."""


def readable(path: str, context: ToolContext) -> Path:
    """Return the real path of `path`, inside the workspace or among the kept outputs.

    Raises:
        PathRefused: it has control characters or leads out of the workspace.
    """
    workspace = context.workspace
    real = _real(path, workspace.root)
    if not _is_within(real, workspace.root) and not any(_is_within(real, folder) for folder in workspace.read):
        raise PathRefused(f"{path} leads out of the workspace.", hint="Use a path inside the workspace.")
    context.found[path] = _path(real)
    return context.found[path]


def foreseen(path: str, context: ToolContext) -> Path:
    """Return what `readable` does; where a path is short and no step of it is a link, by a look at each step alone.

    Only for what is opened by `read_…` here: they open nothing that is elsewhere than its path says.

    Raises:
        PathRefused: see `readable`.
    """
    workspace = context.workspace
    steps = path.split("/")
    if len(steps) > _FEW or not _ODD.isdisjoint(steps) or _CONTROL.search(path):
        return readable(path, context)
    real = str(workspace.root)
    for step in steps:
        real = f"{_as_folder(real)}{step}"
        if _may_lead_on(real):
            return readable(path, context)
    context.found[path] = _path(real)
    return context.found[path]


def found(path: str, context: ToolContext) -> Path:
    """Return where a path of this very call leads, as it was found when it was judged; only for `read_…` here.

    They follow no link that appeared since.

    Raises:
        PathRefused: see `readable`.
    """
    return context.found.get(path) or readable(path, context)


def writable(path: str, context: ToolContext) -> tuple[Path, Reach]:
    """Return the real path of `path` and its reach: SCOPE inside a write scope, HOST elsewhere.

    Raises:
        PathRefused: it has control characters, or is git's or Hermes's own.
    """
    workspace = context.workspace
    text = _real(path, workspace.root)
    real = _path(text)
    own = any(_is_within(text, folder) for folder in workspace.kept)
    if real == workspace.root or own or _is_protected(real, workspace.root):
        raise PathRefused(f"{path} may never be written.", hint="Git's and Hermes's own files are off limits.")
    within = any(_is_within(text, scope) for scope in workspace.write)
    return real, Reach.SCOPE if within else Reach.HOST


def judged(path: str, context: ToolContext) -> Path:
    """Return the real path of `path` when it is written, if it is still the one that was decided about.

    Raises:
        PathRefused: it leads elsewhere meanwhile, or may never be written.
    """
    real, reach = writable(path, context)
    meant = reach is Reach.SCOPE if context.judged is None else str(real) in context.judged
    if not meant:
        raise PathRefused(f"{path} leads elsewhere than when it was decided about.", hint="Look for a link on it.")
    return real


def shown(path: Path, context: ToolContext) -> str:
    """Return `path` relative to the workspace where it is inside, whole elsewhere."""
    text, root = str(path), str(context.workspace.root)
    return "." if text == root else text.removeprefix(_as_folder(root))


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
    descriptor, state = _open(path)
    too_large = ToolError(f"{path.name} is larger than {limit_bytes} bytes.", hint="Use search.", kind="too_large")
    with os.fdopen(descriptor, "rb") as file:
        if state.st_size > limit_bytes:
            raise too_large
        # What a file says of its size may be too little: some are made as they are read, others grow meanwhile.
        content = file.read(state.st_size + 1)
        if len(content) > state.st_size:
            content += file.read(limit_bytes + 1 - len(content))
    if len(content) > limit_bytes:
        raise too_large
    return content, state


def read_at_once(path: Path) -> bytes | None:
    """Return the content of a small real regular file that is in memory; None where it would have to be waited for.

    Raises:
        ToolError: it is missing, no regular file or unreadable.
    """
    if sys.platform != "linux":
        return None
    descriptor, state = _open(path)
    try:
        if state.st_size > AT_ONCE_BYTES:
            return None
        content = bytearray(state.st_size + 1)
        size = os.preadv(descriptor, [content], 0, os.RWF_NOWAIT)
        return bytes(content[:size]) if size == state.st_size else None
    except OSError:
        # It is on the disk alone, or its file system cannot tell.
        return None
    finally:
        os.close(descriptor)


def _open(path: Path) -> tuple[int, os.stat_result]:
    """Return a descriptor of a real regular file, and its state.

    Raises:
        ToolError: it is missing, no regular file or unreadable.
    """
    try:
        descriptor = _at_once(str(path))
        if descriptor is None:
            folder = open_folder(path.parent)
            try:
                descriptor = os.open(path.name, _FILE, dir_fd=folder)
            finally:
                os.close(folder)
    except FileNotFoundError as error:
        raise ToolError(f"{path.name} does not exist.", hint="Look with list or search.", kind="missing") from error
    except OSError as error:
        raise ToolError(f"{path.name} cannot be read: {error.strerror}.", kind="unreadable") from error
    state = os.fstat(descriptor)
    if stat.S_ISREG(state.st_mode):
        return descriptor, state
    os.close(descriptor)
    if stat.S_ISDIR(state.st_mode):
        raise ToolError(f"{path.name} is a folder.", hint="Use list.", kind="not_a_file")
    raise ToolError(f"{path.name} is not a regular file.", kind="not_a_file")


def _at_once(path: str) -> int | None:
    """Return a descriptor of the file that is at a real path, opened without walking there; None where it has to be.

    Where the kernel says that what was opened is at another place than the path names, some step of it is a link by
    now; nothing of it was read.
    """
    if sys.platform != "linux":
        return None
    descriptor = os.open(path, _FILE)
    try:
        if os.readlink(f"/proc/self/fd/{descriptor}") == path:  # noqa: PTH115 - the text is what is wanted
            return descriptor
    except OSError:
        # There is no /proc here; the walk needs none.
        pass
    os.close(descriptor)
    return None


def _real(path: str, root: Path) -> str:
    """Return where a path leads that a model gave, as text: each call asks several times what that is below of."""
    if not path or len(path) > PATH_LIMIT:
        raise PathRefused(f"A path has 1 to {PATH_LIMIT} characters.")
    if _CONTROL.search(path):
        raise PathRefused("The path holds control characters.", hint="Give it without newlines or NUL.")
    return _followed(path if path[0] == "/" else f"{_as_folder(str(root))}{path}")


def _followed(path: str) -> str:
    """Return where `path` really leads.

    Where there is something, the kernel says so in two calls; walking there takes one for each step.
    """
    if sys.platform == "linux":
        try:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            return os.path.realpath(path)
        try:
            real = os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115 - the text is what is wanted
        except OSError:
            real = ""
        finally:
            os.close(descriptor)
        # What was deleted meanwhile, or is no place in the file system, is told otherwise than by a path.
        if real.startswith("/") and not real.endswith(" (deleted)"):
            return real
    return os.path.realpath(path)


def _may_lead_on(step: str) -> bool:
    """Whether what is at a path is a link, or is not there."""
    try:
        return stat.S_ISLNK(os.lstat(step).st_mode)
    except OSError:
        return True


@lru_cache(maxsize=512)
def _path(text: str) -> Path:
    """Return the path of a text; the same files are asked for again and again."""
    return Path(text)


def _as_folder(folder: str) -> str:
    return folder if folder == "/" else f"{folder}/"


def _is_within(real: str, folder: Path) -> bool:
    """Whether a real path is `folder` or below it."""
    above = str(folder)
    return real == above or real.startswith(_as_folder(above))


def _is_protected(real: Path, root: Path) -> bool:
    if any(part.casefold() in _NEVER for part in real.parts) or _makes_repository(real):
        return True
    if any(_is_within(str(real), guarded) for guarded in _guardrails()):
        return True
    if _is_within(str(real), Path(os.path.realpath(root / ".git"))):
        return True
    return any(_is_state_of(home, real) for home in real.parents)


@lru_cache(maxsize=1)
def _guardrails() -> tuple[Path, ...]:
    own = tuple(Path(os.path.realpath(path)) for path in own_environment(Path(sys.prefix)))
    return (*guardrails(Path(os.path.realpath(hermes_tui.__file__)).parent), *own)


def _makes_repository(real: Path) -> bool:
    """Whether a file would make its folder a repository without a `.git`, or names programs in one.

    Whoever asks git for anything there runs them.
    """
    name = real.name.upper() if sys.platform == "darwin" else real.name
    if name in _MARKS_BARE:
        return True
    folder = real.parent.parent if real.parent.name == "hooks" else real.parent
    return (name in ("config", "CONFIG") or folder != real.parent) and (folder / "HEAD").is_file()


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
