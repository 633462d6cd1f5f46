"""Levels that are rendered here and put in force elsewhere: the Seatbelt profile and the gVisor bundle."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from hermes_tui.capabilities.sandbox import runsc, scopes
from hermes_tui.capabilities.sandbox.bounds import Bounds, bounds_of
from hermes_tui.capabilities.sandbox.ladder import find_sandbox
from hermes_tui.capabilities.sandbox.runsc import Runsc, make_bundle
from hermes_tui.capabilities.sandbox.seatbelt import Seatbelt
from hermes_tui.domain.errors import SandboxUnavailable
from hermes_tui.domain.processes import SandboxCommand


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace with a repository, a home of Hermes in it, and a quote in its name."""
    root = tmp_path.resolve() / 'my "work"'
    for name in (".git", "src", "home/state"):
        (root / name).mkdir(parents=True)
    (root / "home" / "state" / "ledger.db").write_text("state")
    return root


def rules(profile: str, action: str) -> list[str]:
    """Return the paths that the rules of one action name, in order."""
    found = re.findall(rf'^\({re.escape(action)} \(\w+ "((?:[^"\\]|\\.)*)"\)\)$', profile, re.MULTILINE)
    return [path.replace('\\"', '"').replace("\\\\", "\\") for path in found]


def within_home(workspace: Path) -> Bounds:
    """Return the bounds of a workspace that holds Hermes's home."""
    return bounds_of(workspace, protected=(workspace / "home",), hidden=(workspace / "home" / "state",))


def test_a_profile_denies_first_and_takes_protected_paths_back_last(workspace: Path) -> None:
    sandbox = Seatbelt(within_home(workspace))

    profile = sandbox.profile((workspace,), (workspace / ".git",))

    lines = profile.splitlines()
    assert lines[:2] == ["(version 1)", "(deny default)"]
    assert lines[-1] == "(deny network*)"
    assert rules(profile, "allow file-write*") == [str(workspace)]
    assert rules(profile, "deny file-write*")[:1] == [str(workspace / ".git")]
    assert str(workspace / "home") in rules(profile, "deny file-write*")
    assert str(workspace / "home" / "state") in rules(profile, "deny file-read* file-write*")
    assert profile.index("(allow file-write*") < profile.index("(deny file-write*") < profile.index("(deny file-read*")


def test_a_profile_reads_no_home(workspace: Path) -> None:
    profile = Seatbelt(bounds_of(workspace)).profile((), ())

    readable = rules(profile, "allow file-read*")
    assert str(workspace) in readable
    assert not {"/", "/Users", "/private", str(Path.home())} & set(readable)


def test_a_quote_in_a_path_cannot_end_its_string(workspace: Path) -> None:
    evil = workspace / 'x")) (allow default) ((subpath "'
    profile = Seatbelt(bounds_of(workspace)).profile((evil,), ())

    assert "(allow default)" not in re.sub(r'"(?:[^"\\]|\\.)*"', '""', profile)
    assert str(evil) in rules(profile, "allow file-write*")


def configuration(workspace: Path) -> dict[str, object]:
    """Return the bundle's configuration of a call that may write all of the workspace."""
    sandbox = Runsc("runsc", within_home(workspace))
    command = SandboxCommand(argv=("true",), cwd=workspace, write=(workspace,), env={"GIVEN": "value"})
    return sandbox.configuration(command, (workspace,), scopes.guards((workspace,), workspace))


def test_a_bundle_mounts_the_workspace_and_covers_what_is_protected(workspace: Path) -> None:
    config = json.loads(json.dumps(configuration(workspace)))

    mounts = {mount["destination"]: mount for mount in config["mounts"]}
    order = list(mounts)
    assert "rw" in mounts[str(workspace)]["options"]
    assert "ro" in mounts[str(workspace / ".git")]["options"]
    assert "ro" in mounts[str(workspace / "home")]["options"]
    assert mounts[str(workspace / "home" / "state")]["type"] == "tmpfs"
    assert order.index(str(workspace)) < order.index(str(workspace / ".git")) < order.index(str(workspace / "home"))
    assert [mount for mount in config["mounts"] if mount["type"] == "bind" and "nosuid" not in mount["options"]] == []


def test_a_bundle_gives_no_rights_and_no_network(workspace: Path) -> None:
    config = json.loads(json.dumps(configuration(workspace)))

    assert {"type": "network"} in config["linux"]["namespaces"]
    assert all(kept == [] for kept in config["process"]["capabilities"].values())
    assert (config["process"]["noNewPrivileges"], config["root"]["readonly"]) == (True, True)
    assert "GIVEN=value" in config["process"]["env"]
    assert {"type": "RLIMIT_CORE", "hard": 0, "soft": 0} in config["process"]["rlimits"]


def test_a_bundle_has_every_place_to_mount_on(workspace: Path, tmp_path: Path) -> None:
    config = configuration(workspace)
    bundle = tmp_path / "bundle"
    bundle.mkdir()

    make_bundle(bundle, config)

    written = json.loads((bundle / "config.json").read_text())
    missing = [
        mount["destination"]
        for mount in written["mounts"]
        if not (bundle / "rootfs" / mount["destination"].lstrip("/")).exists()
    ]
    assert missing == []


@pytest.mark.parametrize("level", ["runsc", "seatbelt"])
async def test_a_level_that_is_not_here_says_so(level: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SandboxUnavailable, match="demanded"):
        await find_sandbox(tmp_path, level=level)
    assert runsc.find_binary() is None
