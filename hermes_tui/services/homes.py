"""The home folder: which one it is, what is put there first, and what happens if it cannot be written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Final

from hermes_tui.capabilities import registry
from hermes_tui.capabilities.new_file import demand_writable
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.text import printable
from hermes_tui.domain.values import frozen

PROJECT_CONFIG: Final = ".hermes-tui.yaml"
PROJECT_FOLDER: Final = ".hermes"
"""What a workspace may bring along for its project."""
FIRST_FILES: Final = ("config.yaml", "MEMORY.md")


@frozen(kw_only=False)
class Home:
    """A home and where its state goes. `notice` is said once; it is empty where all is well."""

    root: Path
    state: Path
    built_in: Path
    notice: str = ""

    def find(self, relative: str) -> Path:
        """Return the home's own copy of a file, else the built-in one."""
        own = self.root / relative
        return own if own.exists() else self.built_in / relative


def built_in_folder() -> Path:
    """Return the template's folder: in the wheel, else the repository's root in a checkout."""
    package = Path(__file__).resolve().parent.parent
    return package / "home" if (package / "home").is_dir() else package.parent


def choose(environ: Mapping[str, str], option: str | None = None) -> Path:
    """Return the home's folder: `--home`, `$HERMES_TUI_HOME`, else the user data folder of the platform.

    Raises:
        UsageInvalid: it is the home of another product, `~/.hermes` or `$HERMES_HOME`, or its path is no text.
    """
    named = option or environ.get("HERMES_TUI_HOME")
    try:
        root = Path(named or _places().data()).expanduser().resolve()
        foreign = [Path.home() / ".hermes"]
    except RuntimeError as error:
        # No HOME, and no entry of this user in the password database: a bare container.
        if named is None or named.startswith("~"):
            hint = "Set HOME or HERMES_TUI_HOME, or name a folder with --home."
            raise UsageInvalid("There is no home folder: HOME is not set.", hint=hint) from error
        root, foreign = Path(named).resolve(), []
    if other := environ.get("HERMES_HOME"):
        foreign.append(Path(other).expanduser())
    demand_text(str(root), "home")
    if any(root.is_relative_to(folder.resolve()) for folder in foreign):
        raise UsageInvalid(
            f"{root} is the home of another product.", hint="Choose another folder with --home or $HERMES_TUI_HOME."
        )
    return root


def demand_text(path: str, what: str) -> None:
    """Return if a path can stand in records and results, which are UTF-8.

    Raises:
        UsageInvalid: it cannot.
    """
    try:
        path.encode()
    except UnicodeEncodeError as error:
        message = f"{printable(path)}: the path of the {what} is not UTF-8."
        raise UsageInvalid(message, hint="Rename the folder or file.") from error


def open_home(root: Path) -> Home:
    """Return the home in `root`; the first time, make it with `config.yaml` and `MEMORY.md` only.

    Raises:
        UsageInvalid: `root` is a file.
    """
    built_in = built_in_folder()
    if root.exists() and not root.is_dir():
        raise UsageInvalid(f"{root} is a file, not a home.", hint="Choose a folder with --home.")
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in FIRST_FILES:
            _write_new(root / name, (built_in / name).read_bytes())
        (root / "state").mkdir(mode=0o700, exist_ok=True)
        demand_writable(root / "state")
    except OSError as error:
        state: Path = _places().passing()
        notice = f"{root} cannot be written ({error.strerror}); this time sessions go to {state}."
        return Home(root, state, built_in, notice)
    return Home(root, root / "state", built_in)


def _places() -> ModuleType:
    """Return the module that knows the platform's folders; a run whose home is named has no need of it."""
    return registry.load_late("services.places")


def _write_new(path: Path, data: bytes) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
