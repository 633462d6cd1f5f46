"""A session as one file that can be archived, sent and replayed elsewhere."""

from __future__ import annotations

from pathlib import Path

from hermes_tui.capabilities.state.backup import back_up
from hermes_tui.capabilities.state.follower import verify_chain
from hermes_tui.domain.errors import JournalUnreadable, UsageInvalid
from hermes_tui.services import history


def export(folder: Path, session: str, out: Path | None) -> tuple[Path, int]:
    """Write a session and all its blobs to one file, also while it runs; return the file and its size in bytes.

    Raises:
        UsageInvalid: there is no such session, or something stands at `out` already.
        JournalUnreadable: the session or its copy is damaged.
    """
    source = history.path_of(folder, session)
    target = out if out is not None else Path(f"{source.stem}.hermes.db")
    if target.is_dir():
        target /= f"{source.stem}.hermes.db"
    if target.exists():
        raise UsageInvalid(f"{target} exists already.", hint="Name another file.")
    try:
        back_up(source, target)
    except OSError as error:
        raise UsageInvalid(
            f"{target} cannot be written: {error.strerror or error}.", hint="Name another file."
        ) from error
    broken = verify_chain(target)
    if broken is not None:
        target.unlink()
        raise JournalUnreadable(f"{source} is damaged at record {broken}.", hint="`hermes audit verify` shows more.")
    return target, target.stat().st_size
