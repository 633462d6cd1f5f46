"""Putting files back as they were, parents first, never through a link."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.new_file import new_file
from hermes_tui.capabilities.state.durable import sync_folder
from hermes_tui.capabilities.state.survey import Entry, Kind

TOO_BIG: Final = "not kept before the call"
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


def put_back(
    before: Mapping[str, Entry],
    now: Mapping[str, Entry],
    stored: Callable[[Entry], Path | None],
    *,
    remove_new: bool,
    entirely: bool = False,
) -> dict[str, str]:
    """Make the present like `before`; return what could not be put back, each path with the reason.

    `stored` says where a file's content is kept, None if it is not; with `entirely` nothing is touched in that case.

    Each file is replaced by a rename, so that a crash leaves the old or the new one; running again finishes the rest.
    """
    changed = {path: entry for path, entry in sorted(before.items()) if now.get(path) != entry}
    sources = {path: stored(entry) for path, entry in changed.items() if entry.kind is Kind.FILE}
    lost = {path: TOO_BIG for path, source in sources.items() if source is None}
    if lost and entirely:
        return lost
    touched: set[Path] = set()
    for path in sorted(now.keys() - before.keys(), reverse=True) if remove_new else ():
        if now[path].kind is not Kind.OTHER:
            _remove(Path(path), now[path], touched)
    for path, entry in changed.items():
        if entry.kind is Kind.OTHER or path in lost:
            continue
        if why := _hindrance(Path(path), entry, sources.get(path)):
            lost[path] = why
        touched.add(Path(path).parent)
    for folder in touched:
        if folder.is_dir():
            sync_folder(folder)
    return lost


def _hindrance(path: Path, entry: Entry, source: Path | None) -> str:
    """Put one thing back; return what was in the way, empty if nothing was. A full disk ends the whole."""
    try:
        _put(path, entry, source)
    except OSError as error:
        if error.errno in _FULL:
            raise
        return error.strerror or str(error)
    return ""


def _put(path: Path, entry: Entry, source: Path | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    _clear(path, entry)
    if entry.kind is Kind.FOLDER:
        path.mkdir(exist_ok=True)
        path.chmod(entry.mode)
    elif entry.kind is Kind.LINK:
        path.symlink_to(entry.link)
    elif source is not None and entry.kept:
        _put_file(path, source.read_bytes(), entry.mode)
    elif source is not None:
        _put_link(path, source, entry.mode)


def _put_link(path: Path, source: Path, mode: int) -> None:
    """Give a big file its name back; nothing is copied."""
    temporary = path.with_name(f".hermes-{source.name[:16]}")
    temporary.unlink(missing_ok=True)
    os.link(source, temporary)
    temporary.chmod(mode)
    temporary.replace(path)


def _put_file(path: Path, content: bytes, mode: int) -> None:
    descriptor, temporary = new_file(path.parent, ".hermes-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _clear(path: Path, entry: Entry) -> None:
    """Take away what stands in the way: another kind of thing, or an old link."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        if entry.kind is not Kind.FOLDER:
            path.rmdir()
    elif entry.kind is Kind.FOLDER or entry.kind is Kind.LINK:
        path.unlink()


def _remove(path: Path, entry: Entry, touched: set[Path]) -> None:
    if entry.kind is Kind.FOLDER:
        try:
            path.rmdir()
        except OSError:
            return  # Something in it was not surveyed, such as a `.git`: it stays.
    else:
        path.unlink(missing_ok=True)
    touched.add(path.parent)
