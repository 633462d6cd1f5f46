"""The sandbox of choice on Linux: bubblewrap, deny by default (facts behind each flag: docs/sandbox.md)."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import suppress
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.programs import program
from hermes_tui.capabilities.sandbox import cgroup, process, scopes, seccomp
from hermes_tui.capabilities.sandbox.bounds import Bounds
from hermes_tui.capabilities.sandbox.egress import INSIDE, EgressProxy, Token, led_out
from hermes_tui.capabilities.sandbox.inside import ETC
from hermes_tui.capabilities.sandbox.limits import MOST_PROCESSES, limited, memory_bytes
from hermes_tui.domain.errors import SandboxUnavailable
from hermes_tui.domain.processes import ProcessEnd, ProcessResult, SandboxCommand, SandboxLevel
from hermes_tui.domain.values import frozen, replace

HOME: Final = "/home/agent"
_NAMESPACES: Final = (
    *("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
    *("--disable-userns", "--new-session", "--die-with-parent", "--cap-drop", "ALL", "--hostname", "sandbox"),
)
_PRIVATE: Final = (
    *("--proc", "/proc", "--dev", "/dev", "--size", "268435456", "--tmpfs", "/tmp"),  # noqa: S108 - inside only
    *("--size", "16777216", "--tmpfs", "/run", "--size", "67108864", "--tmpfs", "/dev/shm"),  # noqa: S108 - as above
    *("--size", "67108864", "--tmpfs", HOME, "--remount-ro", "/dev"),
)
_ROOT_ONLY: Final = ("/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs")
_TELLING: Final = ("/proc/keys", "/proc/timer_list")
"""What tells of the host's users and processes, whatever the namespace."""
_REMEDY: Final = "Install bubblewrap, or allow user namespaces; `hermes doctor` says how."


@frozen(kw_only=False)
class Scope:
    """What one call may write, what is guarded in it, the bind of its way out, if it has one, and sockets to hide."""

    folders: tuple[Path, ...]
    guards: tuple[scopes.Guard, ...]
    way_out: tuple[str, ...] = ()
    sockets: tuple[Path, ...] = ()


class Bubblewrap:
    """Runs commands confined by bubblewrap; the workspace is read-only but for the command's write scopes.

    `protected` folders are read-only wherever they are, `hidden` ones empty.
    """

    def __init__(self, binary: str, bounds: Bounds) -> None:
        self.binary = binary
        self._bounds = bounds
        self._workspace = bounds.workspace
        self._groups = cgroup.Groups(MOST_PROCESSES, memory_bytes())

    @property
    def level(self) -> SandboxLevel:
        """Bubblewrap confines."""
        return SandboxLevel(name="bubblewrap", confines=True, why="namespaces, seccomp, no network, private home")

    async def run(self, command: SandboxCommand) -> ProcessResult:
        """Run `command` confined; see `ports.Sandbox`.

        Raises:
            SandboxUnavailable: bubblewrap could not set the sandbox up.
        """
        if not command.egress:
            return await self._run(command)
        token = Token(command.egress, time.monotonic() + command.timeout_s)
        proxy = EgressProxy(token)
        async with proxy.listening() as outside:
            result = await self._run(led_out(command, token), ("--bind", str(outside), INSIDE))
        return replace(result, contacts=tuple(proxy.contacts))

    async def _run(self, command: SandboxCommand, way_out: tuple[str, ...] = ()) -> ProcessResult:
        folders = scopes.writable_folders(command.write, self._workspace)
        found = scopes.surveyed(folders, self._workspace)
        texts: tuple[str, ...] = ()
        try:
            with self._groups.one() as group:
                result = await self._launch(command, Scope(folders, found.guards, way_out, found.sockets), group)
        finally:
            # Also after a call that was cancelled: nothing of it may be found where Hermes looks for trust.
            texts = (*scopes.replaced(found.guards), *scopes.planted(found.plain))
        return scopes.told(result, texts)

    def prepared(self, command: SandboxCommand, scope: Scope, telling: int) -> tuple[list[str], list[int]]:
        """Return the words by which bubblewrap is started, and the descriptors they name; the caller closes them.

        `telling` is the descriptor on which bubblewrap tells what became of the command.

        Raises:
            SandboxUnavailable: a scope leads out of the workspace.
        """
        descriptors = [telling]
        try:
            line = [self.binary, "--json-status-fd", str(telling), *self._fixed]
            line += self._scope_binds(scope.folders, descriptors) + self._held_back(scope)
            line += [*scope.way_out, *self._ending(command)]
            if (filtering := seccomp.descriptor()) is not None:
                descriptors.append(filtering)
                line += ["--seccomp", str(filtering)]
        except BaseException:
            for descriptor in descriptors:
                os.close(descriptor)
            raise
        return [*line, "--", *limited(command.argv, command.timeout_s)], descriptors

    async def _launch(self, command: SandboxCommand, scope: Scope, group: cgroup.Group) -> ProcessResult:
        listening, telling = os.pipe()
        try:
            line, descriptors = self.prepared(command, scope, telling)
        except BaseException:
            os.close(listening)
            raise
        launch = process.Launch(
            argv=line,
            env={},
            cwd=Path("/"),
            stdin=command.stdin,
            stdio=command.stdio,
            timeout_s=command.timeout_s,
            output_limit_bytes=command.output_limit_bytes,
            heard=command.heard,
            descriptors=tuple(descriptors),
            group=group,
            status=listening,
            own_session=False,
        )
        try:
            result, executed = await process.run(launch)
        except OSError as error:
            raise SandboxUnavailable(f"bubblewrap did not start: {error}.", hint=_REMEDY) from error
        finally:
            os.close(listening)
        return _checked(result, executed=executed)

    @cached_property
    def _fixed(self) -> tuple[str, ...]:
        """What is the same for every call: namespaces, system, private folders, programs, the workspace."""
        parts = [*_NAMESPACES, *_system(), *_PRIVATE]
        parts += [part for path in _TELLING if Path(path).exists() for part in ("--ro-bind", os.devnull, path)]
        if os.getuid() == 0:
            parts += [part for path in _ROOT_ONLY for part in ("--ro-bind-try", path, path)]
        for root in (*self._bounds.roots, self._workspace):
            parts += ["--ro-bind", str(root), str(root)]
        return tuple(parts)

    def _scope_binds(self, folders: tuple[Path, ...], descriptors: list[int]) -> list[str]:
        """Return the binds of the write scope, by descriptor where this bubblewrap can: no link can come between."""
        parts: list[str] = []
        for folder in folders:
            descriptor = scopes.opened(folder)
            descriptors.append(descriptor)
            by_descriptor = _binds_descriptors(self.binary)
            parts += ["--bind-fd", str(descriptor)] if by_descriptor else ["--bind", str(folder)]
            parts.append(str(folder))
        return parts

    def _held_back(self, scope: Scope) -> list[str]:
        """Return what is taken back again: protected files, credentials, the host's sockets."""
        kept = dict.fromkeys(map(str, (*(guard.path for guard in scope.guards), *self._bounds.kept)))
        parts = [part for path in kept if os.path.exists(path) for part in ("--ro-bind", path, path)]  # noqa: PTH110
        hidden = dict.fromkeys((*self._bounds.covered, *scopes.sockets(self._bounds.bound), *scope.sockets))
        for path in hidden:
            parts += _masked(path)
        return parts

    def _ending(self, command: SandboxCommand) -> list[str]:
        parts = ["--remount-ro", "/", "--chdir", str(command.cwd), "--clearenv"]
        return parts + [part for name, value in self._env(command).items() for part in ("--setenv", name, value)]

    def _env(self, command: SandboxCommand) -> dict[str, str]:
        return self._bounds.environment("/tmp", command.env, HOME)  # noqa: S108


def find_binary(*workspaces: Path) -> str | None:
    """Return where bubblewrap is, None if it is not installed outside of the workspaces."""
    return program("bwrap", *workspaces)


def _checked(result: ProcessResult, *, executed: bool) -> ProcessResult:
    """Return the result of a command that was run; bubblewrap itself says so, no output can pretend it.

    Raises:
        SandboxUnavailable: bubblewrap ended before it.
    """
    if executed or result.exit_code == 0 or result.end is not ProcessEnd.EXITED:
        return result
    said = result.stderr.decode(errors="replace").strip()
    if not said.startswith("bwrap: "):
        return result
    hint = "bubblewrap 0.8 or newer is needed." if "Unknown option" in said else _REMEDY
    raise SandboxUnavailable(f"bubblewrap could not set the sandbox up: {said}.", hint=hint)


@lru_cache(maxsize=4)
def _binds_descriptors(binary: str) -> bool:
    """Whether this bubblewrap has `--bind-fd` (0.10, and 0.8 as Debian mends it)."""
    with suppress(OSError, subprocess.SubprocessError):
        argv = [binary, "--help"]
        said = subprocess.run(argv, capture_output=True, check=False, timeout=5, env={})  # noqa: S603 - the found bwrap
        return b"--bind-fd" in said.stdout + said.stderr
    return False


def _masked(path: Path) -> list[str]:
    """Return what puts nothing in the place of `path`."""
    if path.is_dir():
        return ["--size", "4096", "--tmpfs", str(path), "--remount-ro", str(path)]
    return ["--ro-bind", "/dev/null", str(path)]


def _system() -> list[str]:
    """Return the binds of the read-only system: /usr and what links into it, chosen files of /etc."""
    parts = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/", name)
        if path.is_symlink():
            parts += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            parts += ["--ro-bind", str(path), str(path)]
    for name in ETC:
        parts += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    for folder in ("/opt", "/nix"):
        parts += ["--ro-bind-try", folder, folder]
    return parts
