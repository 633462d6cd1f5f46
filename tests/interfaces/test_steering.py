"""Steering a live run from another shell: real processes, a real socket."""

from __future__ import annotations

import json
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

from hermes_tui.capabilities.state.lock import owner_of
from tests.interfaces.processes import COMMAND, ROOT, Shop, needs_sandbox, question, shell, shop, until

__all__ = ["shop"]
WAIT = "while [ ! -e go ]; do sleep 0.05; done"


def control_of(where: Shop) -> Path:
    (lock,) = (where.home / "state" / "sessions").glob("*.lock")
    return Path(str(owner_of(lock)["control"]))


@needs_sandbox
def test_a_paused_run_starts_nothing_new_until_it_is_resumed(shop: Shop) -> None:
    goal = shop.goal(shell("a", WAIT) + shell("b", "echo b > b.txt", needs="a"))
    with shop.live(goal) as process:
        until(process, "task     a")
        session = shop.only_session()
        paused = shop.run("runs", "pause", session)
        (shop.work / "go").touch()
        until(process, "✓ task     a")
        held = shop.json("sessions", "list", "--json")[0]["status"], (shop.work / "b.txt").exists()
        resumed = shop.run("runs", "resume", "--all")
        out, err = process.communicate(timeout=30)

    types = [json.loads(line)["type"] for line in shop.run("replay", session).stdout.splitlines()]
    order = [name for name in types if name in ("RunPaused", "RunUnpaused", "ToolRequested", "ToolFinished")]
    assert (paused.returncode, resumed.returncode, process.returncode) == (0, 0, 0), err
    assert held == ("paused", False)
    assert order == ["ToolRequested", "RunPaused", "ToolFinished", "RunUnpaused", "ToolRequested", "ToolFinished"]
    assert json.loads(out)["status"] == "done"


@needs_sandbox
def test_a_stopped_run_ends_130_and_the_same_command_goes_on(shop: Shop) -> None:
    tasks = shell("a", "echo a >> out/log.txt") + shell("b", f"{WAIT}; echo b >> out/log.txt", needs="a")
    goal = shop.goal(tasks, head="mode: auto\nwrite: [out]\n")
    with shop.live(goal) as process:
        until(process, "● task     b")
        stopped = shop.run("runs", "stop", shop.only_session())
        out, _ = process.communicate(timeout=30)
    again_needs = shop.json("sessions", "list", "--json")[0]
    (shop.work / "go").touch()

    again = shop.run("--batch", str(goal), "-C", str(shop.work))

    assert (stopped.returncode, process.returncode, json.loads(out)["status"]) == (0, 130, "interrupted")
    assert (again_needs["status"], again_needs["live"]) == ("interrupted", False)
    assert again.returncode == 0, again.stderr
    assert (shop.work / "out" / "log.txt").read_text("utf-8") == "a\nb\n"


@needs_sandbox
def test_an_answer_reaches_the_live_run_and_is_used_while_others_still_run(shop: Shop) -> None:
    goal = shop.goal(question("q") + shell("a", WAIT))
    with shop.live(goal) as process:
        until(process, "needs you")
        (waiting,) = shop.json("approvals", "list", "--json")
        answered = shop.run("approvals", "answer", waiting["id"], "blue")
        until(process, "✓ task     q")
        (shop.work / "go").touch()
        out, err = process.communicate(timeout=30)

    result = json.loads(out)
    assert (waiting["live"], waiting["task"]) == (True, "q")
    assert answered.returncode == 0, answered.stderr
    assert process.returncode == 0, err
    assert [(one["task"], one["decision"], one["reason"]) for one in result["approvals"]] == [("q", "allow", "blue")]


def test_a_run_that_only_waits_ends_4_and_takes_the_kept_answer_when_run_again(shop: Shop) -> None:
    goal = shop.goal(question("q"))
    command = ("--batch", str(goal), "-C", str(shop.work), "--output-format", "json")

    asked = shop.run(*command)
    kept = shop.run("approvals", "answer", json.loads(asked.stdout)["approvals"][0]["id"], "green")
    again = shop.run(*command)

    assert (asked.returncode, kept.returncode, again.returncode) == (4, 0, 0), again.stderr
    assert json.loads(again.stdout)["answer"] == "green"


@needs_sandbox
def test_the_socket_is_private_named_in_the_lock_and_gone_afterwards(shop: Shop) -> None:
    goal = shop.goal(shell("a", WAIT))
    with shop.live(goal) as process:
        until(process, "task     a")
        shop.run("runs", "pause", "--all")
        path = control_of(shop)
        modes = (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode))
        shop.run("runs", "resume", "--all")
        (shop.work / "go").touch()
        process.communicate(timeout=30)

    assert path.is_relative_to(shop.run_folder)
    assert len(str(path)) < 104
    assert modes == (0o600, 0o700)
    assert not path.exists()


@needs_sandbox
def test_nonsense_on_the_socket_is_answered_and_hurts_nobody(shop: Shop) -> None:
    goal = shop.goal(shell("a", WAIT))
    replies: list[bytes] = []
    with shop.live(goal) as process:
        until(process, "task     a")
        shop.run("runs", "resume", "--all")
        for line in (b"\xff\xfe\n", b"[]\n", b"{}\n", b"null", b"", b"x" * 200_000 + b"\n"):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(20)
                connection.connect(str(control_of(shop)))
                connection.sendall(line)
                connection.shutdown(socket.SHUT_WR)
                replies.append(connection.makefile("rb").readline())
        (shop.work / "go").touch()
        _, err = process.communicate(timeout=30)

    assert process.returncode == 0, err
    assert [json.loads(reply)["ok"] for reply in replies if reply] == [False] * len([r for r in replies if r])
    assert len([reply for reply in replies if reply]) >= 5


@needs_sandbox
def test_a_killed_owner_is_told_apart_from_one_that_does_not_answer(shop: Shop) -> None:
    goal = shop.goal(shell("a", WAIT))
    with shop.live(goal) as process:
        until(process, "task     a")
        session = shop.only_session()
        process.send_signal(signal.SIGSTOP)
        silent = shop.run("runs", "pause", session)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)

    gone = shop.run("runs", "pause", session)

    assert (silent.returncode, gone.returncode) == (1, 1)
    assert "does not answer" in silent.stderr
    assert "kill -TERM" in silent.stderr
    assert "is not running" in gone.stderr


@needs_sandbox
def test_watch_prints_every_durable_record_of_a_live_run_and_ends_with_it(shop: Shop) -> None:
    goal = shop.goal(shell("a", WAIT))
    with shop.live(goal) as process:
        until(process, "task     a")
        session = shop.only_session()
        with subprocess.Popen(
            [*COMMAND, "watch", session], env=shop.environment(), stdout=subprocess.PIPE, text=True, cwd=ROOT
        ) as watcher:
            assert watcher.stdout is not None
            first = watcher.stdout.readline()
            (shop.work / "go").touch()
            rest = watcher.stdout.read()
            code = watcher.wait(timeout=30)
        process.communicate(timeout=30)

    watched = [first.rstrip("\n"), *rest.splitlines()]
    assert code == 0
    assert watched == shop.run("replay", session).stdout.splitlines()
    assert json.loads(watched[-1])["type"] == "RunEnded"


@needs_sandbox
def test_a_full_disk_stops_the_run_with_3_and_only_what_is_saved_was_printed(shop: Shop) -> None:
    tasks = "".join(
        shell(f"t{n}", f"seq 1 3000; echo {n} >> log.txt", needs=f"t{n - 1}" if n else "") for n in range(12)
    )
    goal = shop.goal(tasks)
    command = [*COMMAND, "--batch", str(goal), "-C", str(shop.work), "--output-format", "stream-json"]
    program = (
        "import os, resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (250_000, resource.RLIM_INFINITY))\n"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )

    full = subprocess.run(
        [sys.executable, "-c", program, *command], env=shop.environment(), capture_output=True, text=True, timeout=60
    )
    saved = shop.run("replay", shop.only_session()).stdout.splitlines()
    again = shop.run("--batch", str(goal), "-C", str(shop.work))

    *printed, result = full.stdout.splitlines()
    assert full.returncode == 3, full.stderr
    assert "could not be written" in full.stderr
    assert "Traceback" not in full.stderr
    assert json.loads(result)["exit_code"] == 3
    assert printed == saved[: len(printed)]
    assert len(printed) > 5
    assert again.returncode == 0, again.stderr
    assert (shop.work / "log.txt").read_text("utf-8").split() == [str(n) for n in range(12)]
