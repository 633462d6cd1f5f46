"""What the sandbox in force really holds, found by harmless attempts to break it."""

from __future__ import annotations

import json
import os
import secrets
import socket
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from hermes_tui.domain.ports import Sandbox
from hermes_tui.domain.processes import SandboxCommand
from hermes_tui.domain.values import frozen

TIMEOUT_S: Final = 20.0
_NAMESPACES: Final = ("pid", "net", "mnt", "ipc", "uts")
_PROGRAM: Final = """
import ctypes, json, os, resource, socket, sys
asked = json.loads(sys.stdin.read())
found = {}
def attempt(name, function):
    try:
        found[name] = function()
    except BaseException as error:
        found[name] = "" if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
def reads():
    return open(asked["canary"]).read() and "a file outside can be read"
def writes():
    os.close(os.open(asked["canary"], os.O_WRONLY | os.O_APPEND))
    return "a file outside can be written"
def guarded():
    for path in asked["guarded"]:
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_APPEND))
            return f"{path} can be written"
        except OSError:
            pass
    return ""
def connects(family, address):
    with socket.socket(family) as line:
        line.settimeout(2)
        line.connect(address)
    return "a server of the host answers"
def environment():
    kept = [name for name in asked["names"] if name in os.environ]
    return "inherited: " + ", ".join(kept) if kept else ""
def shared():
    same = [name for name, seen in asked["namespaces"].items() if os.readlink(f"/proc/self/ns/{name}") == seen]
    return "shared with the host: " + ", ".join(same) if same else ""
def descriptors():
    kept = [name for name in os.listdir("/proc/self/fd") if int(name) > 3]
    return f"{len(kept)} open descriptors were inherited" if kept else ""
def calls():
    libc = ctypes.CDLL(None, use_errno=True)
    return "a user namespace can be made" if libc.unshare(0x10000000) == 0 else ""
def limits():
    kinds = {"processes": resource.RLIMIT_NPROC, "file size": resource.RLIMIT_FSIZE, "memory": resource.RLIMIT_DATA}
    free = [name for name, kind in kinds.items() if resource.getrlimit(kind)[0] == resource.RLIM_INFINITY]
    return "no limit of " + ", ".join(free) if free else ""
attempt("reading outside", reads)
attempt("writing outside", writes)
attempt("guarded files", guarded)
attempt("network", lambda: connects(socket.AF_INET, ("127.0.0.1", asked["port"])))
attempt("sockets", lambda: connects(socket.AF_UNIX, "\\0" + asked["abstract"]))
attempt("environment", environment)
attempt("namespaces", shared)
attempt("descriptors", descriptors)
attempt("system calls", calls)
attempt("limits", limits)
print(json.dumps(found))
"""


@frozen(kw_only=False)
class Proof:
    """One attempt; `open` says what went through, empty where the sandbox held."""

    name: str
    open: str


async def prove(sandbox: Sandbox, workspace: Path, guarded: Sequence[Path]) -> tuple[Proof, ...]:
    """Try to leave `sandbox`; nothing of the host is changed. `guarded` files must not be writable from inside.

    Raises:
        SandboxUnavailable: the confinement could not be set up.
    """
    with ExitStack() as stack:
        canary = stack.enter_context(tempfile.NamedTemporaryFile(prefix="hermes-probe-"))
        canary.write(b"canary")
        canary.flush()
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        abstract = f"hermes-probe-{secrets.token_hex(8)}"
        if sys.platform == "linux":
            unix = stack.enter_context(socket.socket(socket.AF_UNIX))
            unix.bind(f"\0{abstract}")
            unix.listen()
        asked = {
            "canary": canary.name,
            "guarded": [str(path) for path in guarded if path.exists()],
            "port": server.getsockname()[1],
            "abstract": abstract,
            "names": _foreign_names(),
            "namespaces": {name: _link(f"/proc/self/ns/{name}") for name in _NAMESPACES},
        }
        argv = (sys.executable, "-I", "-S", "-c", _PROGRAM)
        command = SandboxCommand(
            argv=argv, cwd=workspace, write=(workspace,), stdin=json.dumps(asked).encode(), timeout_s=TIMEOUT_S
        )
        result = await sandbox.run(command)
    try:
        found: dict[str, str] = json.loads(result.stdout)
    except ValueError:
        said = result.stderr.decode(errors="replace").strip().splitlines()
        return (Proof("probe", f"it ended with {result.exit_code}: {said[-1] if said else 'no output'}"),)
    return tuple(Proof(name, text) for name, text in found.items())


def _foreign_names() -> list[str]:
    """Return the names of variables that no sandbox sets for itself."""
    own = {"PATH", "HOME", "LANG", "TMPDIR", "PWD", "OLDPWD", "SHLVL", "_", "VIRTUAL_ENV", "RUSTUP_HOME", "PYENV_ROOT"}
    ours = ("PYTHON", "COVERAGE", "PYTEST_ADDOPTS", "LC_")
    return [name for name in os.environ if name not in own and not name.startswith(ours)]


def _link(path: str) -> str:
    try:
        return str(Path(path).readlink())
    except OSError:
        return ""
