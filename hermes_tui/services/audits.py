"""The audit chains: every session against its own hashes and against what was anchored outside of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hermes_tui.capabilities.state import anchors
from hermes_tui.capabilities.state.anchors import Break
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.services import history
from hermes_tui.services.workstation import Workstation


def verify(station: Workstation, session: str | None, against: Path | None) -> tuple[list[Break], int]:
    """Return what is wrong, and how many sessions were looked at; a session that is gone altogether is found too.

    `against` is an exported chain, kept where nobody here could change it.

    Raises:
        UsageInvalid: there is no such session, nor was there one.
        JournalUnreadable: `against` is no exported chain.
    """
    folder, known = station.sessions(), anchors.anchors(station.ledger)
    kept = anchors.read_export(against) if against is not None else []
    names = {path.stem for path in folder.glob("*.db")} | set(known) | {anchor.session for anchor in kept}
    if session is not None:
        names = {name for name in names if name == session} or {history.path_of(folder, session).stem}
    found: list[Break] = []
    for name in sorted(names):
        own = [anchor for anchor in kept if anchor.session == name]
        merged = sorted([*known.get(name, []), *own], key=lambda anchor: anchor.seq)
        broken = anchors.check(folder / f"{name}.db", merged)
        if broken is not None:
            found.append(broken)
    return found, len(names)


def export(station: Workstation, session: str) -> Iterator[str]:
    """Return a session's chain as lines of JSON.

    Raises:
        UsageInvalid: there is no such session, or its chain does not hold.
    """
    path = history.path_of(station.sessions(), session)
    known = anchors.anchors(station.ledger).get(path.stem, [])
    broken = anchors.check(path, known)
    if broken is not None:
        raise UsageInvalid(f"{path.stem}: {broken.what}.", hint="Only a chain that holds is exported.")
    return anchors.exported(path, known)
