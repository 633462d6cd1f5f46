"""The strongest sandbox that works here, found by really running something in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.sandbox.bubblewrap import Bubblewrap, find_binary
from hermes_tui.capabilities.sandbox.local import LimitsOnly
from hermes_tui.domain.errors import SandboxUnavailable
from hermes_tui.domain.ports import Sandbox, SandboxCommand

PROBE_TIMEOUT_S: Final = 10.0
INSTALL: Final = "Install it: `apt install bubblewrap`, `dnf install bubblewrap` or `pacman -S bubblewrap`."
NAMESPACES: Final = (
    "Allow user namespaces: on Ubuntu 24.04 `sysctl kernel.apparmor_restrict_unprivileged_userns=0` or an AppArmor "
    "profile for bwrap; in a container `--security-opt seccomp=unconfined` or `--privileged`."
)


async def find_sandbox(
    workspace: Path,
    *,
    level: str = "auto",
    toolchains: Sequence[str] = (),
    env: Sequence[str] = (),
    home: Path | None = None,
) -> Sandbox:
    """Return the sandbox for `workspace`; `level` is auto, bubblewrap, limits or none.

    A Hermes `home` inside the workspace is read-only there, and its `state` not to be seen.

    Raises:
        SandboxUnavailable: `bubblewrap` was demanded and does not work here.
    """
    if level in ("limits", "none"):
        return LimitsOnly("chosen by sandbox.level", "Set sandbox.level to auto.")
    binary = find_binary()
    if binary is None:
        return _weaker(level, "bubblewrap is not installed", INSTALL)
    own = () if home is None else (home,)
    state = tuple(path / "state" for path in own)
    sandbox = Bubblewrap(binary, workspace, [Path(path) for path in toolchains], env, protected=own, hidden=state)
    try:
        probe = SandboxCommand(argv=("true",), cwd=workspace, timeout_s=PROBE_TIMEOUT_S)
        result = await sandbox.run(probe)
    except SandboxUnavailable as error:
        return _weaker(level, error.message, NAMESPACES)
    if result.exit_code != 0:
        said = result.stderr.decode(errors="replace").strip()
        return _weaker(level, f"the probe ended with {result.exit_code}: {said}", NAMESPACES)
    return sandbox


def _weaker(level: str, why: str, remedy: str) -> Sandbox:
    if level == "bubblewrap":
        raise SandboxUnavailable(f"The sandbox level bubblewrap was demanded, but {why}.", hint=remedy)
    return LimitsOnly(why, remedy)
