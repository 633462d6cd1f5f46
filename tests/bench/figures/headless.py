"""A headless run and a tool step with a model that answers at once, beside Codex CLI."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.bench import Bench, Measure
from tests.bench.peers import codex, raw_bwrap
from tests.bench.programs import ProgramFailed, environment, hermes, run
from tests.bench.rows import Bar, Row, Samples
from tests.fakes.running import running_server
from tests.fakes.scenario import Asked, Call, Reply, Scenario
from tests.fakes.server import FakeServer

MODEL: Final = "fake-large"
STEPS: Final = 20
_WANTED = re.compile(r"\[(\w+) (\d+) times\]")
_CALLS: Final = {
    "shell": Call("shell", {"command": "true"}),
    "read": Call("read", {"path": "note.txt"}),
    "exec_command": Call("exec_command", {"cmd": "true"}),
}


def wanted(tool: str, times: int) -> str:
    """Return a goal that makes the fake model ask for `tool` so many times."""
    return f"Do as you are told. [{tool} {times} times]"


def answer(asked: Asked) -> Reply:
    """Ask for the tool that the goal names until it has run often enough, then end."""
    found = _WANTED.search(str(asked.body))
    if found is None:
        return Reply("There is no goal here.")
    tool, times = found[1], int(found[2])
    if _results(asked.body) < times:
        return Reply(tool_calls=[_CALLS[tool]])
    return Reply("Done.")


def _results(body: Mapping[str, object]) -> int:
    """Return how many tool results a request of either dialect carries."""
    said = str(body.get("messages") or body.get("input"))
    return said.count("'role': 'tool'") + said.count("'type': 'function_call_output'")


@dataclass(frozen=True, slots=True)
class Run:
    """A program that pursues one goal against the fake server."""

    server: FakeServer
    argv: Sequence[str]
    env: Mapping[str, str]
    workspace: Path
    requests: int

    def overhead_s(self) -> float:
        """Return the time from start to exit, without the fake's own.

        Raises:
            ProgramFailed: it did not end well, or did not ask the model as often as it had to.
        """
        before = len(self.server.log)
        took = run(self.argv, env=self.env, cwd=self.workspace)
        seen = [exchange for exchange in self.server.log.exchanges[before:] if exchange.reply_index is not None]
        if len(seen) != self.requests:
            raise ProgramFailed(f"{self.argv[0]} asked {len(seen)} times, not {self.requests}: {took.stderr[-800:]}")
        return took.wall_s - sum((one.last_byte_s or one.received_s) - one.received_s for one in seen)


def measure(bench: Bench) -> list[Row]:
    """Measure runs without tools, with shell steps and with read steps; Codex beside them where it is installed."""
    workspace = bench.new_folder("workspace")
    (workspace / "note.txt").write_text("one\ntwo\n", encoding="utf-8")
    measures: dict[str, Measure] = {}
    with running_server(Scenario(respond=answer, models=(MODEL,))) as server:
        for tool, times in (("shell", 0), ("shell", STEPS), ("read", STEPS)):
            measures[f"{tool} {times}"] = _hermes(bench, server, workspace, tool, times)
        peer = _codex(bench, server, workspace)
        if peer is not None:
            measures |= {"codex 0": peer(0), f"codex {STEPS}": peer(STEPS)}
        spawn = raw_bwrap.spawner(workspace)
        if spawn is not None:
            measures["bwrap"] = lambda: sum(spawn() for _ in range(STEPS)) / STEPS
        taken = dict(zip(measures, bench.alternate(*measures.values()), strict=True))
    return _rows(taken)


def _hermes(bench: Bench, server: FakeServer, workspace: Path, tool: str, times: int) -> Measure:
    home = bench.folder / "headless-home"
    argv = hermes("-m", f"openai:{MODEL}", "--mode", "auto", "--home", str(home), "-p", wanted(tool, times))
    env = environment(OPENAI_BASE_URL=server.openai_url, OPENAI_API_KEY="fake")
    return Run(server, argv, env, workspace, times + 1).overhead_s


def _codex(bench: Bench, server: FakeServer, workspace: Path) -> Callable[[int], Measure] | None:
    binary = codex.find()
    if binary is None:
        return None
    peer = codex.Codex(binary, bench.new_folder("codex-home"), workspace)
    peer.prepare(server.openai_url, MODEL)
    return lambda times: (
        Run(server, peer.argv(wanted("exec_command", times)), peer.env(), workspace, times + 1).overhead_s
    )


def _rows(taken: Mapping[str, Samples]) -> list[Row]:
    steps = {tool: per_step_ms(taken[f"{tool} {STEPS}"], taken["shell 0"]) for tool in ("shell", "read")}
    peer, peer_steps = taken.get("codex 0"), None
    if peer is not None:
        peer_steps = per_step_ms(taken[f"codex {STEPS}"], peer)
    absent = "" if peer else f"Codex {codex.ABSENT}"
    at_most = Bar(value=1.0, ratio=True, goal=0.5)
    return [
        Row(
            figure="headless",
            what="one run: start to exit without the model's time",
            unit="s",
            ours=taken["shell 0"],
            baseline=peer,
            against="s Codex",
            bar=at_most,
            note=absent,
        ),
        Row(
            figure="headless",
            what="one sandboxed shell step",
            unit="ms",
            ours=steps["shell"],
            baseline=peer_steps,
            against="ms Codex",
            bar=at_most,
        ),
        _besides(steps["shell"], taken.get("bwrap")),
        Row(figure="headless", what="one durable read step", unit="ms", ours=steps["read"], bar=Bar(value=10.0)),
    ]


def _besides(shell: Samples, spawn: Samples | None) -> Row:
    what = "one durable shell step besides the sandbox's own spawn"
    if spawn is None:
        return Row(figure="headless", what=what, unit="ms", note=raw_bwrap.ABSENT)
    left = Samples(tuple(step - own for step, own in zip(shell.values, spawn.values, strict=True)))
    return Row(
        figure="headless",
        what=what,
        unit="ms",
        ours=left,
        baseline=spawn,
        against="ms raw bwrap, same arguments and filter",
        bar=Bar(value=10.0),
    )


def per_step_ms(with_steps: Samples, without: Samples) -> Samples:
    """Return what one tool step adds, in milliseconds, round by round."""
    pairs = zip(with_steps.values, without.values, strict=True)
    return Samples(tuple(1000 * (long - short) / STEPS for long, short in pairs))
