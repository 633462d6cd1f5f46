"""Trust in what a project brings along: its config and its `.hermes` folder hold only as the operator once saw them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from hermes_tui.capabilities.new_file import new_file
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.late import late
from hermes_tui.domain.messages import Source
from hermes_tui.domain.values import frozen
from hermes_tui.services.homes import PROJECT_CONFIG, PROJECT_FOLDER

if TYPE_CHECKING:
    import difflib
else:
    difflib = late("difflib")

CONFIG: Final = PROJECT_CONFIG
FOLDER: Final = PROJECT_FOLDER
"""Where a project keeps skills, hooks and tool servers; all of it is under the one pin."""
SERVERS: Final = f"{FOLDER}/mcp.json"
"""The tool servers of a project, in the form that other agents read too."""
STORE: Final = "trust.json"
_MOST_FILES: Final = 500
_MOST_BYTES: Final = 1_000_000


class Standing(StrEnum):
    """Whether what a project brings may be used."""

    NONE = "none"
    TRUSTED = "trusted"
    NEW = "new"
    CHANGED = "changed"


@frozen
class Project:
    """What a project brings along: each file's sha256 by its name, and the digest over all of them.

    `seen` is what was trusted before, by name too; `seen_config` the text of its config. `trouble` says why it cannot
    be looked at as a whole, and so never be trusted.
    """

    root: Path
    files: Mapping[str, str]
    digest: str
    standing: Standing
    seen: Mapping[str, str]
    seen_config: str = ""
    trouble: str = ""

    @property
    def changes(self) -> tuple[str, ...]:
        """What differs from what was trusted, the config line by line."""
        names = sorted({*self.files, *self.seen})
        lines = [f"{_word(self.seen.get(name), self.files.get(name))} {name}" for name in names]
        listed = [line for line in lines if not line.startswith("same ")]
        now = _text(self.root / CONFIG) if CONFIG in self.files else ""
        shown = difflib.unified_diff(self.seen_config.splitlines(), now.splitlines(), "trusted", CONFIG, lineterm="")
        return (*listed, *shown)


def project_of(root: Path, state: Path, pinned: Mapping[str, str]) -> Project:
    """Return what the project at `root` brings; `pinned` is the config's `trust`."""
    files, trouble = dict[str, str](), ""
    try:
        files = dict(_files(root))
    except UsageInvalid as error:
        trouble = str(error)
    digest = hashlib.sha256("".join(f"{sha}  {name}\n" for name, sha in sorted(files.items())).encode()).hexdigest()
    known = _read(state).get(str(root), {})
    seen = cast("dict[str, str]", known.get("files", {}))
    if not files and not trouble:
        standing = Standing.NONE
    elif not trouble and digest in (pinned.get(str(root)), known.get("digest")):
        standing = Standing.TRUSTED
    else:
        standing = Standing.CHANGED if known or str(root) in pinned else Standing.NEW
    return Project(
        root=root,
        files=files,
        digest=digest,
        standing=standing,
        seen=seen,
        seen_config=str(known.get("config", "")),
        trouble=trouble,
    )


def trust(project: Project, state: Path) -> None:
    """Hold the project to be trusted as it is now; any change asks again.

    Raises:
        UsageInvalid: it brings more than can be looked at.
    """
    if project.trouble:
        raise UsageInvalid(f"This project cannot be trusted: {project.trouble}")
    text = _text(project.root / CONFIG) if CONFIG in project.files else ""
    entry: dict[str, object] = {"digest": project.digest, "files": dict(project.files), "config": text}
    _write(state, {**_read(state), str(project.root): entry})


def forget(root: Path, state: Path) -> bool:
    """Take trust back; return whether there was any."""
    entries = _read(state)
    known = entries.pop(str(root), None) is not None
    if known:
        _write(state, entries)
    return known


def said(project: Project) -> str:
    """Return the line by which a run says that it passes over what a project brings; empty where it does not."""
    match project.standing:
        case Standing.NEW:
            return "What this project brings along is not trusted and not used; `hermes trust show` shows it."
        case Standing.CHANGED:
            return "What this project brings along changed and is not used; `hermes trust show` shows how."
        case Standing.NONE | Standing.TRUSTED:
            return ""


def distrusted(project: Project) -> frozenset[Source]:
    """Return the sources whose text taints a run: the web, and the files of a project that waits for trust."""
    waits = project.standing in (Standing.NEW, Standing.CHANGED)
    return frozenset({Source.WEB, Source.WORKSPACE}) if waits else frozenset({Source.WEB})


def _files(root: Path) -> Iterator[tuple[str, str]]:
    config = root / CONFIG
    if config.is_file():
        yield CONFIG, _digest(config)
    waiting, count = [root / FOLDER], 0
    while waiting:
        folder = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            count += 1
            if count > _MOST_FILES:
                hint = "Move what is no skill, hook or tool server elsewhere."
                raise UsageInvalid(f"{root / FOLDER} holds more than {_MOST_FILES} entries.", hint=hint)
            path = Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                waiting.append(path)
            else:
                yield path.relative_to(root).as_posix(), _digest(path)


def _digest(path: Path) -> str:
    """Return the sha256 of a file; a link is known by where it leads, a large file by its size too."""
    try:
        if path.is_symlink():
            return hashlib.sha256(b"link to " + os.fsencode(path.readlink()) + _start(path)).hexdigest()
        return hashlib.sha256(_start(path)).hexdigest()
    except OSError as error:
        raise UsageInvalid(f"{path} cannot be read: {error.strerror}.", hint="Mend or remove it.") from error


def _start(path: Path) -> bytes:
    if not path.is_file():
        return b""
    size = path.stat().st_size
    if size > _MOST_BYTES:
        raise UsageInvalid(f"{path} is larger than {_MOST_BYTES:,} bytes.", hint="Keep it elsewhere.")
    return path.read_bytes()


def _word(before: str | None, now: str | None) -> str:
    if before == now:
        return "same"
    if before is None:
        return "new"
    return "gone" if now is None else "changed"


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="replace")


def _read(state: Path) -> dict[str, dict[str, object]]:
    try:
        return cast("dict[str, dict[str, object]]", json.loads((state / STORE).read_bytes()))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        hint = "Remove it; projects then ask for trust again."
        raise UsageInvalid(f"{state / STORE} cannot be read: {error}.", hint=hint) from error


def _write(state: Path, entries: Mapping[str, Mapping[str, object]]) -> None:
    descriptor, made = new_file(state, f".{STORE}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(json.dumps(entries, indent=1))
    made.replace(state / STORE)
