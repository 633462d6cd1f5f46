"""`sessions`, `runs`, `replay`, `watch` and `audit`: what ran, what runs, and steering it."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Final

from hermes_tui.domain.errors import HermesError
from hermes_tui.domain.records import Record
from hermes_tui.domain.text import first_line
from hermes_tui.interfaces._tables import table, when
from hermes_tui.interfaces._telling import Reader
from hermes_tui.interfaces.inspect import graph, show
from hermes_tui.interfaces.inspect._print import complain, say, say_json, say_line
from hermes_tui.services import approvals, audits, control, exports, forks, history, replays, undo
from hermes_tui.services.workstation import Workstation

STOP_S: Final = 15.0


async def sessions(station: Workstation, args: Namespace) -> int:
    """Carry out one verb of `hermes sessions` or `hermes runs`, which are twins."""
    match args.verb:
        case "list":
            _list(station, as_json=args.json)
        case "show":
            _show(station, args.session, as_json=args.json)
        case "export":
            path, size = exports.export(station.sessions(), args.session, Path(args.out) if args.out else None)
            say(f"{path} ({size:,} bytes). `hermes replay {path}` reads it.")
        case "replay":
            return await replay(station, args)
        case "resolve":
            happened = bool(args.done)
            said = approvals.resolve(station.sessions(), station.ledger, args.session, args.task, happened=happened)
            say(said)
        case "fork":
            new = forks.fork(station, args.session, args.at)
            say(f"{new} begins there. `hermes -r {new}` opens it; the files of the workspace stay as they are.")
        case "rename":
            say(forks.rename(station, args.session, " ".join(args.name)))
        case "plan" | "edit" | "abandon":
            return await graph.graph(station, args)
        case "undo":
            await _undo(station, args)
        case _:
            return await _steer(station, args)
    return 0


async def _undo(station: Workstation, args: Namespace) -> None:
    done = await undo.undo(station, args.session, last=args.last, image=args.image)
    for change in done.changed:
        say(f"{change.change:9} {change.path}")
    for text in done.left:
        say(f"× {text}")
    files = f"{len(done.changed)} files changed by taking back {len(done.calls)} calls."
    say(f"{files} To take this back: hermes runs undo {args.session} --image {done.image}")


def _list(station: Workstation, *, as_json: bool) -> None:
    rows = history.rows(station.sessions())
    if as_json:
        say_json(
            [
                {
                    "session": row.session,
                    "name": row.name,
                    "status": row.status,
                    "live": row.live,
                    "started_at": row.started_at or None,
                    "goal": row.goal,
                    "workspace": row.workspace,
                    "waiting": list(row.waiting),
                    "usd": row.usd,
                    "usd_unknown_calls": row.unknown_calls,
                }
                for row in rows
            ]
        )
        return
    lines = [
        (row.session, when(row.started_at), row.status, _spent(row), first_line(row.name or row.goal, 50))
        for row in rows
    ]
    for line in table(lines):
        say(line)
    if not rows:
        say("No runs yet.")


def _spent(row: history.Row) -> str:
    unknown = f" + {row.unknown_calls} unknown" if row.unknown_calls else ""
    return f"${row.usd:.4f}{unknown}"


def _show(station: Workstation, session: str, *, as_json: bool) -> None:
    folder = station.sessions()
    path = history.path_of(folder, session)
    records = history.records(folder, session)
    if as_json:
        say_json(history.result(records).as_json(), indent=2)
        return
    live = path.parent == folder and control.is_live(folder, path.stem)
    for line in show.lines(records, live=live):
        say(line)


async def _steer(station: Workstation, args: Namespace) -> int:
    """Reach live runs through their owners' control sockets."""
    folder = station.sessions()
    request = {"do": args.verb, "by": f"hermes runs {args.verb}"}
    if getattr(args, "all", False):
        names = control.live_sessions(folder)
    else:
        names = [history.path_of(folder, args.session).stem]
    code = 0
    for name in names:
        try:
            say(f"{name}: {control.tell(folder, name, request)}")
        except HermesError as error:
            code = complain(error, 1)
            continue
        if args.verb == "stop" and not await control.until_free(folder, name, station.clock, STOP_S):
            say(f"{name}: it has not ended within {STOP_S:.0f} s; it stops when its present call ends.")
    if not names:
        say("Nothing is running.")
    return code


async def replay(station: Workstation, args: Namespace) -> int:
    """Print a session's records again, in order; from a session or an exported file, at its own pace if asked for."""
    records = history.records(station.sessions(), args.session)
    agent = getattr(args, "agent", None)
    wanted = [record for record in records if agent in (None, record.place.agent)]
    speed = getattr(args, "speed", None)
    tell = _teller(station, args)
    if speed is None:
        for record in wanted:
            tell(record)
        return 0
    async for record in replays.play(wanted, station.clock, speed=speed, longest_gap_s=args.longest_gap):
        tell(record)
    return 0


async def watch(station: Workstation, args: Namespace) -> int:
    """Print each durable record of a live session as it comes."""
    tell = _teller(station, args)
    async for record in history.follow(station.sessions(), args.session, station.clock):
        tell(record)
    return 0


def _teller(station: Workstation, args: Namespace) -> Callable[[Record], None]:
    """Return what prints a record: lines to read at a terminal; the record as JSON to a pipe, or where asked for."""
    if args.json or not sys.stdout.isatty():
        return lambda record: say_line(station.encode(record))
    reader = Reader()

    def tell(record: Record) -> None:
        for line in reader.lines(record):
            say(line)

    return tell


async def audit(station: Workstation, args: Namespace) -> int:
    """Check the chains of hashes, or write one out; 1 if one is broken."""
    if args.verb == "export":
        for line in audits.export(station, args.session):
            say_line(line)
        return 0
    broken, checked = audits.verify(station, args.session, Path(args.against) if args.against else None)
    for each in broken:
        say(f"× {each.session}: {each.what}")
    if not broken:
        say(f"✓ {checked} chains hold, each up to its last anchor")
    return 1 if broken else 0
