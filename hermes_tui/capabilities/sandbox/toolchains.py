"""Which folders outside /usr hold the programs on PATH, and which files in them are credentials."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Set
from pathlib import Path
from typing import Final

_WHOLE: Final = frozenset({".pyenv", ".nvm", ".rustup", ".asdf", ".volta", ".rbenv", ".sdkman"})
"""Version managers: their shims need all of them."""
_PARTS: Final = ("bin", "lib", "pipx", "share/uv", "share/pipx", "share/mise")
"""What of `~/.local` holds programs; the rest is every application's data, keyrings included."""
_INSTALLED: Final = ("lib", "lib64", "libexec", "pyvenv.cfg")
"""What stands beside `bin` in an installation."""
_CREDENTIALS: Final = (
    *(".ssh", ".aws", ".azure", ".gnupg", ".config", ".docker", ".kube", ".netrc", ".git-credentials", ".npmrc"),
    *(".pypirc", ".pgpass", ".my.cnf", ".vault-token", ".password-store", ".mozilla", ".cargo/credentials"),
    *(".cargo/credentials.toml", ".gem/credentials", ".bash_history", ".zsh_history", ".python_history"),
    *(".local/share/keyrings", ".local/share/hermes-tui", ".gitconfig", ".claude", ".codex", ".gemini", ".hermes"),
)
"""What of a home folder is never visible, wherever it would be bound."""
_SYSTEM_SECRETS: Final = ("/etc/ssl/private", "/etc/pki/tls/private", "/usr/local/etc/ssl/private")


def own_home() -> Path:
    """Return this user's home folder; a bare container may have none."""
    try:
        return Path.home()
    except RuntimeError:
        return Path("/nonexistent")


def toolchain_roots(extra: Iterable[Path], environ: Mapping[str, str], home: Path) -> list[Path]:
    """Return the folders to bind for the programs on PATH, as named and as they really are; outer ones first."""
    named = [Path(entry) for entry in environ.get("PATH", "").split(os.pathsep) if entry.startswith("/")]
    roots = [root for path in named for place in (path, path.resolve()) for root in _roots_of(place, home)]
    installed = [Path(sys.prefix), Path(sys.base_prefix), *(path.expanduser() for path in extra)]
    installed += [Path(environ["VIRTUAL_ENV"])] if "VIRTUAL_ENV" in environ else []
    roots += [place for path in installed for place in (path, path.resolve())]
    secret = frozenset(home / name for name in _CREDENTIALS)
    found = {root for root in dict.fromkeys(roots) if _bindable(root, home, secret) and root.is_dir()}
    return sorted(root for root in found if not any(other in found for other in root.parents))


def credential_places(home: Path, bound: Iterable[Path]) -> tuple[Path, ...]:
    """Return where credentials would lie inside the folders to be bound, whether there are any now or not."""
    roots = (*bound, Path("/etc"), Path("/usr"))
    places = (*(home / name for name in _CREDENTIALS), *map(Path, _SYSTEM_SECRETS))
    return tuple(path for path in places if any(path.is_relative_to(root) for root in roots))


def _roots_of(path: Path, home: Path) -> Iterator[Path]:
    """Yield what to bind for one entry of PATH: the installation around a `bin`, or no more than the folder."""
    manager = next((parent for parent in (path, *path.parents) if parent.name in _WHOLE), None)
    local = home / ".local"
    if manager is not None:
        yield manager
    elif path.is_relative_to(local):
        yield from (local / part for part in _PARTS)
    elif path.parent != home and path.name == "bin" and any((path.parent / name).exists() for name in _INSTALLED):
        yield path.parent
    else:
        yield path


def _bindable(root: Path, home: Path, secret: Set[Path]) -> bool:
    if root.is_relative_to("/usr") or str(root) in ("/", "/bin", "/sbin"):
        return False
    return secret.isdisjoint((root, *root.parents)) and not home.is_relative_to(root)
