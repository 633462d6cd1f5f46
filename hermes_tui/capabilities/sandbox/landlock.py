"""The level for Linux without namespaces: Landlock and a strict seccomp filter, one process tree, no network."""

from __future__ import annotations

import asyncio
import base64
import json
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.sandbox import cgroup, confine, process, scopes, seccomp
from hermes_tui.capabilities.sandbox.bounds import Bounds
from hermes_tui.capabilities.sandbox.inside import ETC, removed, without_egress
from hermes_tui.capabilities.sandbox.limits import MOST_PROCESSES, limited, memory_bytes
from hermes_tui.domain.errors import SandboxUnavailable
from hermes_tui.domain.processes import ProcessResult, SandboxCommand, SandboxLevel

LEAST_VERSION: Final = 3
"""Before it, a file outside could be emptied by truncate(2)."""
DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_SYSTEM: Final = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix")
_FACTS: Final = ("/proc/meminfo", "/proc/cpuinfo", "/proc/stat", "/proc/loadavg", "/proc/filesystems", "/proc/version")
_REFUSED: Final = {"GIT_CONFIG_NOSYSTEM": "1"}
"""Tools that take a refusal for an error, where they would pass over what is missing."""
_MOST_RULES: Final = 5_000
REMEDY: Final = "Landlock needs Linux 6.2 or newer with `landlock` among the kernel's security modules."


class Landlock:
    """Runs commands under Landlock; the weaker of the two levels that confine.

    Landlock cannot take a hole out of a tree: beside a protected name, such as `.git`, nothing new can be made at the
    top of a write scope. `protected` and `hidden` are as for bubblewrap.
    """

    def __init__(self, bounds: Bounds) -> None:
        self.instead_of: tuple[str, str] = ("", "")
        """Why a stronger level is not in force, and the remedy."""
        self._bounds = bounds
        self._workspace = bounds.workspace
        self._groups = cgroup.Groups(MOST_PROCESSES, memory_bytes())

    @property
    def level(self) -> SandboxLevel:
        """Landlock confines, with less than namespaces do."""
        why = "files by Landlock, no sockets, nothing new at the top of a repository"
        because, remedy = self.instead_of
        return SandboxLevel(
            name="landlock", confines=True, why=f"{because.rstrip('.')}: {why}" if because else why, remedy=remedy
        )

    async def run(self, command: SandboxCommand) -> ProcessResult:
        """Run `command` confined; see `ports.Sandbox`.

        Raises:
            SandboxUnavailable: the kernel has no Landlock, or refused the rules.
        """
        without_egress(command, self.level.name)
        program = seccomp.program(strict=True)
        if sys.platform != "linux" or program is None or confine.version() < LEAST_VERSION:
            raise SandboxUnavailable("Landlock does not work here.", hint=REMEDY)
        folders = scopes.writable_folders(command.write, self._workspace)
        plain = scopes.plain(folders)
        private = tempfile.mkdtemp(prefix="hermes-call-")
        texts: tuple[str, ...] = ()
        try:
            spec = self._spec(command, folders, private, program)
            with self._groups.one() as group:
                result = await self._launch(command, spec, private, group)
        finally:
            texts = scopes.planted(plain)
            await asyncio.shield(removed(private))
        if result.exit_code == 125 and result.stderr.startswith(b"hermes-confine: "):
            said = result.stderr.decode(errors="replace").strip()
            raise SandboxUnavailable(f"Landlock could not be put in force: {said}.", hint=REMEDY)
        return scopes.told(result, texts)

    def _spec(self, command: SandboxCommand, folders: Sequence[Path], private: str, program: bytes) -> str:
        hidden = self._bounds.covered
        kept = [guard.path for guard in scopes.guards(folders, self._workspace)]
        writable = [
            str(path) for folder in folders for path in carved(folder, (*kept, *self._bounds.protected, *hidden))
        ]
        readable = [str(path) for root in self._bounds.bound for path in carved(root, hidden)]
        system = (*_SYSTEM, *_FACTS, *(f"/etc/{name}" for name in ETC))
        places = [str(Path(path).resolve()) for path in system if Path(path).exists()]
        return json.dumps(
            {
                "argv": limited(command.argv, command.timeout_s),
                "readable": [*places, *readable],
                "writable": [*writable, private],
                "devices": DEVICES,
                "filter": base64.b64encode(program).decode(),
            }
        )

    async def _launch(self, command: SandboxCommand, spec: str, private: str, group: cgroup.Group) -> ProcessResult:
        launch = process.Launch(
            argv=(sys.executable, "-I", "-S", str(confine.__file__), spec),
            env=self._bounds.environment(private, {**_REFUSED, **command.env}),
            cwd=command.cwd,
            stdin=command.stdin,
            stdio=command.stdio,
            timeout_s=command.timeout_s,
            output_limit_bytes=command.output_limit_bytes,
            heard=command.heard,
            group=group,
            marked=True,
        )
        try:
            return (await process.run(launch))[0]
        except OSError as error:
            raise SandboxUnavailable(f"The confined process did not start: {error}.", hint=REMEDY) from error


def works() -> bool:
    """Whether this machine has a Landlock that is new enough, and a filter for its calls."""
    return (
        sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64") and confine.version() >= LEAST_VERSION
    )


def carved(top: Path, left_out: Sequence[Path]) -> Iterator[Path]:
    """Yield what covers `top` without the paths of `left_out`: itself, or else its entries; at most a bounded number.

    A name that is to be left out and does not exist also keeps `top` itself from being yielded: it could be made.
    """
    waiting, given = [top], 0
    while waiting and given < _MOST_RULES:
        path = waiting.pop()
        if path in left_out or path.is_symlink():
            continue
        if not any(out.is_relative_to(path) for out in left_out):
            given += 1
            yield path
            continue
        with suppress(OSError):
            waiting += sorted(path.iterdir(), reverse=True)
