"""What a command finds in every sandbox that confines: files of /etc and an environment made anew."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from hermes_tui.domain.errors import SandboxUnavailable
from hermes_tui.domain.processes import SandboxCommand

ETC: Final = (
    *("alternatives", "ca-certificates", "debian_version", "group", "host.conf", "hosts", "java", "ld.so.cache"),
    *("ld.so.conf", "ld.so.conf.d", "localtime", "locale.alias", "mime.types", "nsswitch.conf", "os-release"),
    *("passwd", "pki", "protocols", "python3", "services", "ssl", "timezone"),
)


def clean_environment(home: Path, private: str) -> dict[str, str]:
    """Return the environment of a command: nothing is inherited but where programs are; `private` is its own folder."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": private,
        "LANG": os.environ.get("LANG", "C.UTF-8"),
        "TMPDIR": private,
        "PYTHONPYCACHEPREFIX": f"{private}/pycache",
        "PYTHONDONTWRITEBYTECODE": "1",
        "COVERAGE_FILE": f"{private}/.coverage",
        "PYTEST_ADDOPTS": f"-o cache_dir={private}/pytest_cache",
        **_located(os.environ, home),
    }


def _located(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return the variables by which toolchains find themselves where HOME is not theirs."""
    found = {"RUSTUP_HOME": str(home / ".rustup")} if (home / ".rustup").is_dir() else {}
    return found | {name: environ[name] for name in ("VIRTUAL_ENV", "RUSTUP_HOME", "PYENV_ROOT") if name in environ}


def without_egress(command: SandboxCommand, level: str) -> None:
    """Refuse a command that is to reach the network where only the strongest level leads it through the proxy.

    Raises:
        SandboxUnavailable: it is.
    """
    if command.egress:
        hint = "Only the level bubblewrap has a way out; use the fetch tool instead."
        raise SandboxUnavailable(f"The sandbox level {level} has no network, for no host.", hint=hint)


async def removed(folder: str) -> None:
    """Remove the folder of a call by `rm`: a tree may be deeper than our own stack."""
    argv = ["/bin/rm", "-rf", "--", folder]
    await asyncio.to_thread(subprocess.run, argv, stderr=subprocess.DEVNULL, check=False)
