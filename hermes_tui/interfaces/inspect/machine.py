"""`doctor`, `config`, `plan` and `sandbox`: what is here, and what would happen."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.state.taint import TaintBook
from hermes_tui.domain.tasks import Mode
from hermes_tui.domain.text import first_line
from hermes_tui.interfaces._tables import table
from hermes_tui.interfaces.inspect._print import say, say_json
from hermes_tui.services import doctor as checks
from hermes_tui.services import key_help, layers, policies
from hermes_tui.services import trust as projects
from hermes_tui.services.config import HermesConfig
from hermes_tui.services.doctor import Health
from hermes_tui.services.plans import plan_to_json
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.workstation import Foresight, Workstation

STANDINGS: Final = {
    projects.Standing.NONE: "brings nothing along",
    projects.Standing.TRUSTED: "trusted as it is",
    projects.Standing.NEW: "not trusted; `hermes trust allow` lets its config, skills and hooks be used",
    projects.Standing.CHANGED: "changed since it was trusted; `hermes trust allow` takes the change",
}
MARKS: Final = {Health.OK: "✓", Health.WEAK: "○", Health.BROKEN: "×"}


async def doctor(options: RunOptions, args: Namespace) -> int:
    """Print every check, a line each, with its remedy; 1 if something is broken."""
    found = await checks.examine(options)
    if args.json:
        say_json(
            [{"what": c.what, "health": c.health, "ok": c.ok, "found": c.found, "remedy": c.remedy} for c in found]
        )
    else:
        width = max((len(check.what) for check in found), default=0)
        for check in found:
            remedy = f"  → {check.remedy}" if check.remedy else ""
            say(f"{MARKS[check.health]} {check.what:{width}} {check.found}{remedy}")
    return 1 if any(check.health is Health.BROKEN for check in found) else 0


async def config(station: Workstation, args: Namespace) -> int:
    """Print a value, who set it, and where; or the policy and what its tests say."""
    if args.verb == "test-policy":
        return await _test_policy(station)
    found = station.settings.explain(args.key)
    place = f"{found.file}:{found.line}" if found.line else found.file
    say(f"{args.key} = {json.dumps(found.value)}   ({found.winner.value}, {place})")
    say(key_help.meaning(HermesConfig, found.steps))
    return 0


async def _test_policy(station: Workstation) -> int:
    """Print the decision table and each test of the config; 1 if one fails."""
    rows = [("", *(mode.value for mode in Mode))]
    rows += [(name, *(said[mode].value for mode in Mode)) for name, said in policies.table()]
    for line in table(rows):
        say(line)
    checked = await policies.run_tests(station)
    for each in checked:
        test, ruling = each.test, each.ruling
        call = f"{test.tool} {json.dumps(test.args, ensure_ascii=False)} in mode {test.mode}"
        because = f" by {ruling.rule}" + (f": {ruling.why}" if ruling.why else "")
        expected = "" if each.ok else f", expected {test.expect}"
        say(f"{'✓' if each.ok else '×'} {call}: {ruling.decision}{expected}{because}")
    failed = sum(not each.ok for each in checked)
    say(f"{len(checked)} tests, {failed} failed." if checked else "The config holds no tests (policy.tests).")
    return 1 if failed else 0


async def plan(station: Workstation, args: Namespace) -> int:
    """Print the task graph of a goal file with its estimated cost, time and chance; nothing runs."""
    seen = await station.foresee(Path(args.file), args.strategy)
    if args.json:
        whole = json.loads(plan_to_json(seen.plan))
        say_json({**whole, "strategy": seen.strategy, "estimate": asdict(seen.expected)}, indent=2)
        return 0
    for line in _plan_lines(seen):
        say(line)
    return 0


def _plan_lines(seen: Foresight) -> Iterator[str]:
    expected = seen.expected
    cost = "cost unknown" if expected.usd is None else f"about ${expected.usd:.4f}"
    basis = "as measured here" if expected.measured else "0.9 per model step"
    yield f"strategy  {seen.strategy}: {seen.why}"
    yield f"tasks     {expected.tasks}, with {expected.model_steps:g} model steps and {expected.tool_steps} tool calls"
    yield f"expected  {cost}, {expected.tokens:,} tokens, {expected.seconds:.0f} s"
    yield f"success   {expected.chance:.0%} ({basis})"
    if expected.advice:
        yield f"advice    {expected.advice}"
    yield ""
    yield from table(
        (task.id, task.kind, task.use, ",".join(task.needs), first_line(task.title, 60)) for task in seen.plan.tasks
    )


async def sandbox(station: Workstation, args: Namespace) -> int:
    """Run one command as a tool would; return its exit code."""
    result = await station.run_sandboxed(tuple(args.argv), args.timeout)
    sys.stdout.buffer.write(result.stdout)
    sys.stderr.buffer.write(result.stderr)
    return result.exit_code


async def trust(station: Workstation, args: Namespace) -> int:
    """Show, allow or revoke what the project brings along, and what runs left here; 1 where it is not trusted."""
    if args.verb in ("files", "accept"):
        return await _taints(station.kits.taints(), args)
    project = layers.project_of(station.options, station.home, station.layers)
    if args.verb == "revoke":
        known = projects.forget(project.root, station.home.state)
        say(f"{project.root} is not trusted{' any more' if known else ''}.")
        return 0
    for line in filter(None, (*project.changes, project.trouble)):
        say(line)
    if args.verb == "allow" and project.standing is not projects.Standing.NONE:
        projects.trust(project, station.home.state)
        say(f"Trusted as it is now, {len(project.files)} files: {project.digest}")
        return 0
    say(f"{project.root}: {STANDINGS[project.standing]}")
    return 0 if project.standing in (projects.Standing.NONE, projects.Standing.TRUSTED) else 1


async def _taints(book: TaintBook, args: Namespace) -> int:
    """Show the files that nobody vouches for, or vouch for them; 1 if one that is named is none of them."""
    found = await asyncio.to_thread(book.listed)
    names = [str(Path(taint.path).relative_to(book.root)) for taint in found]
    if args.verb == "accept":
        wanted = names if args.all else args.paths
        say(f"{book.accept(wanted)} files are vouched for.")
        return 0 if wanted and set(wanted) <= set(names) else 1
    if args.json:
        say_json([{"path": n, "session": s.session, "at": s.at} for n, s in zip(names, found, strict=True)])
        return 0
    for name, taint in zip(names, found, strict=True):
        say(f"{name}  by {taint.session}")
    say(f"{len(found)} files hold what a run wrote after it had read the web.")
    return 0
