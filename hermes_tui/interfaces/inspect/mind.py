"""`mind` and `context`: why each thing was done and what came of it; what is in a window and why."""

from __future__ import annotations

from argparse import Namespace

from hermes_tui.domain.commands import ChangeWindow, WindowChange
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.ids import AgentId, SessionId
from hermes_tui.domain.records import Place
from hermes_tui.domain.state import fold_all
from hermes_tui.interfaces._tables import mind_lines, window_lines
from hermes_tui.interfaces.inspect._print import say, say_json, say_line
from hermes_tui.services import contexts, control, history, mindlog
from hermes_tui.services.workstation import Workstation


async def mind(station: Workstation, args: Namespace) -> int:
    """Print the mind-log, or the part of it that is asked for."""
    if args.kind is not None and args.kind not in mindlog.KINDS:
        raise UsageInvalid(f"{args.kind!r} is no kind of action.", hint=f"There is: {', '.join(mindlog.KINDS)}.")
    wanted = mindlog.Query(task=args.task, agent=args.agent, kind=args.kind, text=args.text, failed=args.failed)
    for entry in mindlog.query(history.records(station.sessions(), args.session), wanted):
        if args.json:
            say_line(mindlog.line(entry))
            continue
        for line in mind_lines(entry):
            say(line)
    return 0


async def context(station: Workstation, args: Namespace) -> int:
    """Print what is in a window and why; or show a compaction first, take one back, pin a message."""
    wanted = _wanted(args)
    if wanted is not None:
        say(await _change(station, args.session, wanted))
        return 0
    state = fold_all(history.records(station.sessions(), args.session))
    agent = contexts.agent_of(state, args.agent)
    if args.preview:
        for line in contexts.preview(state, agent):
            say(line)
    elif args.json:
        say_json(contexts.report(state, agent))
    else:
        for line in window_lines(state, agent):
            say(line)
    return 0


def _wanted(args: Namespace) -> ChangeWindow | None:
    """Return what is to become of the window; None where it is only looked at."""
    agent = None if args.agent is None else AgentId(args.agent)
    if args.pin is not None:
        return ChangeWindow(what=WindowChange.PIN, agent=agent, index=int(args.pin))
    if args.unpin is not None:
        return ChangeWindow(what=WindowChange.UNPIN, agent=agent, index=int(args.unpin))
    if args.condense or args.undo:
        return ChangeWindow(what=WindowChange.CONDENSE if args.condense else WindowChange.UNDO, agent=agent)
    return None


async def _change(station: Workstation, session: str, wanted: ChangeWindow) -> str:
    """Tell the session's owner; where nobody owns it, put it on record for the next one."""
    path, by = history.path_of(station.sessions(), session), "hermes context"
    request = {"do": "context", "what": wanted.what, "agent": wanted.agent, "index": wanted.index, "by": by}
    try:
        return control.tell(station.sessions(), path.stem, request)
    except control.NotRunning:
        state = fold_all(history.records(station.sessions(), session))
        root = Place(session=SessionId(path.stem), run=state.run.run)
        with station.own(root.session, []) as owned:
            said = contexts.change(owned.session, root, wanted, by)
            await owned.journal.durable(owned.session.state.seq)
            return said
