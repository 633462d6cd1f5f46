"""Every attack reaches its aim in a bare shell and fails in the sandbox."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_tui.capabilities.sandbox.ladder import find_sandbox
from hermes_tui.domain.errors import SandboxUnavailable
from hermes_tui.domain.processes import SandboxCommand
from tests.capabilities.sandbox.attacks import files, git, kernel, network, processes, resources, tricks
from tests.capabilities.sandbox.attacks.scene import SECRET, Attack, Outcome, Scene, scene

ATTACKS = (
    *(*files.READS, *files.WRITES, *files.OWN, *git.PLANTED, *processes.LOOKS, *processes.ACTS, *processes.SYSTEM),
    *(*kernel.CALLS, *network.NETWORK, *resources.RESOURCES, *tricks.TRICKS),
)
NOT_HELD_BY_LANDLOCK = frozenset(
    {
        *("change the rights of a file outside", "change the times of a file outside", "list the host's processes"),
        *("see the host's name", "a full home", "tell whether a file of the operator is there"),
    }
)
"""Named in docs/sandbox.md."""
OF_GVISOR_ITSELF = frozenset(
    {
        *("read the kernel's log", "a user namespace by clone", "a user namespace", "a queue of kernel requests"),
        *("a file system in user space", "more memory than a call may have", "leave a program with the owner's rights"),
    }
)
"""What reaches gVisor's own kernel instead of the host's, and what is not held; named in docs/sandbox.md."""
each_attack = pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name.replace(" ", "-"))


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A host with an operator's home, whose environment holds a secret."""
    with scene(tmp_path.resolve()) as made:
        monkeypatch.setenv("HOME", str(made.home))
        monkeypatch.setenv("VENDOR_KEY", SECRET)
        yield made


def bare(attack: Attack, host: Scene) -> Outcome:
    """Run the attack as a plain process of the host, which inherits a descriptor of the file outside."""
    with host.tempting().open() as file:
        done = subprocess.run(
            attack.argv(host, bare=True), cwd=host.root, capture_output=True, pass_fds=(file.fileno(),), timeout=120
        )
    return Outcome(done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"), done.returncode)


async def confined(attack: Attack, host: Scene, level: str) -> Outcome:
    """Run the attack in the sandbox, if that level works here."""
    try:
        sandbox = await find_sandbox(host.root, level=level, home=host.hermes)
    except SandboxUnavailable as error:
        pytest.skip(error.message)
    with host.tempting().open() as file:
        os.set_inheritable(file.fileno(), True)
        result = await sandbox.run(
            SandboxCommand(
                argv=attack.argv(host),
                cwd=host.root,
                write=tuple(host.root if name == "." else host.root / name for name in attack.scope),
                timeout_s=attack.timeout_s,
                output_limit_bytes=1_000_000,
            )
        )
    return Outcome(result.stdout.decode(errors="replace"), result.stderr.decode(errors="replace"), result.exit_code)


@each_attack
def test_in_a_bare_shell_it_reaches_its_aim(attack: Attack, host: Scene) -> None:
    if why := attack.missing():
        pytest.skip(f"not on this host: {why}")

    outcome = bare(attack, host)

    assert attack.sign(host, outcome), outcome


@each_attack
async def test_in_the_sandbox_it_fails(attack: Attack, host: Scene) -> None:
    outcome = await confined(attack, host, "bubblewrap")

    assert not attack.sign(host, outcome), outcome


@each_attack
async def test_under_landlock_it_fails_unless_the_documents_say_otherwise(attack: Attack, host: Scene) -> None:
    outcome = await confined(attack, host, "landlock")

    assert attack.sign(host, outcome) is (attack.name in NOT_HELD_BY_LANDLOCK), outcome


@pytest.mark.long
@each_attack
async def test_in_gvisor_it_fails_or_reaches_gvisor_alone(attack: Attack, host: Scene) -> None:
    outcome = await confined(attack, host, "runsc")

    assert not attack.sign(host, outcome) or attack.name in OF_GVISOR_ITSELF, outcome


def test_what_the_weaker_levels_do_not_hold_is_written_down() -> None:
    said = " ".join((Path(__file__).parents[3] / "docs" / "sandbox.md").read_text(encoding="utf-8").split())

    assert {name for name in NOT_HELD_BY_LANDLOCK | OF_GVISOR_ITSELF if name not in said} == set()


def test_the_suite_is_large_and_its_names_are_unique() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) >= 100
