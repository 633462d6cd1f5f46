"""macOS: a Seatbelt profile rendered from the same bounds, put in force by `sandbox-exec`.

The profile language is SBPL: denied unless allowed, and of two rules that match the later one counts.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.sandbox import process, scopes
from hermes_tui.capabilities.sandbox.bounds import Bounds
from hermes_tui.capabilities.sandbox.inside import removed, without_egress
from hermes_tui.capabilities.sandbox.limits import GIB, MOST_PROCESSES
from hermes_tui.domain.errors import SandboxUnavailable
from hermes_tui.domain.processes import ProcessResult, SandboxCommand, SandboxLevel

PROGRAM: Final = Path("/usr/bin/sandbox-exec")
REMEDY: Final = "Seatbelt is part of macOS; there is none elsewhere."
_SYSTEM: Final = (
    *("/usr", "/bin", "/sbin", "/opt", "/System", "/Library/Apple", "/Library/Developer", "/private/etc/ssl"),
    *("/private/etc/localtime", "/private/var/db/timezone", "/private/var/db/dyld", "/private/etc/protocols"),
    *("/Library/Preferences/Logging", "/private/etc/services", "/private/etc/hosts", "/private/etc/passwd"),
)
_DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom", "/dev/dtracehelper")
_LIMITS: Final = (
    f'ulimit -c 0 -f {2 * GIB // 512} -n 4096 -u {MOST_PROCESSES} 2>/dev/null; ulimit -t "$0" 2>/dev/null; exec "$@"'
)
_BASE: Final = """(version 1)
(deny default)
(allow process-fork)
(allow process-exec)
(allow signal (target same-sandbox))
(allow process-info* (target same-sandbox))
(allow sysctl-read)
(allow file-read-metadata)
(allow mach-lookup (global-name "com.apple.system.opendirectoryd.libinfo"))
(allow ipc-posix-sem)
"""


class Seatbelt:
    """Runs commands under a profile; `protected` and `hidden` are as for bubblewrap."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._workspace = bounds.workspace

    @property
    def level(self) -> SandboxLevel:
        """It confines files, network and signals; macOS has no namespaces."""
        why = "a Seatbelt profile: files, network and signals; processes of the host can be listed"
        return SandboxLevel(name="seatbelt", confines=True, why=why)

    async def run(self, command: SandboxCommand) -> ProcessResult:
        """Run `command` confined; see `ports.Sandbox`.

        Raises:
            SandboxUnavailable: `sandbox-exec` cannot be started or refused the profile.
        """
        without_egress(command, self.level.name)
        folders = scopes.writable_folders(command.write, self._workspace)
        guards = scopes.guards(folders, self._workspace)
        plain = scopes.plain(folders)
        private = _private_folder()
        texts: tuple[str, ...] = ()
        cpu_s = str(max(1, int(command.timeout_s) * 4))
        rules = self.profile((*folders, Path(private)), tuple(guard.path for guard in guards))
        launch = process.Launch(
            argv=(str(PROGRAM), "-p", rules, "/bin/sh", "-c", _LIMITS, cpu_s, *command.argv),
            env=self._bounds.environment(private, command.env),
            cwd=command.cwd,
            stdin=command.stdin,
            stdio=command.stdio,
            timeout_s=command.timeout_s,
            output_limit_bytes=command.output_limit_bytes,
            heard=command.heard,
            marked=True,
        )
        try:
            result, _ = await process.run(launch)
        except OSError as error:
            raise SandboxUnavailable(f"sandbox-exec did not start: {error}.", hint=REMEDY) from error
        finally:
            texts = scopes.planted(plain)
            await asyncio.shield(removed(private))
        if result.exit_code == 65 and result.stderr.startswith(b"sandbox-exec: "):
            said = result.stderr.decode(errors="replace").strip()
            raise SandboxUnavailable(f"Seatbelt refused the profile: {said}.", hint=REMEDY)
        return scopes.told(result, texts)

    def profile(self, writable: Sequence[Path], guarded: Sequence[Path]) -> str:
        """Return the profile of one call: what may be read, what written, and what is taken back again."""
        bound = self._bounds.bound
        kept = (*guarded, *self._bounds.kept)
        lines = [
            *_rules("allow file-read*", "subpath", (*_SYSTEM, *bound, *writable)),
            *_rules("allow file-read* file-write-data file-ioctl", "literal", _DEVICES),
            *_rules("allow file-write*", "subpath", writable),
            *_rules("deny file-write*", "subpath", kept),
            *_rules("deny file-read* file-write*", "subpath", self._bounds.hidden),
            "(deny file-write-setugid)",
            "(deny network*)",
        ]
        return _BASE + "\n".join(lines) + "\n"


def _private_folder() -> str:
    """Make a folder for one call; rules need its real path, as the folder of temporary files is a link there."""
    return os.path.realpath(tempfile.mkdtemp(prefix="hermes-call-"))


def works() -> bool:
    """Whether this is a Mac."""
    return PROGRAM.exists()


def _rules(action: str, kind: str, paths: Iterable[Path | str]) -> list[str]:
    return [f"({action} ({kind} {_quoted(str(path))}))" for path in dict.fromkeys(paths)]


def _quoted(text: str) -> str:
    """Return a string of the profile language; a quote in a path must not end it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
