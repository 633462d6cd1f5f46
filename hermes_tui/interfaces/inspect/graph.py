"""`runs plan`, `runs edit` and `runs abandon`: the plan of a run, its edits, and changing it."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.events import PlanEdited, RunAbandoned
from hermes_tui.domain.ids import SessionId
from hermes_tui.domain.records import Place
from hermes_tui.domain.state import SessionState, fold_all
from hermes_tui.domain.tasks import Plan
from hermes_tui.interfaces._tables import plan_lines, when
from hermes_tui.interfaces.inspect._print import say, say_json
from hermes_tui.kernel.session import Session
from hermes_tui.services import control, edits, history, plans, sessions
from hermes_tui.services.workstation import Workstation

KEPT: Final = "Nobody runs it now: run the same command again to go on with it."


async def graph(station: Workstation, args: Namespace) -> int:
    """Carry out one verb about a run's plan."""
    match args.verb:
        case "plan":
            _show(station, args)
        case "edit":
            _edit(station, args.session, _edit_text(station, args), dry=args.dry_run)
        case _:
            _abandon(station, args.session, args.why)
    return 0


def _show(station: Workstation, args: Namespace) -> None:
    records = history.records(station.sessions(), args.session)
    state = fold_all(records)
    if args.edits:
        for record, lines in edits.history(records):
            if isinstance(record.body, PlanEdited):
                say(f"rev {record.body.base_rev + 1}  {when(record.at)}  by {record.body.by}: {record.body.why}")
            for line in lines:
                say(f"  {line}")
    elif args.json:
        say_json(_as_json(state), indent=2)
    else:
        for line in plan_lines(state):
            say(line)


def _as_json(state: SessionState) -> dict[str, Any]:
    """Return the plan as `hermes.plan/1`; what became of each task stands beside it."""
    goal = state.run.goal.text if state.run.goal else ""
    graph = state.graph
    plan = Plan(goal=goal, tasks=tuple(graph.tasks.values()), rev=max(1, graph.rev), run=state.run.run)
    states = {name: {"state": one.state, "attempts": one.attempts, "by": one.by} for name, one in graph.status.items()}
    return {"plan": json.loads(plans.plan_to_json(plan)), "states": states}


def _edit_text(station: Workstation, args: Namespace) -> str:
    """Return what the options ask for as the text of an edit."""
    if args.undo:
        return edits.UNDO
    if args.file is not None:
        return edits.read_edit(Path(args.file), station.tools)
    ops: list[dict[str, object]] = [
        {"op": verb, "id": task}
        for verb in ("pause", "resume", "skip", "retry", "cancel", "remove")
        for task in getattr(args, verb) or ()
    ]
    for given in args.priority or ():
        task, mark, value = given.partition("=")
        if not mark or not value.lstrip("-").isdecimal():
            raise UsageInvalid(f"{given!r} is no priority.", hint="Write --priority TASK=5.")
        ops.append({"op": "reorder", "id": task, "priority": int(value)})
    if not ops:
        raise UsageInvalid("The edit changes nothing.", hint="Name a task, as in --skip TASK, or an edit with --file.")
    return json.dumps({"schema": edits.SCHEMA, "base_rev": args.rev, "why": args.why, "ops": ops})


def _edit(station: Workstation, session: str, text: str, *, dry: bool) -> None:
    path = history.path_of(station.sessions(), session)
    if dry:
        state = fold_all(history.records(station.sessions(), session))
        for line in edits.preview(state.graph, text):
            say(line)
        return
    request = {"do": "edit", "edit": text, "by": "operator"}

    def change(owned: Session, place: Place) -> str:
        return "\n".join(edits.make(owned, place, text, by="operator"))

    for line in _changed(station, path, request, change).splitlines():
        say(line)


def _abandon(station: Workstation, session: str, why: str) -> None:
    path = history.path_of(station.sessions(), session)

    def change(owned: Session, place: Place) -> str:
        owned.emit(RunAbandoned(by="operator", why=why or "given up by the operator"), place)
        return "Given up: what it did is undone, as far as its plan says how, and then it ends."

    say(_changed(station, path, {"do": "abandon", "why": why, "by": "operator"}, change))


def _changed(
    station: Workstation, path: Path, request: Mapping[str, object], change: Callable[[Session, Place], str]
) -> str:
    """Let the live owner carry a request out, or become the owner for it; return what to say."""
    folder = station.sessions()
    if path.parent != folder:
        raise UsageInvalid(f"{path} is an exported file; only a session of this home can be changed.")
    try:
        return control.tell(folder, path.stem, request)
    except control.NotRunning:
        pass
    with station.own(SessionId(path.stem), []) as owned:
        if not sessions.resumable(owned.session.state):
            raise UsageInvalid(f"The run of session {path.stem} is over.", hint="Start the goal again with --fresh.")
        place = Place(session=SessionId(path.stem), run=owned.session.state.run.run)
        return f"{change(owned.session, place)}\n{KEPT}"
