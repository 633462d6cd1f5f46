"""Taking a note out of history for good: every commit is made again without it, and the old ones are thrown away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from hermes_tui.capabilities.memory.notes import is_index
from hermes_tui.capabilities.memory.repository import KEPT, HistoryUnavailable, Repository, quoted

REF: Final = "refs/hermes/erased"
ERASED: Final = "[erased]"


class Eraser:
    """Rewrites the branch that a home's repository stands on."""

    def __init__(self, repository: Repository, clean_index: Callable[[str, str], str]) -> None:
        """`clean_index` returns the text of an index without the lines that name the note at a path."""
        self._repository = repository
        self._clean_index = clean_index
        self._cleaned: dict[str, bytes] = {}

    def erase(self, paths: Sequence[str], words: Sequence[str]) -> Mapping[str, str]:
        """Take `paths` out of every commit, their lines out of every index, `words` out of messages.

        Returns:
            The new id of each commit, by its old one.

        Raises:
            HistoryUnavailable: the repository is busy or cannot be written; nothing was changed.
        """
        if not self._repository.exists or not (head := self._repository.head()):
            return {}
        if doing := self._repository.busy():
            raise HistoryUnavailable(f"The repository is in the middle of something ({doing}).", hint="Finish it.")
        commits = self._repository.run("rev-list", "--topo-order", "--reverse", head).decode().split()
        stream = b"".join(self._commit(number, commits, paths, words) for number in range(len(commits)))
        marks = "".join(f"get-mark :{number}\n" for number in range(1, len(commits) + 1)).encode()
        start = f"feature done\nreset {REF}\n\n".encode()
        printed = self._repository.run(
            "fast-import", "--quiet", "--force", "--done", stdin=start + stream + marks + b"done\n"
        )
        moved = dict(zip(commits, printed.decode().split(), strict=True))
        if not self._repository.advance(moved[head], head, REF):
            raise HistoryUnavailable("Someone committed meanwhile.", hint="Try again.")
        self._repository.refresh(moved[head], [*paths, *self._indexes(head)])
        self._throw_away()
        return moved

    def unreachable(self) -> list[str]:
        """Return what erasing cannot reach: other branches, tags, stashes, remotes and linked work trees."""
        if not self._repository.exists:
            return []
        current = self._repository.run("symbolic-ref", "-q", "HEAD", allowed=(0, 1)).decode().strip()
        refs = self._repository.run("for-each-ref", "--format=%(refname)").decode().split()
        found = [f"{ref} still holds the old commits" for ref in refs if ref not in (current, REF)]
        remotes = self._repository.run("remote").decode().split()
        found += [f"the remote {name} may hold what was pushed" for name in remotes]
        if (self._repository.folder / "worktrees").is_dir():
            found.append("linked work trees may hold the old commits")
        return found

    def _commit(self, number: int, commits: Sequence[str], paths: Sequence[str], words: Sequence[str]) -> bytes:
        commit = commits[number]
        head, _, message = self._repository.run("cat-file", "commit", commit).partition(b"\n\n")
        lines = head.split(b"\n")
        who = [line for line in lines if line.startswith((b"author ", b"committer "))]
        parents = [line.split()[1].decode() for line in lines if line.startswith(b"parent ")]
        message = _without(message, words)
        places = {name: place for place, name in enumerate(commits, 1)}
        parts = [
            f"commit {REF}\nmark :{number + 1}\n".encode(),
            b"\n".join(who),
            f"\ndata {len(message)}\n".encode(),
            message,
            b"\n",
        ]
        for order, parent in enumerate(parents):
            parts.append(f"{'from' if order == 0 else 'merge'} :{places[parent]}\n".encode())
        return b"".join([*parts, *self._changes(commit, parents[0] if parents else "", paths), b"\n"])

    def _changes(self, commit: str, parent: str, paths: Sequence[str]) -> list[bytes]:
        between = (parent, commit) if parent else ("--root", commit)
        raw = self._repository.run("diff-tree", "-r", "-z", "--no-renames", "--no-commit-id", "--full-index", *between)
        fields = raw.split(b"\0")
        parts: list[bytes] = []
        for about, name in zip(fields[0::2], fields[1::2], strict=False):
            path = name.decode(errors="surrogateescape")
            if path in paths:
                continue
            _, mode, _, blob, status = about.decode().lstrip(":").split()
            if status == "D":
                parts.append(b"D " + quoted(path) + b"\n")
            elif is_index(path):
                data = self._clean(blob, paths)
                parts += [f"M {mode} inline ".encode(), quoted(path), f"\ndata {len(data)}\n".encode(), data, b"\n"]
            else:
                parts.append(f"M {mode} {blob} ".encode() + quoted(path) + b"\n")
        return parts

    def _clean(self, blob: str, paths: Sequence[str]) -> bytes:
        if blob not in self._cleaned:
            text = self._repository.run("cat-file", "blob", blob).decode("utf-8", errors="surrogateescape")
            for path in paths:
                text = self._clean_index(text, path)
            self._cleaned[blob] = text.encode("utf-8", errors="surrogateescape")
        return self._cleaned[blob]

    def _indexes(self, commit: str) -> list[str]:
        return [path for path in self._repository.blobs(commit, list(KEPT)) if is_index(path)]

    def _throw_away(self) -> None:
        self._repository.run("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
        for left in ("ORIG_HEAD", "FETCH_HEAD"):
            (self._repository.folder / left).unlink(missing_ok=True)
        self._repository.run("-c", "gc.pruneExpire=now", "gc", "--quiet", "--prune=now")


def _without(message: bytes, words: Sequence[str]) -> bytes:
    for word in words:
        if word:
            message = message.replace(word.encode(), ERASED.encode())
    return message
