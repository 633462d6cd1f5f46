"""The closed world git runs in: which repository, which environment, and nothing its config could start."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from hermes_tui.capabilities.regular import read_real
from hermes_tui.domain.errors import DeadlinePassed, PathRefused, ToolError

OUTPUT_LIMIT_BYTES = 1_000_000
LISTING_LIMIT_BYTES = 100_000_000
_POINTER_BYTES = 4_096
_REVISIONS = b"blame.ignorerevsfile"
_NAME = "Hermes"
_EMAIL = "hermes@localhost"
_OFF = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.pager": "cat",
    "core.editor": "false",
    "core.askPass": "false",
    "core.sshCommand": "false",
    "core.attributesFile": "/dev/null",
    "core.excludesFile": "/dev/null",
    "mailmap.file": "/dev/null",
    "diff.orderFile": "/dev/null",
    "commit.template": "/dev/null",
    "commit.gpgSign": "false",
    "commit.status": "false",
    "log.showSignature": "false",
    "gpg.program": "false",
    "gpg.openpgp.program": "false",
    "gpg.x509.program": "false",
    "gpg.ssh.program": "false",
    "gpg.ssh.defaultKeyCommand": "",
    "protocol.allow": "never",
    "protocol.ext.allow": "never",
    "diff.external": "",
    "diff.ignoreSubmodules": "all",
    "diff.submodule": "short",
    "submodule.recurse": "false",
    "status.submoduleSummary": "false",
    "maintenance.auto": "false",
    "gc.auto": "0",
    "color.ui": "false",
    "column.ui": "never",
}
_DRIVERS = {
    "filter": {"clean": "", "smudge": "", "process": "", "required": "false"},
    "diff": {"command": "", "textconv": ""},
}


def git_folder(root: Path) -> Path:
    """Return the real git folder of the work tree `root`; a linked work tree must be known to its repository.

    Raises:
        ToolError: `root` is no work tree.
        PathRefused: `.git` points to a repository that is not this work tree's.
    """
    place = root / ".git"
    if place.is_symlink():
        raise PathRefused(".git is a symbolic link.", hint="Use a plain repository or git worktree.")
    if place.is_dir():
        return place
    try:
        text = read_real(str(place), _POINTER_BYTES).decode()
    except (OSError, UnicodeDecodeError) as error:
        message = "The workspace is not the top of a git work tree."
        raise ToolError(message, hint="Run git init outside.", kind="no_repository") from error
    folder = Path(os.path.realpath(root / text.removeprefix("gitdir:").strip()))
    try:
        named = read_real(str(folder / "gitdir"), _POINTER_BYTES).decode()
        back = Path(os.path.realpath(folder / named.strip()))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise PathRefused(".git leads to no repository that knows this work tree.") from error
    if not text.startswith("gitdir:") or back != Path(os.path.realpath(place)):
        raise PathRefused(".git leads to the repository of another work tree.")
    return folder


async def run_git(
    root: Path, arguments: tuple[str, ...], timeout_s: float, *, limit_bytes: int = OUTPUT_LIMIT_BYTES
) -> tuple[int, bytes]:
    """Run git on the repository of `root`; return its exit code and output, errors included.

    Raises:
        ToolError: no git, no repository, or too much output.
        DeadlinePassed: it took too long.
    """
    folder = git_folder(root)
    listing = ("config", "--list", "--name-only", "-z", "--includes")
    code, names = await _spawn((root, folder), listing, _OFF, timeout_s, OUTPUT_LIMIT_BYTES)
    if code != 0:
        raise ToolError("The repository's config cannot be read.", kind="no_repository")
    if arguments[0] == "blame" and _REVISIONS in names.split(b"\0"):
        await _check_revisions(root, folder, timeout_s)
    return await _spawn((root, folder), arguments, _OFF | _drivers_off(names), timeout_s, limit_bytes)


async def submodules(root: Path, timeout_s: float) -> tuple[str, ...]:
    """Return the paths at which the index holds another repository; git would start itself there, under its config.

    Raises:
        ToolError: no git, no repository.
        DeadlinePassed: it took too long.
    """
    words = ("ls-files", "--stage", "-z")
    code, listed = await run_git(root, words, timeout_s, limit_bytes=LISTING_LIMIT_BYTES)
    if code != 0:
        return ()
    entries = listed.decode(errors="surrogateescape").split("\0")
    return tuple(entry.partition("\t")[2] for entry in entries if entry.startswith("160000 "))


async def _check_revisions(root: Path, folder: Path, timeout_s: float) -> None:
    """Return if the lists of revisions that blame is to pass over lie in the workspace.

    Nothing takes such a setting back, and git prints the first line of a file that is no such list.
    """
    words = ("config", "--type=path", "-z", "--get-all", _REVISIONS.decode())
    _, found = await _spawn((root, folder), words, _OFF, timeout_s, OUTPUT_LIMIT_BYTES)
    if any(_leads_out(root, name) for name in found.decode(errors="surrogateescape").split("\0")):
        raise PathRefused("The repository's blame.ignoreRevsFile leads out of the workspace.")


def _leads_out(root: Path, name: str) -> bool:
    return not Path(os.path.realpath(root / name)).is_relative_to(root)


def _drivers_off(names: bytes) -> dict[str, str]:
    """Return an empty value for whatever program the repository's config names for a filter or diff driver."""
    off: dict[str, str] = {}
    for name in names.decode(errors="surrogateescape").split("\0"):
        section, _, rest = name.partition(".")
        driver = rest.rpartition(".")[0]
        if driver and section in _DRIVERS:
            off |= {f"{section}.{driver}.{key}": value for key, value in _DRIVERS[section].items()}
    return off


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    counted: dict[str, str] = {"GIT_CONFIG_COUNT": str(len(settings))}
    for index, (key, value) in enumerate(settings.items()):
        counted |= {f"GIT_CONFIG_KEY_{index}": key, f"GIT_CONFIG_VALUE_{index}": value}
    return counted | {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_SYSTEM": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_PAGER": "cat",
        "GIT_EDITOR": "false",
        "GIT_ASKPASS": "false",
        "GIT_AUTHOR_NAME": _NAME,
        "GIT_AUTHOR_EMAIL": _EMAIL,
        "GIT_COMMITTER_NAME": _NAME,
        "GIT_COMMITTER_EMAIL": _EMAIL,
    }


def _program(root: Path) -> str:
    found = shutil.which("git")
    if found is None or Path(os.path.realpath(found)).is_relative_to(root):
        raise ToolError("git is not installed.", kind="no_git")
    return found


async def _spawn(
    place: tuple[Path, Path],
    arguments: tuple[str, ...],
    settings: Mapping[str, str],
    timeout_s: float,
    limit_bytes: int,
) -> tuple[int, bytes]:
    root, folder = place
    process = await asyncio.create_subprocess_exec(
        _program(root),
        "--no-pager",
        f"--git-dir={folder}",
        f"--work-tree={root}",
        *arguments,
        cwd=root,
        env=_environment(settings),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(timeout_s):
            output = await _collect(process, limit_bytes)
            return await process.wait(), output
    except TimeoutError as error:
        raise DeadlinePassed(f"git {arguments[0]} did not end within {timeout_s:g} s.") from error
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _collect(process: asyncio.subprocess.Process, limit_bytes: int) -> bytes:
    if process.stdout is None:
        return b""
    output = bytearray()
    while chunk := await process.stdout.read(65_536):
        output += chunk
        if len(output) > limit_bytes:
            raise ToolError(
                f"git printed more than {limit_bytes // 1_000_000} MB.",
                hint="Limit it: -n, --stat or a path.",
                kind="too_large",
            )
    return bytes(output)
