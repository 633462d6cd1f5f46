"""The plan of a run seen and edited from another shell, live or between two processes."""

from __future__ import annotations

import json

from tests.interfaces.processes import Shop, needs_sandbox, question, shell, shop, until

__all__ = ["shop"]


def test_a_run_between_two_processes_is_edited_reviewed_and_undone(shop: Shop) -> None:
    goal = shop.goal(
        question("q") + "  - {id: last, kind: tool, title: look, use: list, args: {path: '.'}, needs: [q]}\n"
    )
    command = ("--batch", str(goal), "-C", str(shop.work))
    asked = shop.run(*command)
    session = shop.only_session()

    tried = shop.run("runs", "edit", session, "--skip", "q", "--dry-run")
    stale = shop.run("runs", "edit", session, "--skip", "q", "--rev", "7")
    skipped = shop.run("runs", "edit", session, "--skip", "q", "--why", "nobody knows")
    undone = shop.run("runs", "edit", session, "--undo")
    again = shop.run("runs", "edit", session, "--skip", "q")
    edits = shop.run("runs", "plan", session, "--edits")
    whole = shop.json("runs", "plan", session, "--json")
    ended = shop.run(*command)

    assert asked.returncode == 4
    assert tried.stdout == "~ q state: waiting → skipped\n"
    assert (stale.returncode, "at revision 1; the edit is of revision 7" in stale.stderr) == (2, True)
    assert skipped.stdout.startswith("~ q state: waiting → skipped\n"), skipped.stderr
    assert undone.stdout.startswith("~ q state: skipped → pending\n"), undone.stderr
    assert again.returncode == 0
    assert "by operator: nobody knows" in edits.stdout
    assert "takes back the edit that led to revision 2" in edits.stdout
    assert (whole["plan"]["rev"], whole["states"]["q"]["state"]) == (4, "skipped")
    assert ended.returncode == 0, ended.stderr


@needs_sandbox
def test_a_live_run_takes_new_tasks_from_another_shell(shop: Shop) -> None:
    goal = shop.goal(shell("wait", "while [ ! -e go ]; do sleep 0.05; done"))
    more = {
        "id": "more",
        "kind": "tool",
        "use": "shell",
        "args": {"command": "echo more > more.txt"},
        "needs": ["wait"],
    }
    edit = shop.root / "edit.json"
    edit.write_text(json.dumps({"schema": "hermes.edit/1", "why": "one more", "ops": [{"op": "add", "task": more}]}))

    with shop.live(goal) as process:
        until(process, "task     wait")
        added = shop.run("runs", "edit", shop.only_session(), "--file", str(edit))
        (shop.work / "go").touch()
        out, _ = process.communicate(timeout=60)

    assert added.stdout == "The plan is at revision 2.\n+ more (tool shell): more after wait\n", added.stderr
    assert [task["state"] for task in json.loads(out)["tasks"]] == ["done", "done"]
    assert (shop.work / "more.txt").read_text() == "more\n"
