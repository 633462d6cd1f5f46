"""`agents` and `board`: the subagents of a session, what they said, and steering them; what they share."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping

from hermes_tui.domain.commands import AgentCommand, KillAgent, PauseAgent, ResumeAgent, SteerAgent
from hermes_tui.domain.ids import AgentId, SessionId
from hermes_tui.domain.state import SessionState, fold_all
from hermes_tui.domain.text import first_line
from hermes_tui.interfaces._tables import table
from hermes_tui.interfaces.inspect._print import say, say_json
from hermes_tui.services import control, history, subagents
from hermes_tui.services.workstation import Workstation


async def agents(station: Workstation, args: Namespace) -> int:
    """Carry out one verb of `hermes agents`."""
    match args.verb:
        case "list":
            _list(fold_all(history.records(station.sessions(), args.session)), as_json=args.json)
        case "show":
            state = fold_all(history.records(station.sessions(), args.session))
            for line in "\n".join(subagents.transcript(state, AgentId(args.agent))).splitlines():
                say(line)
        case _:
            name = history.path_of(station.sessions(), args.session).stem
            say(await _direct(station, SessionId(name), _command(args)))
    return 0


def _list(state: SessionState, *, as_json: bool) -> None:
    rows = subagents.rows(state)
    if as_json:
        say_json(rows)
        return
    lines = (
        (str(row["agent"]), str(row["state"]), f"{row['steps']} steps", f"${row['usd']:.4f}", _about(row))
        for row in rows
    )
    for line in table(lines):
        say(line)
    if not rows:
        say("It has sent out nobody.")


def _about(row: Mapping[str, object]) -> str:
    return first_line(f"{row['title']} {row['why']}", 60)


def _command(args: Namespace) -> AgentCommand:
    agent = AgentId(args.agent)
    match args.verb:
        case "steer":
            return SteerAgent(agent=agent, text=args.text)
        case "pause":
            return PauseAgent(agent=agent)
        case "resume":
            return ResumeAgent(agent=agent)
        case _:
            return KillAgent(agent=agent)


async def _direct(station: Workstation, session: SessionId, command: AgentCommand) -> str:
    """Tell the session's owner; where nobody owns it, put it on record for the next one."""
    by = "hermes agents"
    try:
        return control.tell(station.sessions(), session, {**control.request_of(command), "by": by})
    except control.NotRunning:
        with station.own(session, []) as owned:
            said = subagents.direct(owned.session, command, station.clock, by)
            await owned.journal.durable(owned.session.state.seq)
            return f"{said} It is not running now."


async def board(station: Workstation, args: Namespace) -> int:
    """Print what the agents of a run share."""
    state = fold_all(history.records(station.sessions(), args.session))
    entries = state.agents.board
    if args.json:
        say_json(
            {
                key: {"value": entry.value, "version": entry.version, "by": entry.by, "at": entry.at}
                for key, entry in entries.items()
            }
        )
        return 0
    for line in table(
        (key, f"v{entry.version}", entry.by, first_line(entry.value, 80)) for key, entry in entries.items()
    ):
        say(line)
    if not entries:
        say("The board is empty.")
    return 0
