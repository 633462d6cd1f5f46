"""A goal of eight steps with one external effect, and an operator who answers what it asks."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hermes_tui.domain.ids import SessionId
from hermes_tui.domain.ports import Answer
from hermes_tui.domain.state import SessionState
from hermes_tui.services import approvals, sessions
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.workstation import Workstation
from tests.fakes.counter import Counter

ROOT: Final = Path(__file__).resolve().parents[2]
KILLED: Final = -9
MOST_RUNS: Final = 12
FAR: Final = 9
"""How many records a process that is killed again and again gets on at most."""
PLAN: Final = """\
---
mode: auto
write: [.]
egress: ["{host}"]
success:
  - file: report.txt
---
Count once.

```plan
schema: hermes.plan/1
tasks:
  - {{id: look, kind: tool, title: look, use: list, args: {{path: "."}}}}
  - {{id: begin, kind: tool, title: begin, use: shell, args: {{command: "echo begin >> log.txt"}}, needs: [look]}}
  - {{id: note, kind: tool, title: note, use: write, args: {{path: note.txt, content: "one\\n"}}, needs: [begin]}}
  - {{id: read, kind: tool, title: read, use: read, args: {{path: note.txt}}, needs: [note]}}
  - {{id: mend, kind: tool, title: mend, use: edit, args: {{path: note.txt, old: one, new: two}}, needs: [read]}}
  - {{id: count, kind: tool, title: count, use: fetch, needs: [mend],
     args: {{url: "{url}/count", method: POST{probe}}}}}
  - {{id: more, kind: tool, title: more, use: shell, args: {{command: "echo more >> log.txt"}}, needs: [count]}}
  - {{id: end, kind: tool, title: end, use: shell, needs: [more],
     args: {{command: "cat log.txt note.txt > report.txt"}}}}
```
"""
REPORT: Final = "begin\nmore\ntwo\n"


@dataclass
class Trial:
    """One goal in its own home and workspace, carried to its end through every crash and question."""

    folder: Path
    counter: Counter
    probed: bool
    plan: str = PLAN
    extra: Mapping[str, str] = field(default_factory=dict[str, str])
    codes: list[int] = field(default_factory=list[int])
    asked: set[str] = field(default_factory=set[str])
    victim: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        """Write the goal."""
        self.workspace.mkdir(parents=True)
        probe = f', probe: "{self.counter.url}/probe?key={{key}}"' if self.probed else ""
        host = self.counter.url.removeprefix("http://")
        self.goal.write_text(self.plan.format(host=host, url=self.counter.url, probe=probe), encoding="utf-8")

    @property
    def workspace(self) -> Path:
        """Where the goal works."""
        return self.folder / "ws"

    @property
    def goal(self) -> Path:
        """The goal file."""
        return self.folder / "goal.md"

    @property
    def report(self) -> str:
        """What the goal delivered."""
        return (self.workspace / "report.txt").read_text(encoding="utf-8")

    def start(self, die_at: int = 0, late_ms: float = 0.0) -> subprocess.Popen[bytes]:
        """Start the goal, or go on with it; it dies at record `die_at`, or so much later."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        own = {"HERMES_TUI_HOME": str(self.folder / "home"), "PYTHONPATH": str(ROOT)}
        environ = {**kept, **own, **self.extra}
        argv = [sys.executable, "-m", "tests.crash.victim", str(self.goal), str(self.workspace)]
        argv += [str(die_at), str(late_ms)]
        return subprocess.Popen(argv, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def run(self, die_at: int = 0, late_ms: float = 0.0) -> int:
        """Run the goal once; return its exit code."""
        with self.start(die_at, late_ms) as process:
            self.victim = process
            _, said = process.communicate(timeout=120)
        assert b"Traceback" not in said, said.decode()
        self.codes.append(process.returncode)
        return process.returncode

    def finish(self, die_at: int = 0) -> None:
        """Run the goal to its end: it dies once at `die_at`, and the operator answers whatever it asks."""
        for _ in range(MOST_RUNS):
            code = self.run(die_at)
            if code == KILLED:
                die_at = 0
            elif code == 4:
                self.answer()
            else:
                return
        raise AssertionError(f"no end after {self.codes}")

    def finish_in_spite_of(self, kills: int, seed: int) -> None:
        """Run the goal to its end: it dies so often, a few records on each time and up to 40 ms after."""
        dice = random.Random(seed)
        for _ in range(2 * kills + MOST_RUNS):
            left = kills - self.codes.count(KILLED)
            seq = self.state()[1].seq if any((self.folder / "home").rglob("sessions/*.db")) else 0
            code = self.run(seq + dice.randint(1, FAR) if left > 0 else 0, dice.choice((0.0, 40 * dice.random())))
            if code == 4:
                self.answer()
            elif code != KILLED:
                return
        raise AssertionError(f"no end after {self.codes}")

    def answer(self) -> None:
        """Allow what waits; a call in doubt is told as the counter knows it."""
        session, state = self.state()
        station = Workstation(RunOptions(workspace=self.workspace, home=self.folder / "home"))
        for asked in state.calls.waiting:
            self.asked.add(str(asked.approval_id))
            if asked.approval_id.startswith("doubt-"):
                happened = bool(self.counter.count)
                approvals.resolve(station.sessions(), station.ledger, session, asked.call_id, happened=happened)
            else:
                found = approvals.find(station.sessions(), asked.approval_id)
                approvals.answer(
                    station.sessions(), station.ledger, found, Answer(approval_id=asked.approval_id, allow=True)
                )

    def state(self) -> tuple[SessionId, SessionState]:
        """Return the session and its state as they are on disk."""
        (path,) = (self.folder / "home" / "state" / "sessions").glob("*.db")
        return SessionId(path.stem), sessions.peek(path)
