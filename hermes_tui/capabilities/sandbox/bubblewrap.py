"""The sandbox of choice on Linux: bubblewrap, deny by default (facts behind each flag: docs/sandbox.md)."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.sandbox import process, seccomp
from hermes_tui.capabilities.sandbox.limits import limited
from hermes_tui.domain.errors import SandboxUnavailable
from hermes_tui.domain.ports import ProcessResult, SandboxCommand, SandboxLevel

HOME: Final = "/home/agent"
ETC: Final = (
    *("alternatives", "ca-certificates", "debian_version", "group", "host.conf", "hosts", "java", "ld.so.cache"),
    *("ld.so.conf", "ld.so.conf.d", "localtime", "locale.alias", "mime.types", "nsswitch.conf", "os-release"),
    *("passwd", "pki", "protocols", "python3", "services", "ssl", "timezone"),
)
_CREDENTIALS: Final = frozenset({".ssh", ".aws", ".gnupg", ".config", ".docker", ".kube", ".netrc", ".azure"})
_NAMESPACES: Final = (
    *("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
    *("--disable-userns", "--new-session", "--die-with-parent", "--cap-drop", "ALL", "--hostname", "sandbox"),
)
_PRIVATE: Final = (
    *("--proc", "/proc", "--dev", "/dev", "--size", "268435456", "--tmpfs", "/tmp"),  # noqa: S108 - inside only
    *("--size", "16777216", "--tmpfs", "/run", "--size", "67108864", "--tmpfs", "/dev/shm"),  # noqa: S108 - as above
    *("--size", "67108864", "--tmpfs", HOME),
)
_ROOT_ONLY: Final = ("/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus")


class Bubblewrap:
    """Runs commands confined by bubblewrap; the workspace is read-only but for the command's write scopes."""

    def __init__(self, binary: str, workspace: Path, toolchains: Iterable[Path] = (), env: Iterable[str] = ()) -> None:
        self._binary = binary
        self._workspace = workspace
        self._roots = tuple(toolchain_roots(toolchains))
        self._passed = {name: os.environ[name] for name in env if name in os.environ}

    @property
    def level(self) -> SandboxLevel:
        """Bubblewrap confines."""
        return SandboxLevel(name="bubblewrap", confines=True, why="namespaces, seccomp, no network, private home")

    async def run(self, command: SandboxCommand) -> ProcessResult:
        """Run `command` confined; see `ports.Sandbox`.

        Raises:
            SandboxUnavailable: bubblewrap could not set the sandbox up.
        """
        for folder in command.write:
            if not folder.exists():
                folder.mkdir(parents=True)
        descriptor = seccomp.descriptor()
        descriptors = () if descriptor is None else (descriptor,)
        argv = (*self.arguments(command, descriptor), *limited(command.argv, command.timeout_s))
        launch = process.Launch(
            argv=argv,
            env={},
            cwd=Path("/"),
            stdin=command.stdin,
            timeout_s=command.timeout_s,
            output_limit_bytes=command.output_limit_bytes,
            descriptors=descriptors,
        )
        try:
            result = await process.run(launch)
        except OSError as error:
            raise SandboxUnavailable(f"bubblewrap did not start: {error}.", hint=_REMEDY) from error
        finally:
            for number in descriptors:
                os.close(number)
        if result.exit_code == 1 and result.stderr.startswith(b"bwrap: ") and not result.stdout:
            said = result.stderr.decode(errors="replace").strip()
            raise SandboxUnavailable(f"bubblewrap could not set the sandbox up: {said}.", hint=_REMEDY)
        return result

    def arguments(self, command: SandboxCommand, descriptor: int | None) -> tuple[str, ...]:
        """Return bubblewrap's own command line up to `--`."""
        parts = [self._binary, *_NAMESPACES, *_system(), *_PRIVATE]
        if os.getuid() == 0:
            parts += [part for path in _ROOT_ONLY for part in ("--ro-bind-try", path, path)]
        for root in self._roots:
            parts += ["--ro-bind", str(root), str(root)]
        parts += self._workspace_binds(command)
        parts += ["--remount-ro", "/", "--chdir", str(command.cwd), "--clearenv", *_setenv(self._env(command))]
        if descriptor is not None:
            parts += ["--seccomp", str(descriptor)]
        return (*parts, "--")

    def _workspace_binds(self, command: SandboxCommand) -> list[str]:
        workspace = str(self._workspace)
        binds = ["--ro-bind", workspace, workspace]
        for scope in command.write:
            folder = scope if scope.is_dir() else scope.parent
            binds += ["--bind", str(folder), str(folder)]
        for protected in (self._workspace / ".git", self._workspace / ".hermes-tui.yaml"):
            if protected.exists():
                binds += ["--ro-bind", str(protected), str(protected)]
        return binds

    def _env(self, command: SandboxCommand) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": HOME,
            "LANG": os.environ.get("LANG", "C.UTF-8"),
            "TMPDIR": "/tmp",  # noqa: S108 - the sandbox's own
            "PYTHONPYCACHEPREFIX": "/tmp/pycache",  # noqa: S108 - as above
            "PYTHONDONTWRITEBYTECODE": "1",
            "COVERAGE_FILE": "/tmp/.coverage",  # noqa: S108 - as above
            "PYTEST_ADDOPTS": "-o cache_dir=/tmp/pytest_cache",
            **({"VIRTUAL_ENV": os.environ["VIRTUAL_ENV"]} if "VIRTUAL_ENV" in os.environ else {}),
            **self._passed,
            **command.env,
        }


_REMEDY: Final = "Install bubblewrap, or allow user namespaces; `hermes doctor` says how."


def _setenv(env: dict[str, str]) -> list[str]:
    return [part for name, value in env.items() for part in ("--setenv", name, value)]


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


def toolchain_roots(extra: Iterable[Path]) -> list[Path]:
    """Return folders outside /usr that hold the programs on PATH, as named and as they really are."""
    named = [Path(entry) for entry in os.environ.get("PATH", "").split(os.pathsep) if entry.startswith("/")]
    named += [Path(os.environ["VIRTUAL_ENV"])] if "VIRTUAL_ENV" in os.environ else []
    named += [Path(sys.prefix), Path(sys.base_prefix), *(path.expanduser() for path in extra)]
    found: list[Path] = []
    for path in named:
        for candidate in (path, path.resolve()):
            root = _root_of(candidate)
            if root.is_dir() and _bindable(root) and root not in found:
                found.append(root)
    return found


def _root_of(path: Path) -> Path:
    """Return the folder to bind for a PATH entry: the installation around a `bin`, the whole pyenv or nvm."""
    for parent in (path, *path.parents):
        if parent.name in (".pyenv", ".nvm", ".rustup"):
            return parent
    return path.parent if path.name in ("bin", "sbin", "shims") and path.parent.name != "" else path


def _bindable(root: Path) -> bool:
    inside_usr = root.is_relative_to("/usr") or root in (Path("/"), Path("/bin"), Path("/sbin"))
    return not inside_usr and root != _home() and not _CREDENTIALS & set(root.parts)


def _home() -> Path | None:
    """Return this user's home folder; a bare container may have none."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def find_binary() -> str | None:
    """Return where bubblewrap is, None if it is not installed."""
    return shutil.which("bwrap", path=os.environ.get("PATH", os.defpath))
