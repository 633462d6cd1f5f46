"""Run goals one after another without a terminal; say the result, end with its code."""

from __future__ import annotations

import asyncio
import errno
import json
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hermes_tui.domain.errors import HermesError, Interrupted, JournalError, JournalUnreadable, NoProvider, UsageInvalid
from hermes_tui.domain.records import Record
from hermes_tui.domain.text import printable
from hermes_tui.interfaces._options import options_of
from hermes_tui.interfaces._progress import Progress
from hermes_tui.interfaces.headless.outlet import Outlet
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.verdict import Result, failure
from hermes_tui.services.wiring import told
from hermes_tui.services.workstation import Workstation

if TYPE_CHECKING:
    from argparse import Namespace

SEVERITY: Final = (0, 1, 3, 4, 5, 2, 143, 130)
"""Exit codes from good to bad; several goals end with the worst one."""
LIMITED: Final = 3
"""The code of a run that a cap or a full disk stopped."""
MOST_PIPED: Final = 10_000_000
"""What may be piped to a goal, in bytes: the model gets both ends of it, and reads the rest piece by piece."""
FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def main(_: str, args: Namespace) -> int:
    """Run what the command line asks for; return the exit code."""
    batch = _Batch(args)
    try:
        goals = _goals(args)
    except UsageInvalid as error:
        return batch.fail(error, 2)
    options = options_of(args)
    codes: list[int] = []
    for goal in goals:
        code = batch.run(goal, options)
        codes.append(code)
        if code in (130, 143):
            break
    return batch.ended(max(codes, key=SEVERITY.index))


def _goals(args: Namespace) -> Sequence[Path | str]:
    if args.batch and args.goal:
        raise UsageInvalid("A goal in words and goal files are two things.", hint="Use either -p GOAL or --batch FILE.")
    if args.batch:
        return [Path(name) for name in args.batch]
    if args.print and (goal := f"{args.goal}\n\n{_piped()}".strip()):
        return [goal]
    if args.print:
        raise UsageInvalid("There is no goal.", hint="Use `hermes -p GOAL` or `hermes --batch goal.md`.")
    if args.demo or args.goal or args.continue_ or args.resume is not None:
        hint = "Use `hermes -p GOAL` for one run without it, or `hermes --plain` for lines."
        raise UsageInvalid("The workstation needs a terminal on both ends.", hint=hint)
    raise UsageInvalid("There is no goal.", hint="Use `hermes -p GOAL` or `hermes --batch goal.md`.")


def _piped() -> str:
    """Return what stands on standard input, if it is a pipe or a file.

    Raises:
        UsageInvalid: it is more than any goal may hold.
    """
    if sys.stdin is None or sys.stdin.isatty():
        return ""
    try:
        given = sys.stdin.buffer.read(MOST_PIPED + 1)
    except OSError:
        return ""
    if len(given) > MOST_PIPED:
        hint = "Put it into a file of the workspace and name that in the goal: it is searched and read in pieces."
        raise UsageInvalid(f"More than {MOST_PIPED:,} bytes are piped in.", hint=hint)
    return given.decode("utf-8", "replace")


class _Batch:
    """Runs goals with one way out: results on stdout, everything for people on stderr."""

    def __init__(self, args: Namespace) -> None:
        self._format = str(args.output_format)
        self._err = Outlet(sys.stderr)
        self._out = Outlet(sys.stdout, self._err)

    def run(self, goal: Path | str, options: RunOptions) -> int:
        """Run one goal; return its exit code."""
        try:
            result = asyncio.run(self._pursue(goal, options))
        except HermesError as error:
            return self.fail(error, code_of(error))
        except OSError as error:
            if error.errno not in FULL:
                return self.fail(told(error, options), 1)
            hint = "Free some space, then run the same command again to go on."
            return self.fail(HermesError(f"The disk is full: {error}.", hint=hint), LIMITED)
        except Exception as error:  # noqa: BLE001 - an interface ends here: a crash leaves a report and a line
            return self.fail(told(error, options), 1)
        self._say(result)
        return result.exit_code

    async def _pursue(self, goal: Path | str, options: RunOptions) -> Result:
        """Run one goal; SIGINT and SIGTERM stop it at a safe point, resumably."""
        station = Workstation(options)
        for notice in station.notices:
            self._err.line(f"hermes: {printable(notice)}")
        progress = Progress()
        readers: list[Callable[[Record], None]] = [lambda record: self._show(progress.line(record))]
        if self._format == "stream-json":
            readers.append(lambda record: self._out.line(station.encode(record)))
        running = asyncio.ensure_future(station.pursue(goal, readers))
        caught: list[int] = []

        def stop(number: int) -> None:
            caught.append(number)
            running.cancel()

        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError):
                loop.add_signal_handler(number, stop, int(number))
        try:
            result = await running
        except asyncio.CancelledError as error:
            caught = caught or [int(signal.SIGINT)]
            raise Interrupted("Interrupted before anything was done.", signal=caught[0]) from error
        finally:
            station.log.close()
        return result.interrupted_by(caught[0]) if caught and result.fields["status"] == "interrupted" else result

    def ended(self, code: int) -> int:
        """Return the code to end with: a result that could not be written did not arrive, however well the run went."""
        return LIMITED if code == 0 and self._out.lost else code

    def _show(self, line: str) -> None:
        if line:
            self._err.line(line)

    def _say(self, result: Result) -> None:
        if self._format != "text":
            self._out.line(json.dumps(result.as_json(), ensure_ascii=False))
            return
        if result.answer:
            self._out.line(result.answer)
        for line in result.lines():
            self._err.line(printable(line))

    def fail(self, error: HermesError, code: int) -> int:
        """Say what went wrong, in the output format too; return `code`."""
        head, *more = error.message.splitlines() or [""]
        for line in (f"hermes: {head}", *(f"        {line.strip()}" for line in more)):
            self._err.line(printable(line))
        if error.hint:
            self._err.line(f"        {printable(error.hint)}")
        if self._format != "text":
            self._out.line(json.dumps(failure(error, code).as_json(), ensure_ascii=False))
        return code


def code_of(error: HermesError) -> int:
    """Return the exit code of a run that could not begin or be kept."""
    match error:
        case UsageInvalid():
            return 2
        case Interrupted():
            return 128 + error.signal
        case NoProvider():
            return 5
        case JournalUnreadable():
            return 1
        case JournalError():
            return LIMITED
        case _:
            return 1
