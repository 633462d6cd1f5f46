"""What every level is made from: the workspace, what is bound besides, and what stays protected or hidden in it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hermes_tui.capabilities.sandbox.inside import clean_environment
from hermes_tui.capabilities.sandbox.scopes import NEVER
from hermes_tui.capabilities.sandbox.toolchains import credential_places, own_home, toolchain_roots


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What is the same for every call of a run, found out once.

    `roots` hold programs, `passed` is what of the environment is handed on. `protected` paths are read-only wherever
    they are, `hidden` ones empty: they hold state or credentials, or would.
    """

    workspace: Path
    home: Path
    roots: tuple[Path, ...]
    passed: Mapping[str, str]
    protected: tuple[Path, ...] = ()
    hidden: tuple[Path, ...] = ()

    @property
    def bound(self) -> tuple[Path, ...]:
        """Every folder of the operator's that a command sees."""
        return (self.workspace, *self.roots)

    @property
    def covered(self) -> list[Path]:
        """What is hidden and there now."""
        return [path for path in self.hidden if os.path.lexists(path)]

    @property
    def kept(self) -> tuple[Path, ...]:
        """What no command may change at the top of the workspace, and what is protected in it besides."""
        return (*(self.workspace / name for name in NEVER), *self.protected)

    def environment(self, private: str, added: Mapping[str, str], home: str = "") -> dict[str, str]:
        """Return what a command finds in its environment; `private` is its own folder and, but for `home`, its home."""
        return {**clean_environment(self.home, private), "HOME": home or private, **self.passed, **added}


def bounds_of(
    workspace: Path,
    *,
    toolchains: Iterable[Path] = (),
    env: Iterable[str] = (),
    protected: Sequence[Path] = (),
    hidden: Sequence[Path] = (),
) -> Bounds:
    """Return the bounds of a workspace on this machine; `env` names the variables that are handed on.

    What a command does not see at all needs no protection: only paths inside of what is bound are kept.
    """
    home = own_home()
    roots = tuple(toolchain_roots(toolchains, os.environ, home))
    bound = (workspace, *roots)
    seen = (path for path in hidden if any(path.is_relative_to(top) for top in bound))
    return Bounds(
        workspace=workspace,
        home=home,
        roots=roots,
        passed={name: os.environ[name] for name in env if name in os.environ},
        protected=tuple(path for path in protected if path.is_relative_to(workspace)),
        hidden=(*seen, *credential_places(home, bound)),
    )
