"""Commands that look: doctor, config, runs, approvals, replay, watch, plan, audit, and `sandbox run`."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from hermes_tui.domain.errors import HermesError, JournalError, SandboxUnavailable, UsageInvalid
from hermes_tui.services import doctor, history
from hermes_tui.services.wiring import RunOptions
from hermes_tui.services.workstation import Workstation

NO_SANDBOX: Final = 125


def main(name: str, args: Namespace) -> int:
    """Carry out one command; return its exit code."""
    options = RunOptions(workspace=Path(args.cd), home=Path(args.home) if args.home else None, verbose=args.verbose)
    try:
        return _COMMANDS[name](Workstation(options), args)
    except SandboxUnavailable as error:
        return _failed(error, NO_SANDBOX)
    except UsageInvalid as error:
        return _failed(error, 2)
    except (JournalError, HermesError) as error:
        return _failed(error, 1)
    except KeyboardInterrupt:
        return 130


def _failed(error: HermesError, code: int) -> int:
    sys.stderr.write(f"hermes: {error.message}\n")
    if error.hint:
        sys.stderr.write(f"        {error.hint}\n")
    return code


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _doctor(station: Workstation, args: Namespace) -> int:
    checks = asyncio.run(doctor.examine(station))
    if args.json:
        _say(json.dumps([{"what": c.what, "ok": c.ok, "found": c.found, "remedy": c.remedy} for c in checks]))
    else:
        for check in checks:
            _say(f"{'✓' if check.ok else '×'} {check.what:12} {check.found}")
            if check.remedy:
                _say(f"  {'':12} {check.remedy}")
    return 0


def _config(station: Workstation, args: Namespace) -> int:
    found = station.settings.explain(args.key)
    place = f"{found.file}:{found.line}" if found.line else found.file
    _say(f"{args.key} = {json.dumps(found.value)}   ({found.winner.value}, {place})")
    return 0


def _runs(station: Workstation, args: Namespace) -> int:
    match args.verb:
        case "list":
            for line in history.run_lines(station.sessions()):
                _say(line)
        case "show":
            _say(json.dumps(history.result(station.sessions(), args.session).as_json(), indent=2, ensure_ascii=False))
        case _:
            _say(history.resolve(station, args.session, args.call, happened=args.done))
    return 0


def _approvals(station: Workstation, args: Namespace) -> int:
    match args.verb:
        case "list":
            for line in history.waiting_lines(station.sessions()):
                _say(line)
        case "allow":
            _say(history.answer(station, args.id, allow=True, text=""))
        case "deny":
            _say(history.answer(station, args.id, allow=False, text=args.reason))
        case _:
            _say(history.answer(station, args.id, allow=True, text=args.text))
    return 0


def _replay(station: Workstation, args: Namespace) -> int:
    for record in history.records(station.sessions(), args.session):
        _say(station.encode(record))
    return 0


def _watch(station: Workstation, args: Namespace) -> int:
    async def follow() -> None:
        async for record in history.follow(station, args.session):
            _say(station.encode(record))

    with suppress(BrokenPipeError):
        asyncio.run(follow())
    return 0


def _plan(station: Workstation, args: Namespace) -> int:
    _say(station.plan_text(Path(args.file)))
    return 0


def _audit(station: Workstation, args: Namespace) -> int:
    broken = history.broken_links(station.sessions(), args.session)
    for session, seq in broken:
        _say(f"× {session}: the chain breaks at record {seq}")
    if not broken:
        _say("✓ every chain holds")
    return 1 if broken else 0


def _sandbox(station: Workstation, args: Namespace) -> int:
    result = asyncio.run(station.run_sandboxed(tuple(args.argv), args.timeout))
    sys.stdout.buffer.write(result.stdout)
    sys.stderr.buffer.write(result.stderr)
    return result.exit_code


_COMMANDS: Final[dict[str, Callable[[Workstation, Namespace], int]]] = {
    "doctor": _doctor,
    "config": _config,
    "runs": _runs,
    "approvals": _approvals,
    "replay": _replay,
    "watch": _watch,
    "plan": _plan,
    "audit": _audit,
    "sandbox": _sandbox,
}
