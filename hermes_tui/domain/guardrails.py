"""Which modules guard the operator: an agent that works on Hermes itself may read them and write none, in no mode."""

from __future__ import annotations

from pathlib import Path
from typing import Final

NAMES: Final = (
    *("domain", "kernel", "capabilities/governance", "capabilities/keys", "capabilities/sandbox", "capabilities/state"),
    *("capabilities/tools/_paths.py", "capabilities/tools/_git_env.py", "services/wiring.py", "services/kits.py"),
    *("services/constitution.py", "services/trust.py", "services/toolservers.py", "services/pins.py"),
    *("capabilities/mcp", "capabilities/regular.py", "capabilities/programs.py"),
)
CONSTITUTION: Final = ("home/constitution.md", "../docs/constitution.md")
"""Where the constitution lies beside the package: in an installed Hermes, and in a checkout."""
PINNED: Final = (
    *("domain/guardrails.py", "domain/hosts.py", "domain/intents.py", "kernel/approval.py", "kernel/budget.py"),
    *("kernel/dispatch.py", "kernel/two_keys.py", "capabilities/governance/policy.py"),
    "capabilities/governance/redact.py",
    *("capabilities/keys/_notary.py", "capabilities/keys/_sshsig.py", "capabilities/keys/_tree.py"),
    *("capabilities/programs.py", "capabilities/regular.py", "capabilities/sandbox/bounds.py"),
    *("capabilities/sandbox/bubblewrap.py", "capabilities/sandbox/confine.py", "capabilities/sandbox/egress.py"),
    *("capabilities/sandbox/ladder.py", "capabilities/sandbox/landlock.py", "capabilities/sandbox/scopes.py"),
    *("capabilities/sandbox/seccomp.py", "capabilities/tools/_paths.py", "services/constitution.py"),
    "services/trust.py",
)
"""The modules whose content is pinned with the constitution: few and small, as they are hashed at every start."""


def guardrails(package: Path) -> tuple[Path, ...]:
    """Return the folders and files of a running Hermes that no agent may write; `package` is its real folder."""
    return (*(package / name for name in NAMES), *constitutions(package))


def own_environment(prefix: Path) -> tuple[Path, ...]:
    """Return where the interpreter and the packages lie that Hermes itself runs on; `prefix` is `sys.prefix`.

    Where that is the environment of the very project, a command could otherwise leave code that runs at the next start.
    """
    return tuple(prefix / name for name in ("bin", "lib", "lib64", "pyvenv.cfg"))


def constitutions(package: Path) -> tuple[Path, ...]:
    """Return where the constitution may lie; only one of the places exists."""
    return tuple(package / name if name[:2] != ".." else package.parent / name[3:] for name in CONSTITUTION)
