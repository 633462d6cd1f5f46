"""A home inside of the workspace and of the write scope: the run works, and nothing of the home can be written."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hermes_tui.capabilities.state.reading import read_session
from hermes_tui.domain.events import ToolFinished, ToolRefused
from hermes_tui.services.premises import RunOptions
from hermes_tui.services.workstation import Workstation
from tests.interfaces.processes import needs_sandbox

HEAD = "---\nmode: auto\nwrite: [.]\n---\nTry.\n\n```plan\nschema: hermes.plan/1\ntasks:\n"
COMMAND = "echo hi >a.txt; for f in config.yaml MEMORY.md new state/x; do echo x >>home/$f; done; mv home gone; :"
OWN = ("home/config.yaml", "home/MEMORY.md", "home/skills/x/SKILL.md", "home/memory/a.md", "home/state/x", "home")


@needs_sandbox
def test_a_run_beside_its_own_home_works_and_leaves_the_home_alone(tmp_path: Path) -> None:
    work = tmp_path.resolve() / "ws"
    work.mkdir()
    tasks = [f"  - {{id: s, kind: tool, title: s, use: shell, args: {{command: {COMMAND!r}}}}}\n"]
    for number, path in enumerate(OWN):
        args = f"{{path: {path}, content: x}}"
        tasks.append(f"  - {{id: w{number}, kind: tool, title: w, use: write, needs: [s], args: {args}}}\n")
    (tmp_path / "goal.md").write_text(HEAD + "".join(tasks) + "```\n")
    station = Workstation(RunOptions(workspace=work, home=work / "home"))
    before = {name: (work / "home" / name).read_bytes() for name in ("config.yaml", "MEMORY.md")}

    asyncio.run(station.pursue(tmp_path / "goal.md", []))

    (session,) = station.sessions().glob("*.db")
    bodies = [record.body for record in read_session(session)]
    (ran,) = [body for body in bodies if isinstance(body, ToolFinished)]
    assert (ran.ok, [change.path for change in ran.changed]) == (True, ["a.txt"])
    assert len([body for body in bodies if isinstance(body, ToolRefused)]) == len(OWN)
    assert {name: (work / "home" / name).read_bytes() for name in before} == before
    assert sorted(path.name for path in (work / "home").iterdir()) == ["MEMORY.md", "config.yaml", "state"]
