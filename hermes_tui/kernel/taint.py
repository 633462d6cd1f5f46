"""Which calls could read what a run wrote that had read a stranger's text, and what this run leaves so itself."""

from __future__ import annotations

from collections.abc import Sequence

from hermes_tui.domain.events import FileChange
from hermes_tui.domain.messages import Source
from hermes_tui.domain.records import Place
from hermes_tui.kernel.kit import Kit


async def reachable(kit: Kit) -> bool:
    """Whether a call that may read any file of the workspace could read such text; asked before it runs."""
    return kit.taints is not None and await kit.taints.standing()


def provenance(kit: Kit, seen: tuple[tuple[str, str], ...], *, tainted: bool) -> str:
    """Return what nobody vouches for behind a result: of the files that it saw, or of any where it is `tainted`."""
    return Source.WEB if tainted or (seen and kit.taints is not None and kit.taints.behind(dict(seen))) else ""


async def leave(kit: Kit, source: Source, changed: Sequence[FileChange], place: Place) -> None:
    """Mark what a call changed, if this run has read a stranger's text by now; `source` is that of its result."""
    if kit.taints is None or Source.WEB not in kit.session.state.calls.sources | {source}:
        return
    paths = [change.path for change in changed if change.change != "deleted"]
    if paths:
        await kit.taints.mark(paths, place.session)
