"""From the command line to a seat at the kernel: which session, which folders."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.ids import SessionId
from hermes_tui.domain.records import Record
from hermes_tui.interfaces._options import options_of
from hermes_tui.services import history, sessions
from hermes_tui.services.desk import Desk


def seat_for(args: Namespace) -> tuple[Desk, Callable[[], Sequence[Record]], list[Path]]:
    """Return the desk, how its earlier records are read, and where themes are.

    Raises:
        UsageInvalid: the config cannot be used, or the session to resume is not there.
    """
    desk = Desk(options_of(args))
    folder = desk.station.sessions()
    wanted = args.resume
    if args.continue_:
        found = sessions.latest(folder, desk.station.root)
        if found is None:
            raise UsageInvalid("No session of this folder yet.", hint="Start one with `hermes`.")
        wanted = found
    if wanted:
        history.path_of(folder, wanted)
        desk = Desk(options_of(args), SessionId(wanted))

    def earlier() -> Sequence[Record]:
        path = folder / f"{desk.session_id}.db"
        return history.records(folder, desk.session_id) if path.is_file() else ()

    home = desk.station.home
    return desk, earlier, [home.built_in / "themes", home.root / "themes"]
