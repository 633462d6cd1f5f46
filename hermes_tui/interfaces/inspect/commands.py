"""Which function carries out which command, and what each kind of error ends with."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from hermes_tui.domain.errors import HermesError, SandboxUnavailable, UsageInvalid
from hermes_tui.interfaces.inspect import (
    agents,
    approvals,
    keys,
    machine,
    memory,
    mind,
    models,
    servers,
    sessions,
    spending,
)
from hermes_tui.interfaces.inspect._print import complain, tell
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.wiring import told
from hermes_tui.services.workstation import Workstation

NO_SANDBOX: Final = 125
Command = Callable[[Workstation, Namespace], Awaitable[int]]


async def main(name: str, args: Namespace) -> int:
    """Carry out one command; return its exit code."""
    options = RunOptions(workspace=Path(args.cd), home=Path(args.home) if args.home else None, verbose=args.verbose)
    try:
        if name == "doctor":
            return await machine.doctor(options, args)
        return await _with_station(name, options, args)
    except SandboxUnavailable as error:
        return complain(error, NO_SANDBOX)
    except UsageInvalid as error:
        return complain(error, 2)
    except HermesError as error:
        return complain(error, 1)
    except OSError as error:
        if error.filename is None:
            raise  # it was the output that failed, of which `cli` speaks
        return complain(HermesError(f"{error.filename}: {error.strerror or error}."), 1)
    except Exception as error:  # noqa: BLE001 - an interface ends here: a crash leaves a report and a line
        return complain(told(error, options), 1)


async def _with_station(name: str, options: RunOptions, args: Namespace) -> int:
    station = Workstation(options)
    for notice in station.notices if name not in ("trust", "mcp") else ():
        tell(f"hermes: {notice}")
    try:
        return await _COMMANDS[name](station, args)
    finally:
        station.log.close()
        sys.stdout.flush()


_COMMANDS: Final[dict[str, Command]] = {
    "agents": agents.agents,
    "approvals": approvals.approvals,
    "audit": sessions.audit,
    "board": agents.board,
    "context": mind.context,
    "config": machine.config,
    "cost": spending.cost,
    "ingest": memory.ingest,
    "keys": keys.keys,
    "ledger": spending.ledger,
    "mcp": servers.mcp,
    "memory": memory.memory,
    "mind": mind.mind,
    "models": models.models,
    "plan": machine.plan,
    "replay": sessions.replay,
    "runs": sessions.sessions,
    "sandbox": machine.sandbox,
    "sessions": sessions.sessions,
    "skills": servers.skills,
    "tools": servers.tools,
    "trust": machine.trust,
    "watch": sessions.watch,
}
