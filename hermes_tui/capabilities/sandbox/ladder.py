"""The strongest sandbox that works here, found by really running something in it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import hermes_tui
from hermes_tui.capabilities.sandbox import landlock, orphans, runsc, seatbelt
from hermes_tui.capabilities.sandbox.bounds import Bounds, bounds_of
from hermes_tui.capabilities.sandbox.bubblewrap import Bubblewrap, find_binary
from hermes_tui.capabilities.sandbox.landlock import Landlock
from hermes_tui.capabilities.sandbox.local import LimitsOnly
from hermes_tui.domain.errors import SandboxUnavailable
from hermes_tui.domain.guardrails import guardrails, own_environment
from hermes_tui.domain.ports import Sandbox
from hermes_tui.domain.processes import SandboxCommand

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
    """Return the sandbox for `workspace`; `level` is auto, limits, none, or a level of `LEVELS` by name.

    A Hermes `home` inside the workspace is read-only there, and its `state` not to be seen; so are the modules of the
    running Hermes that guard the operator.

    Raises:
        SandboxUnavailable: a level was demanded and does not work here.
    """
    if level in ("limits", "none"):
        return LimitsOnly("chosen by sandbox.level", "Set sandbox.level to auto.")
    own = () if home is None else (home,)
    package = Path(os.path.realpath(hermes_tui.__file__)).parent  # noqa: ASYNC240 - once, before anything runs
    bounds = bounds_of(
        workspace,
        toolchains=[Path(path) for path in toolchains],
        env=env,
        protected=(*own, *guardrails(package), *own_environment(Path(sys.prefix))),
        hidden=[path / "state" for path in own],
    )
    if level != "auto":
        return await _demanded(level, bounds)
    missing: list[SandboxUnavailable] = []
    for name in AUTOMATIC.get(sys.platform, ()):
        try:
            return await _proved(LEVELS[name](bounds, missing), workspace)
        except SandboxUnavailable as error:
            missing.append(error)
    if not missing:
        return LimitsOnly(f"no sandbox is known for {sys.platform}", "")
    return LimitsOnly(missing[0].message, missing[0].hint)


async def _demanded(level: str, bounds: Bounds) -> Sandbox:
    try:
        return await _proved(LEVELS[level](bounds, []), bounds.workspace)
    except SandboxUnavailable as error:
        message = f"The sandbox level {level} was demanded, but {error.message}"
        raise SandboxUnavailable(message.rstrip(".") + ".", hint=error.hint) from error


async def _proved(sandbox: Sandbox, workspace: Path) -> Sandbox:
    """Return the sandbox if it runs something.

    Raises:
        SandboxUnavailable: it does not.
    """
    probe = SandboxCommand(argv=("true",), cwd=workspace, timeout_s=PROBE_TIMEOUT_S)
    try:
        result = await sandbox.run(probe)
    except SandboxUnavailable as error:
        raise SandboxUnavailable(error.message, hint=NAMESPACES) from error
    if result.exit_code != 0:
        said = result.stderr.decode(errors="replace").strip()
        raise SandboxUnavailable(f"the probe ended with {result.exit_code}: {said}", hint=NAMESPACES)
    if isinstance(sandbox, Bubblewrap):
        await asyncio.to_thread(orphans.reap, sandbox.binary)
    return sandbox


def _bubblewrap(bounds: Bounds, _missing: Sequence[SandboxUnavailable]) -> Sandbox:
    binary = find_binary(bounds.workspace)
    if binary is None:
        raise SandboxUnavailable("bubblewrap is not installed", hint=INSTALL)
    return Bubblewrap(binary, bounds)


def _landlock(bounds: Bounds, missing: Sequence[SandboxUnavailable]) -> Sandbox:
    if not landlock.works():
        raise SandboxUnavailable("this kernel has no Landlock of version 3 or newer", hint=landlock.REMEDY)
    sandbox = Landlock(bounds)
    if missing:
        sandbox.instead_of = (missing[0].message, missing[0].hint)
    return sandbox


def _runsc(bounds: Bounds, _missing: Sequence[SandboxUnavailable]) -> Sandbox:
    binary = runsc.find_binary(bounds.workspace)
    if binary is None:
        raise SandboxUnavailable("runsc is not installed", hint=runsc.REMEDY)
    return runsc.Runsc(binary, bounds)


def _seatbelt(bounds: Bounds, _missing: Sequence[SandboxUnavailable]) -> Sandbox:
    if not seatbelt.works():
        raise SandboxUnavailable("there is no sandbox-exec", hint=seatbelt.REMEDY)
    return seatbelt.Seatbelt(bounds)


LEVELS: Final[dict[str, Callable[[Bounds, Sequence[SandboxUnavailable]], Sandbox]]] = {
    "bubblewrap": _bubblewrap,
    "landlock": _landlock,
    "runsc": _runsc,
    "seatbelt": _seatbelt,
}
"""How each level is made; what failed before it is said by the one that is taken instead."""
AUTOMATIC: Final = {"linux": ("bubblewrap", "landlock"), "darwin": ("seatbelt",)}
"""Which levels `auto` tries, strongest first."""
