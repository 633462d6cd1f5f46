"""Which level is found, and what the weakest one still keeps."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from hermes_tui.capabilities.governance.policy import RulePolicy
from hermes_tui.capabilities.sandbox import landlock
from hermes_tui.capabilities.sandbox.bounds import bounds_of
from hermes_tui.capabilities.sandbox.bubblewrap import Bubblewrap
from hermes_tui.capabilities.sandbox.ladder import find_sandbox
from hermes_tui.capabilities.tools.shell import python, shell
from hermes_tui.domain.approval import Decision, Grant
from hermes_tui.domain.errors import SandboxUnavailable
from hermes_tui.domain.ports import ToolContext, Workspace
from hermes_tui.domain.processes import ProcessEnd, SandboxCommand
from hermes_tui.domain.tasks import Mode
from tests.capabilities.sandbox.conftest import Box
from tests.capabilities.sandbox.test_contract import alive


@pytest.fixture
def bare_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with a shell and little more; bubblewrap is not on it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "sleep", "touch", "env", "setsid", "true"):
        (folder / name).symlink_to(f"/usr/bin/{name}")
    monkeypatch.setenv("PATH", str(folder))
    return folder


def fake_bubblewrap(folder: Path, *, says: str, code: int) -> None:
    (folder / "bwrap").write_text(f"#!/bin/sh\necho '{says}' >&2\nexit {code}\n", encoding="utf-8")
    (folder / "bwrap").chmod(0o755)


async def test_without_bubblewrap_the_level_names_the_reason_and_the_remedy(bare_path: Path, tmp_path: Path) -> None:
    level = (await find_sandbox(tmp_path)).level

    assert level.name == ("landlock" if landlock.works() else "limits only")
    assert level.why.startswith("bubblewrap is not installed")
    assert "apt install bubblewrap" in level.remedy


@pytest.mark.parametrize(
    ("says", "named"),
    [("bwrap: No permissions to create a new namespace", "No permissions"), ("bwrap: Unknown option --x", "Unknown")],
)
async def test_a_bubblewrap_that_fails_is_named_with_what_it_said(
    bare_path: Path, tmp_path: Path, says: str, named: str
) -> None:
    fake_bubblewrap(bare_path, says=says, code=1)
    (tmp_path / "ws").mkdir()

    level = (await find_sandbox(tmp_path / "ws")).level

    assert level.name == ("landlock" if landlock.works() else "limits only")
    assert named in level.why


async def test_a_bubblewrap_that_the_workspace_brings_is_none(bare_path: Path, tmp_path: Path) -> None:
    fake_bubblewrap(bare_path, says="bwrap: planted", code=1)

    assert (await find_sandbox(tmp_path)).level.why.startswith("bubblewrap is not installed")


async def test_a_level_that_is_demanded_is_not_lowered(bare_path: Path, tmp_path: Path) -> None:
    with pytest.raises(SandboxUnavailable, match="demanded"):
        await find_sandbox(tmp_path, level="bubblewrap")


@pytest.mark.parametrize("level", ["limits", "none"])
async def test_a_weaker_level_can_be_chosen(tmp_path: Path, level: str) -> None:
    found = (await find_sandbox(tmp_path, level=level)).level

    assert (found.confines, found.why) == (False, "chosen by sandbox.level")


async def test_at_the_weakest_level_each_command_asks_in_every_mode(tmp_path: Path) -> None:
    sandbox = await find_sandbox(tmp_path, level="limits")
    context = ToolContext(
        workspace=Workspace(root=tmp_path, write=(tmp_path,)), sandbox=sandbox, key="k", timeout_s=5, seen={}
    )
    calls = (
        shell.resolve(json.dumps({"command": "true"}), context),
        python.resolve(json.dumps({"code": "pass"}), context),
    )
    grants = (Grant(rule="shell(*)", by="operator"), Grant(rule="python(*)", by="operator"))

    decisions = {RulePolicy().decide(call, mode, grants).decision for call in calls for mode in Mode}

    assert decisions == {Decision.ASK, Decision.DENY}
    assert RulePolicy().decide(calls[0], Mode.AUTO, grants).decision is Decision.ASK


async def test_the_weakest_level_hands_on_no_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VENDOR_API_KEY", "planted")
    sandbox = await find_sandbox(tmp_path, level="limits")

    result = await sandbox.run(SandboxCommand(argv=("env",), cwd=tmp_path))

    assert b"planted" not in result.stdout


@pytest.mark.parametrize(
    "script", ["(setsid sleep 303.{tag} &) ; sleep 303.{tag}", "(setsid sleep 303.{tag} &) ; true"]
)
async def test_at_the_weakest_level_too_all_that_was_started_dies(tmp_path: Path, script: str) -> None:
    tag = str(os.getpid())
    sandbox = await find_sandbox(tmp_path, level="limits")

    command = SandboxCommand(argv=("sh", "-c", script.replace("{tag}", tag)), cwd=tmp_path, timeout_s=0.5)
    result = await sandbox.run(command)

    assert result.end in (ProcessEnd.DEADLINE, ProcessEnd.EXITED)
    assert alive(f"303.{tag}") == []


async def test_many_commands_at_once_do_not_disturb_each_other(box: Box) -> None:
    said = await asyncio.gather(*(box.sh(f"echo {n} >src/{n}; sleep 0.1; cat src/{n}; exit {n}") for n in range(12)))

    assert [(each.code, each.out) for each in said] == [(n, f"{n}\n") for n in range(12)]


async def test_a_home_inside_the_workspace_is_read_only_and_its_state_unseen(box: Box) -> None:
    home = box.root / "home"
    (home / "state").mkdir(parents=True)
    (home / "state" / "ledger.db").write_text("state")
    (home / "config.yaml").write_text("policy: {mode: ask}\n")
    sandbox = await find_sandbox(box.root, home=home)
    inside = Box(box.root, sandbox)

    said = await inside.sh("cat home/config.yaml; ls -A home/state; echo x >home/config.yaml; mv home h; touch home/x")

    assert said.out == "policy: {mode: ask}\n"
    assert [path.name for path in sorted(home.iterdir())] == ["config.yaml", "state"]
    assert (home / "config.yaml").read_text() == "policy: {mode: ask}\n"


async def test_a_bubblewrap_without_bind_fd_works_too(box: Box, tmp_path: Path) -> None:
    old = tmp_path / "old-bwrap"
    old.write_text('#!/bin/sh\n[ "$1" = --help ] && exit 0\nexec bwrap "$@"\n', encoding="utf-8")
    old.chmod(0o755)
    wrapped = Bubblewrap(str(old), bounds_of(box.root))

    result = await wrapped.run(SandboxCommand(argv=("touch", "src/x"), cwd=box.root, write=(box.root / "src",)))

    assert (result.exit_code, (box.root / "src" / "x").exists()) == (0, True)
