"""The vault's git repository, run closed: no hooks, no programs of its config, no network, an identity of our own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from hermes_tui.domain.errors import HermesError

KEPT: Final = ("MEMORY.md", "memory", "skills")
"""Nothing else of the home is ever put into history."""
COMMITTER: Final = ("Hermes", "hermes@localhost")
_SEARCHED: Final = "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin"
_TIMEOUT_S: Final = 60.0
_UNDER_WAY: Final = ("MERGE_HEAD", "rebase-merge", "rebase-apply", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG")
_OFF: Final[Mapping[str, str]] = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.autocrlf": "false",
    "core.pager": "cat",
    "core.editor": "false",
    "core.askPass": "false",
    "core.sshCommand": "false",
    "core.attributesFile": "/dev/null",
    "core.fsync": "committed,loose-object,reference",
    "commit.gpgSign": "false",
    "log.showSignature": "false",
    "gpg.program": "false",
    "gpg.ssh.program": "false",
    "gpg.x509.program": "false",
    "protocol.allow": "never",
    "diff.external": "",
    "submodule.recurse": "false",
    "maintenance.auto": "false",
    "gc.auto": "0",
    "color.ui": "false",
}


class HistoryUnavailable(HermesError):
    """Git is not there, or the repository cannot be used; notes are kept all the same."""


class Repository:
    """One repository at the top of a home."""

    def __init__(self, home: Path, git: str | None = None) -> None:
        """Run the program `git`; None looks for it, an empty name is a machine without it."""
        self.home = home
        self.folder = home / ".git"
        self._program = (shutil.which("git", path=_SEARCHED) or shutil.which("git")) if git is None else git

    def prepare(self) -> None:
        """Make the repository if there is none.

        Raises:
            HistoryUnavailable: git is not installed, or `.git` is a file or a link.
        """
        self.require()
        if self.folder.is_symlink() or (self.folder.exists() and not self.folder.is_dir()):
            raise HistoryUnavailable(f"{self.folder} is no folder.", hint="Make the home a repository of its own.")
        if not (self.folder / "HEAD").exists():
            self.run("init", "--quiet", "--template=", "--initial-branch=main")

    def require(self) -> str:
        """Return the program git.

        Raises:
            HistoryUnavailable: it is not installed.
        """
        if not self._program:
            raise HistoryUnavailable("git is not installed.", hint="Install git; changes wait until then.")
        return self._program

    @property
    def exists(self) -> bool:
        """Whether there is a repository that can be read."""
        return bool(self._program) and not self.folder.is_symlink() and (self.folder / "HEAD").is_file()

    def busy(self) -> str:
        """Return what an operator is in the middle of, such as a merge; empty if nothing."""
        return next((name for name in _UNDER_WAY if (self.folder / name).exists()), "")

    def run(self, *arguments: str, stdin: bytes = b"", allowed: Sequence[int] = (0,)) -> bytes:
        """Run git; return what it printed.

        Raises:
            HistoryUnavailable: it failed; the message is git's.
        """
        argv = [self.require(), "--no-pager", f"--git-dir={self.folder}", f"--work-tree={self.home}", *arguments]
        try:
            done = subprocess.run(  # noqa: S603 - git itself, in a closed environment
                argv,
                input=stdin,
                capture_output=True,
                cwd=self.home,
                env=_environment(),
                timeout=_TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise HistoryUnavailable(f"git {arguments[0]} did not run: {error}.") from error
        if done.returncode not in allowed:
            verb = next((word for word in arguments if not word.startswith("-")), "")
            said = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
            raise HistoryUnavailable(
                f"git {verb} failed: {said[-1]}", hint=f"Look at it with: git -C {self.home} status"
            )
        return done.stdout

    def head(self) -> str:
        """Return the commit at HEAD, empty before the first one."""
        return self.run("rev-parse", "--verify", "--quiet", "HEAD", allowed=(0, 1)).decode().strip()

    def resolve(self, name: str) -> str:
        """Return the full id of a commit.

        Raises:
            HistoryUnavailable: there is no such commit.
        """
        found = self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", allowed=(0, 1))
        if not found.strip():
            raise HistoryUnavailable(f"There is no commit {name}.", hint="`hermes memory log` lists them.")
        return found.decode().strip()

    def blobs(self, commit: str, paths: Sequence[str]) -> dict[str, str]:
        """Return the id of the content of each of `paths` that `commit` holds."""
        if not commit:
            return {}
        found: dict[str, str] = {}
        for start in range(0, len(paths), 200):
            part = paths[start : start + 200]
            listing = self.run("--literal-pathspecs", "ls-tree", "-r", "-z", "--full-tree", commit, "--", *part)
            for entry in filter(None, listing.split(b"\0")):
                about, _, name = entry.partition(b"\t")
                found[name.decode(errors="surrogateescape")] = about.split()[2].decode()
        return found

    def content(self, commit: str, path: str) -> bytes | None:
        """Return what `commit` holds at `path`, None if nothing."""
        blob = self.blobs(commit, [path]).get(path)
        return None if blob is None else self.run("cat-file", "blob", blob)

    def contents(self, objects: Sequence[str]) -> list[bytes]:
        """Return what each of some objects holds, all of them from one start of git.

        Raises:
            HistoryUnavailable: one is not there.
        """
        printed = self.run("cat-file", "--batch", stdin="".join(f"{name}\n" for name in objects).encode())
        found: list[bytes] = []
        place = 0
        for name in objects:
            end = printed.index(b"\n", place)
            about = printed[place:end].split()
            if len(about) != 3:
                raise HistoryUnavailable(
                    f"There is no object {name}.", hint=f"Look at it with: git -C {self.home} fsck"
                )
            place = end + 1 + int(about[2])
            found.append(printed[end + 1 : place])
            place += 1
        return found

    def is_ancestor(self, commit: str, other: str) -> bool:
        """Whether `commit` is in the history of `other`."""
        if not other:
            return False
        try:
            self.run("merge-base", "--is-ancestor", commit, other)
        except HistoryUnavailable:
            return False
        return True

    def advance(self, new: str, old: str, ref: str) -> bool:
        """Move HEAD from `old` to `new` and drop `ref`; say whether HEAD still was at `old`."""
        old = old or "0" * len(new)
        orders = f"start\nupdate HEAD {new} {old}\ndelete {ref}\nprepare\ncommit\n"
        try:
            self.run("update-ref", "-m", "hermes", "--stdin", stdin=orders.encode())
        except HistoryUnavailable:
            return False
        return True

    def refresh(self, commit: str, paths: Sequence[str]) -> None:
        """Make git's own index agree with `commit` at `paths`, so that `git status` is clean there."""
        blobs = self.blobs(commit, paths)
        zero = "0" * len(commit)
        lines = [
            f"100644 {blobs[path]}\t{path}\0" if path in blobs else f"0 {zero}\t{path}\0"
            for path in dict.fromkeys(paths)
        ]
        self.run("update-index", "-z", "--index-info", stdin="".join(lines).encode(errors="surrogateescape"))


def quoted(path: str) -> bytes:
    """Return a path as fast-import reads it."""
    raw = path.encode(errors="surrogateescape")
    plain = all(32 <= byte < 127 and byte not in b'"\\' for byte in raw) and not raw.startswith(b" ")
    return raw if plain else b'"' + b"".join(_escaped(raw)) + b'"'


def _escaped(raw: bytes) -> Iterator[bytes]:
    for byte in raw:
        if byte in b'"\\':
            yield b"\\" + bytes([byte])
        elif 32 <= byte < 127:
            yield bytes([byte])
        else:
            yield b"\\%03o" % byte


def _environment() -> dict[str, str]:
    counted = {"GIT_CONFIG_COUNT": str(len(_OFF))}
    for number, (key, value) in enumerate(_OFF.items()):
        counted |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    name, mail = COMMITTER
    return counted | {
        "PATH": os.environ.get("PATH", _SEARCHED),
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_SYSTEM": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CEILING_DIRECTORIES": "/",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_PAGER": "cat",
        "GIT_EDITOR": "false",
        "GIT_ASKPASS": "false",
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": mail,
        "GIT_COMMITTER_NAME": name,
        "GIT_COMMITTER_EMAIL": mail,
    }
