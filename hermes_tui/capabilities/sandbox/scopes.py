"""What of the workspace a command may change, held against links, and what stays out of its reach there."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Final

from hermes_tui.domain.errors import SandboxUnavailable
from hermes_tui.domain.processes import ProcessResult
from hermes_tui.domain.values import frozen, replace

NEVER: Final = (".git", ".hermes-tui.yaml", ".hermes")
"""Names that no command may make, change or replace at the top of a folder it may write."""
SOCKETS: Final = Path("/proc/net/unix")
_DEPTH: Final = 3
_MOST_FOLDERS: Final = 500
_SKIPPED: Final = frozenset({"node_modules", ".venv", "__pycache__", ".tox", ".mypy_cache"})


@frozen(kw_only=False)
class Guard:
    """A protected path and what stood there before the call; `identity` is None where there was nothing."""

    path: Path
    identity: tuple[int, int] | None


def writable_folders(write: Sequence[Path], workspace: Path) -> tuple[Path, ...]:
    """Return the folders to bind for a write scope, made where they are missing; none lies inside another.

    As none does, no command can rename a folder above a scope, and so put a link in its place.

    Raises:
        SandboxUnavailable: a scope leads out of the workspace.
    """
    folders = [_folder_of(scope) for scope in write]
    for folder in folders:
        if not folder.is_relative_to(workspace) or os.path.realpath(folder) != str(folder):
            raise SandboxUnavailable(
                f"The write scope {folder} leads out of the workspace.", hint="Look for a link on it."
            )
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
    kept = set(folders)
    return tuple(sorted(folder for folder in kept if not any(other in kept for other in folder.parents)))


def opened(folder: Path) -> int:
    """Return a descriptor of exactly this folder.

    Raises:
        SandboxUnavailable: it is a link, or leads elsewhere meanwhile.
    """
    try:
        descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise SandboxUnavailable(f"The write scope {folder} cannot be opened: {error.strerror}.") from error
    if os.readlink(f"/proc/self/fd/{descriptor}") != str(folder):  # noqa: PTH115 - compared as text
        os.close(descriptor)
        raise SandboxUnavailable(f"The write scope {folder} leads elsewhere.", hint="Look for a link on it.")
    return descriptor


def guards(folders: Sequence[Path], workspace: Path) -> tuple[Guard, ...]:
    """Return the protected names in the folders to be written, and the repositories up to three levels below."""
    return _guards(folders, workspace, [entry for folder in folders for entry in _walked(folder)])


@frozen
class Surveyed:
    """What one look at the workspace finds: what to protect, sockets, and folders that are no repositories."""

    guards: tuple[Guard, ...]
    sockets: tuple[Path, ...]
    plain: tuple[str, ...]


def surveyed(folders: Sequence[Path], workspace: Path) -> Surveyed:
    """Look at the folders to be written, and for sockets at the rest of the workspace too.

    The kernel lists no socket of another network namespace, such as a container's, and some only by their last name.
    """
    entries = [entry for folder in folders for entry in _walked(folder)]
    rest = [] if workspace in folders else list(_walked(workspace))
    lying = tuple(Path(entry.path) for entry in (*entries, *rest) if _may_be_socket(entry) and _is_socket(Path(entry)))
    return Surveyed(guards=_guards(folders, workspace, entries), sockets=lying, plain=_plain(folders, entries))


def plain(folders: Sequence[Path]) -> tuple[str, ...]:
    """Return the folders to be written, and those up to three levels below, that are no repositories."""
    return _plain(folders, [entry for folder in folders for entry in _walked(folder)])


def planted(before: Sequence[str]) -> tuple[str, ...]:
    """Move aside what made a repository of a folder that was there and was none; return what was moved, as text.

    Whoever asks git for anything in such a folder, perhaps by a shell's prompt, would run what its config names.
    """
    found = [Path(folder, ".git") for folder in before if os.path.lexists(f"{folder}/.git")]
    found += [Path(folder, "HEAD") for folder in before if _is_bare(folder)]
    return replaced([Guard(path, None) for path in found])


def replaced(before: Sequence[Guard]) -> tuple[str, ...]:
    """Move aside what was made or put at a protected path during the call; return what was moved, as text.

    Nothing is deleted: the operator may have made it meanwhile.
    """
    moved: list[str] = []
    for guard in before:
        now = _identity(guard.path)
        if now is None or now == guard.identity:
            continue
        aside = _free_name(guard.path)
        with suppress(OSError):
            guard.path.rename(aside)
            moved.append(f"{guard.path.name} was made by this command and is now {aside.name}")
    return tuple(moved)


def told(result: ProcessResult, texts: Sequence[str]) -> ProcessResult:
    """Return the result of a call with what was moved aside after it."""
    moved = "".join(f"\nhermes: {text}; such files are the operator's to make.\n" for text in texts)
    return replace(result, stderr=result.stderr + moved.encode()) if moved else result


def sockets(roots: Iterable[Path], listing: Path = SOCKETS) -> Iterator[Path]:
    """Yield the Unix sockets under `roots`: a read-only file system does not keep anyone from connecting."""
    tops = tuple(roots)
    with suppress(OSError):
        # At once and as bytes: the kernel makes the list anew for each piece that is read.
        with listing.open("rb", buffering=0) as file:
            lines = os.fsdecode(file.readall()).splitlines()[1:]
        names = {columns[7] for line in lines if len(columns := line.split(maxsplit=7)) == 8}
        # Of the host's many sockets hardly one lies here: only what might becomes a path.
        starts = tuple(f"{top}/" for top in tops)
        found = {_place(name, str(tops[0])) for name in names if not name.startswith("@")}
        yield from (Path(place) for place in sorted(found) if place.startswith(starts) and _is_socket(Path(place)))


@lru_cache(maxsize=4096)
def _place(name: str, top: str) -> str:
    """Return where a socket lies that was bound by `name`, perhaps by way of a link."""
    return os.path.realpath(os.path.join(top, name))  # noqa: PTH118 - some thousand names, each of them text


def _folder_of(scope: Path) -> Path:
    """Return the folder by which a scope is offered: itself, or the one of a file, also of one to be made."""
    if scope.is_dir():
        return scope
    return scope.parent if scope.exists() or scope.suffix else scope


def _guards(folders: Sequence[Path], workspace: Path, entries: Sequence[os.DirEntry[str]]) -> tuple[Guard, ...]:
    tops = [folder for folder in folders if folder == workspace or (folder / ".git").exists()]
    paths = [top / name for top in tops for name in NEVER]
    paths += [Path(entry.path) for entry in entries if entry.name == ".git"]
    # Of a repository that is no `.git`, the part that names programs; git writes to the rest of it.
    bare = [os.path.dirname(entry.path) for entry in entries if entry.name == "HEAD"]  # noqa: PTH120 - text, as it came
    paths += [Path(folder, name) for folder in bare if _is_bare(folder) for name in ("config", "hooks")]
    return tuple(Guard(path, _identity(path)) for path in dict.fromkeys(paths))


def _plain(folders: Sequence[Path], entries: Sequence[os.DirEntry[str]]) -> tuple[str, ...]:
    found = [str(folder) for folder in folders]
    found += [entry.path for entry in entries if _may_hold_repositories(entry)]
    repositories = {os.path.dirname(entry.path) for entry in entries if entry.name == ".git"}  # noqa: PTH120 - as above
    return tuple(folder for folder in found if folder not in repositories and not _is_bare(folder))


def _is_bare(folder: str) -> bool:
    """Whether git takes the folder itself for a repository (setup.c, `is_git_directory`)."""
    if not os.path.lexists(f"{folder}/HEAD"):
        return False
    shared = os.path.lexists(f"{folder}/commondir")
    return shared or (os.path.lexists(f"{folder}/objects") and os.path.lexists(f"{folder}/refs"))


def _may_be_socket(entry: os.DirEntry[str]) -> bool:
    """Whether it is neither file, folder nor link, as the folder itself says."""
    plain = entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)
    return not plain and not entry.is_symlink()


def _walked(top: Path) -> Iterator[os.DirEntry[str]]:
    """Yield what lies below `top`, within bounds."""
    waiting, seen = [(top, 0)], 0
    while waiting and seen < _MOST_FOLDERS:
        folder, depth = waiting.pop()
        seen += 1
        entries = _entries(folder)
        yield from entries
        if depth < _DEPTH:
            waiting += [(Path(entry.path), depth + 1) for entry in entries if _may_hold_repositories(entry)]


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with suppress(OSError), os.scandir(folder) as entries:
        return list(entries)
    return []


def _may_hold_repositories(entry: os.DirEntry[str]) -> bool:
    return entry.name not in _SKIPPED and entry.name != ".git" and entry.is_dir(follow_symlinks=False)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        state = path.lstat()
    except OSError:
        return None
    return state.st_dev, state.st_ino


def _free_name(path: Path) -> Path:
    number = 1
    while os.path.lexists(aside := path.with_name(f"{path.name}.from-sandbox-{number}")):
        number += 1
    return aside


def _is_socket(path: Path) -> bool:
    try:
        return stat.S_ISSOCK(path.lstat().st_mode)
    except OSError:
        return False
