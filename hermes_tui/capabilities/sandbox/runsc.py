"""gVisor, where `runsc` is installed: the command meets a kernel of its own; slow to start, so only on demand.

The bundle is an OCI runtime configuration, rendered from the same bounds as every level.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from hermes_tui.capabilities.sandbox import cgroup, process, scopes
from hermes_tui.capabilities.sandbox.bounds import Bounds
from hermes_tui.capabilities.sandbox.inside import ETC, removed, without_egress
from hermes_tui.capabilities.sandbox.limits import GIB, MOST_PROCESSES, memory_bytes
from hermes_tui.domain.errors import SandboxUnavailable
from hermes_tui.domain.processes import ProcessResult, SandboxCommand, SandboxLevel

HOME: Final = "/home/agent"
REMEDY: Final = "Install gVisor (https://gvisor.dev/docs/user_guide/install/), or set sandbox.level to auto."
_FLAGS: Final = ("--rootless", "--network=none", "--ignore-cgroups")
_SYSTEM: Final = ("/usr", "/opt", "/nix")
_LINKED: Final = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_PRIVATE: Final = {"/tmp": 256, "/run": 16, "/dev/shm": 64, HOME: 64}  # noqa: S108 - inside only
_RLIMITS: Final = {
    "RLIMIT_CORE": 0,
    "RLIMIT_DATA": 4 * GIB,
    "RLIMIT_FSIZE": 2 * GIB,
    "RLIMIT_NOFILE": 4096,
    "RLIMIT_NPROC": MOST_PROCESSES,
}
_Json = dict[str, Any]


class Runsc:
    """Runs commands in gVisor; `protected` and `hidden` are as for bubblewrap."""

    def __init__(self, binary: str, bounds: Bounds) -> None:
        self._binary = binary
        self._bounds = bounds
        self._workspace = bounds.workspace
        self._groups = cgroup.Groups(MOST_PROCESSES, memory_bytes())

    @property
    def level(self) -> SandboxLevel:
        """It confines, by a kernel of its own."""
        return SandboxLevel(name="runsc", confines=True, why="gVisor: a kernel of its own, no network, private home")

    async def run(self, command: SandboxCommand) -> ProcessResult:
        """Run `command` confined; see `ports.Sandbox`.

        Raises:
            SandboxUnavailable: runsc could not set the sandbox up.
        """
        without_egress(command, self.level.name)
        folders = scopes.writable_folders(command.write, self._workspace)
        guards = scopes.guards(folders, self._workspace)
        plain = scopes.plain(folders)
        texts: tuple[str, ...] = ()
        bundle = Path(tempfile.mkdtemp(prefix="hermes-call-"))
        try:
            config = self.configuration(command, folders, guards)
            make_bundle(bundle, config)
            with self._groups.one() as group:
                result = await self._launch(command, bundle, group)
        finally:
            texts = (*scopes.replaced(guards), *scopes.planted(plain))
            await asyncio.shield(removed(str(bundle)))
        return scopes.told(result, texts)

    async def _launch(self, command: SandboxCommand, bundle: Path, group: cgroup.Group) -> ProcessResult:
        name = f"hermes-{secrets.token_hex(8)}"
        launch = process.Launch(
            argv=(self._binary, f"--root={bundle / 'state'}", *_FLAGS, "run", f"--bundle={bundle}", name),
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            cwd=bundle,
            stdin=command.stdin,
            stdio=command.stdio,
            timeout_s=command.timeout_s,
            output_limit_bytes=command.output_limit_bytes,
            heard=command.heard,
            group=group,
        )
        try:
            result, _ = await process.run(launch)
        except OSError as error:
            raise SandboxUnavailable(f"runsc did not start: {error}.", hint=REMEDY) from error
        if result.exit_code == 128 and b"running container" in result.stderr:
            said = result.stderr.decode(errors="replace").strip().splitlines()[0]
            raise SandboxUnavailable(f"runsc could not set the sandbox up: {said}.", hint=REMEDY)
        return result

    def configuration(self, command: SandboxCommand, folders: Sequence[Path], guards: Sequence[scopes.Guard]) -> _Json:
        """Return the OCI configuration of one call."""
        environment = self._bounds.environment("/tmp", command.env, HOME)  # noqa: S108
        none: list[str] = []
        return {
            "ociVersion": "1.0.2",
            "process": {
                "user": {"uid": 0, "gid": 0},
                "args": list(command.argv),
                "env": [f"{name}={value}" for name, value in environment.items()],
                "cwd": str(command.cwd),
                "noNewPrivileges": True,
                "capabilities": dict.fromkeys(("bounding", "effective", "inheritable", "permitted"), none),
                "rlimits": [{"type": kind, "hard": most, "soft": most} for kind, most in _RLIMITS.items()],
            },
            "root": {"path": "rootfs", "readonly": True},
            "hostname": "sandbox",
            "mounts": list(self._mounts(folders, guards)),
            "linux": {"namespaces": [{"type": kind} for kind in ("pid", "network", "ipc", "uts", "mount")]},
        }

    def _mounts(self, folders: Sequence[Path], guards: Sequence[scopes.Guard]) -> Iterator[_Json]:
        """Yield what is mounted, outer places first: a later one covers part of an earlier one."""
        yield {"destination": "/proc", "type": "proc", "source": "proc"}
        yield {"destination": "/dev", "type": "dev", "source": "dev"}
        for place, megabytes in _PRIVATE.items():
            yield _empty(place, megabytes)
        named = [*(Path(place) for place in _SYSTEM), *(Path("/etc", name) for name in ETC), *self._bounds.roots]
        yield from (_bound(path, writable=False) for path in named if path.exists())
        yield _bound(self._workspace, writable=False)
        yield from (_bound(folder, writable=True) for folder in folders)
        kept = (*(guard.path for guard in guards), *self._bounds.kept)
        yield from (_bound(path, writable=False) for path in dict.fromkeys(kept) if path.exists())
        # Sockets of the host need no cover: gVisor does not connect to them unless it is told to.
        for path in self._bounds.covered:
            yield _empty(str(path), 1) if path.is_dir() else _bound(Path(os.devnull), writable=False, at=path)


def make_bundle(bundle: Path, config: _Json) -> None:
    """Write the configuration, and a root folder with the links of the system and every place to mount on."""
    root = bundle / "rootfs"
    root.mkdir()
    for name in _LINKED:
        path = Path("/", name)
        if path.is_symlink():
            (root / name).symlink_to(path.readlink())
    for mount in config["mounts"]:
        inside = root / mount["destination"].lstrip("/")
        if mount["type"] == "bind" and not Path(mount["source"]).is_dir():
            inside.parent.mkdir(parents=True, exist_ok=True)
            inside.touch()
        else:
            inside.mkdir(parents=True, exist_ok=True)
    (bundle / "config.json").write_text(json.dumps(config), encoding="utf-8")


def find_binary() -> str | None:
    """Return where runsc is, None if it is not installed."""
    return shutil.which("runsc", path=os.environ.get("PATH", os.defpath))


def _bound(path: Path, *, writable: bool, at: Path | None = None) -> _Json:
    options = ["rbind", "rw" if writable else "ro", "nosuid", "nodev"]
    return {"destination": str(at or path), "type": "bind", "source": str(path), "options": options}


def _empty(place: str, megabytes: int) -> _Json:
    options = ["nosuid", "nodev", f"size={megabytes}m"]
    return {"destination": place, "type": "tmpfs", "source": "tmpfs", "options": options}
