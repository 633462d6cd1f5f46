"""How the first screen looks, kept from the start before: the config itself can then be read behind the prompt."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final, cast

from hermes_tui.domain.values import frozen
from hermes_tui.services.homes import PROJECT_CONFIG, PROJECT_FOLDER, Home
from hermes_tui.services.variables import ENVIRONMENT
from hermes_tui.version import VERSION

if TYPE_CHECKING:
    from pathlib import Path

    from hermes_tui.services.config import Ui
    from hermes_tui.services.options import RunOptions

_KINDS: Final = {"theme": str, "glyphs": str, "mouse": bool, "vim": bool, "keys": dict, "layout": dict}


@frozen
class Outlook:
    """What the first screen needs of `ui` in the config; each field is the key of that name."""

    theme: str
    glyphs: str
    mouse: bool
    vim: bool
    keys: Mapping[str, str]
    layout: Mapping[str, object]


def outlook_of(ui: Ui) -> Outlook:
    """Return what a config says of the first screen."""
    return Outlook(theme=ui.theme, glyphs=ui.glyphs, mouse=ui.mouse, vim=ui.vim, keys=ui.keys, layout=ui.layout)


class Shelf:
    """Keeps the outlook of a config that could be read, with a checksum over all that the config is made of.

    A config that says something else by the same checksum is read a moment later, with the same words about what is
    wrong: nothing but the first picture goes by what is kept here.
    """

    def __init__(self, home: Home, root: Path, options: RunOptions, environ: Mapping[str, str]) -> None:
        self._path = home.state / "outlook.json"
        self._basis = _basis(home, root, options, environ)

    def outlook(self) -> Outlook | None:
        """Return what was kept; None if it was of another config, or cannot be told from one."""
        if self._basis is None:
            return None
        try:
            kept: object = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return None
        if not isinstance(kept, dict):
            return None
        named = cast("dict[str, object]", kept)
        if named.pop("basis", None) != self._basis or named.keys() != _KINDS.keys():
            return None
        if not all(isinstance(value, _KINDS[name]) for name, value in named.items()):
            return None
        return Outlook(**named)  # type: ignore[arg-type]  # each is of its kind

    def keep(self, outlook: Outlook) -> None:
        """Keep it for the next start; where it cannot be written, that start reads the config again."""
        if self._basis is None:
            return
        kept = {"basis": self._basis, **{name: getattr(outlook, name) for name in _KINDS}}
        fresh = self._path.with_suffix(f".{os.getpid()}")
        with suppress(OSError):
            fresh.write_text(json.dumps(kept), encoding="utf-8")
            fresh.replace(self._path)


def _basis(home: Home, root: Path, options: RunOptions, environ: Mapping[str, str]) -> int | None:
    """Return the checksum; None where a project or the command line has a say, whose words are looked at each time."""
    said = (options.model, options.mode, options.budget_usd)
    if any(one is not None for one in said) or any((root / name).exists() for name in (PROJECT_CONFIG, PROJECT_FOLDER)):
        return None
    variables = sorted(f"{name}={environ[name]}" for name in ENVIRONMENT if name in environ)
    try:
        files = [(folder / "config.yaml").read_bytes() for folder in (home.built_in, home.root)]
    except OSError:
        return None
    return zlib.crc32(b"\0".join([VERSION.encode(), *files, *map(os.fsencode, variables)]))
