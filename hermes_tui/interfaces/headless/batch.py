"""Run goals one after another without a terminal; say the result, end with its code."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from hermes_tui.domain.errors import HermesError, JournalError, UsageInvalid
from hermes_tui.domain.records import Record
from hermes_tui.interfaces.headless.progress import Progress, printable
from hermes_tui.services.verdict import Result, failure
from hermes_tui.services.wiring import RunOptions, report_crash
from hermes_tui.services.workstation import Workstation

SEVERITY: Final = (0, 1, 3, 4, 5, 2, 143, 130)
"""Exit codes from good to bad; several goals end with the worst one."""


def main(_: str, args: Namespace) -> int:
    """Run what the command line asks for; return the exit code."""
    try:
        goals = _goals(args)
        options = _options(args)
    except UsageInvalid as error:
        return _say_failure(error, args.output_format, 2)
    codes: list[int] = []
    for goal in goals:
        code = _run_one(goal, options, args)
        codes.append(code)
        if code in (130, 143):
            break
    return max(codes, key=SEVERITY.index)


def _goals(args: Namespace) -> Sequence[Path | str]:
    if args.batch:
        return [Path(name) for name in args.batch]
    if args.print and args.goal:
        piped = "" if sys.stdin.isatty() else sys.stdin.read()
        return [f"{args.goal}\n\n{piped}".strip()]
    raise UsageInvalid("There is no goal.", hint="Use `hermes -p GOAL` or `hermes --batch goal.md`.")


def _options(args: Namespace) -> RunOptions:
    return RunOptions(
        workspace=Path(args.cd),
        home=Path(args.home) if args.home else None,
        model=args.model,
        mode=args.mode,
        budget_usd=args.budget_usd,
        max_steps=args.max_steps,
        time_limit=args.time_limit,
        fresh=args.fresh,
        verbose=args.verbose,
    )


def _run_one(goal: Path | str, options: RunOptions, args: Namespace) -> int:
    try:
        result = asyncio.run(_pursue(goal, options, args))
    except UsageInvalid as error:
        return _say_failure(error, args.output_format, 2)
    except JournalError as error:
        return _say_failure(error, args.output_format, 3)
    except HermesError as error:
        return _say_failure(error, args.output_format, 1)
    except Exception as error:  # noqa: BLE001 - an interface ends here: a crash leaves a report and a line
        where = report_crash(error, options)
        return _say_failure(HermesError(f"Hermes failed: {error}.", hint=f"Report: {where}"), args.output_format, 1)
    _say(result, args.output_format)
    return result.exit_code


async def _pursue(goal: Path | str, options: RunOptions, args: Namespace) -> Result:
    """Run one goal; SIGINT and SIGTERM stop it at a safe point, resumably."""
    station = Workstation(options)
    readers: list[Callable[[Record], None]] = [Progress().show]
    if args.output_format == "stream-json":
        readers.append(lambda record: _print(station.encode(record)))
    running = asyncio.ensure_future(station.pursue(goal, readers))
    caught: list[int] = []

    def stop(number: int) -> None:
        caught.append(number)
        running.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, stop, int(number))
    result = await running
    return result.interrupted_by(caught[0]) if caught else result


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _say(result: Result, output_format: str) -> None:
    if output_format == "text":
        if result.answer:
            _print(result.answer)
        for line in result.lines():
            sys.stderr.write(f"{printable(line)}\n")
    else:
        _print(json.dumps(result.as_json(), ensure_ascii=False))


def _say_failure(error: HermesError, output_format: str, code: int) -> int:
    sys.stderr.write(f"hermes: {printable(error.message)}\n")
    if error.hint:
        sys.stderr.write(f"        {printable(error.hint)}\n")
    if output_format != "text":
        _print(json.dumps(failure(error, code).as_json(), ensure_ascii=False))
    return code
