"""Taking a note out of history for good: the commits since it came are made again, the old ones are thrown away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from hermes_tui.capabilities.memory.repository import KEPT, HistoryUnavailable, Repository, quoted
from hermes_tui.capabilities.memory.scopes import is_index
from hermes_tui.domain.values import frozen

REF: Final = "refs/hermes/erased"
ERASED: Final = "[erased]"
INDEXES: Final = ("MEMORY.md", "memory/workspaces/*/MEMORY.md")


@frozen(kw_only=False)
class _Change:
    """What a commit did to one file; `blob` is empty where it removed it."""

    path: str
    mode: str
    blob: str

    @property
    def is_index(self) -> bool:
        """Whether the file names notes."""
        return is_index(self.path)

    def told(self, cleaned: Mapping[str, bytes]) -> bytes:
        """Return it as fast-import reads it; `cleaned` are the new texts of indexes, by their old blobs."""
        name = quoted(self.path)
        if not self.blob:
            return b"D " + name + b"\n"
        if self.is_index:
            data = cleaned[self.blob]
            return b"M %s inline %s\ndata %d\n%s\n" % (self.mode.encode(), name, len(data), data)
        return f"M {self.mode} {self.blob} ".encode() + name + b"\n"


@frozen(kw_only=False)
class _Head:
    """A commit without its tree: parents, the lines that name author and committer, message."""

    parents: Sequence[str]
    who: bytes
    message: bytes


def _head_of(data: bytes) -> _Head:
    head, _, message = data.partition(b"\n\n")
    lines = head.split(b"\n")
    parents = [line.split()[1].decode() for line in lines if line.startswith(b"parent ")]
    who = b"\n".join(line for line in lines if line.startswith((b"author ", b"committer ")))
    return _Head(parents, who, message)


class Eraser:
    """Rewrites the branch that a home's repository stands on."""

    def __init__(self, repository: Repository, clean_index: Callable[[str, str], str]) -> None:
        """`clean_index` returns the text of an index without the lines that name the note at a path."""
        self._repository = repository
        self._clean_index = clean_index

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
        commits = self._since_first(head, paths, words)
        if not commits:
            return {}
        stream = self._stream(commits, paths, words)
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

    def _since_first(self, head: str, paths: Sequence[str], words: Sequence[str]) -> list[str]:
        """Return the commits, oldest first, from the first that has anything of the note; those before it stay."""
        commits = self._repository.run("rev-list", "--topo-order", "--reverse", head).decode().split()
        found = self._repository.run("--literal-pathspecs", "rev-list", "--full-history", head, "--", *paths).split()
        greps = [f"--grep={word}" for word in words if word]
        if greps:
            found += self._repository.run("log", "--format=%H", "--fixed-strings", *greps, head).split()
        for path in paths:
            named = ("--format=%H", "--full-history", "-m", f"-S{path.rpartition('/')[2]}", head)
            found += self._repository.run("log", *named, "--", *INDEXES).split()
        places = {commit: place for place, commit in enumerate(commits)}
        first = min((places[commit.decode()] for commit in found), default=len(commits))
        return commits[first:]

    def _stream(self, commits: Sequence[str], paths: Sequence[str], words: Sequence[str]) -> bytes:
        """Return the commits as fast-import reads them, without the note; git is started a few times for all."""
        heads = [_head_of(data) for data in self._repository.contents(commits)]
        changes = self._changes(commits, [head.parents[:1] for head in heads])
        indexes = sorted({change.blob for each in changes for change in each if change.is_index and change.blob})
        cleaned = dict(zip(indexes, self._cleaned(indexes, paths), strict=True))
        places = {name: f":{place}" for place, name in enumerate(commits, 1)}
        parts: list[bytes] = []
        for number, head in enumerate(heads, 1):
            message = _without(head.message, words)
            parts += [
                f"commit {REF}\nmark :{number}\n".encode(),
                head.who,
                f"\ndata {len(message)}\n".encode(),
                message,
            ]
            for order, parent in enumerate(head.parents):
                verb = "from" if order == 0 else "merge"
                parts.append(f"\n{verb} {places.get(parent, parent)}".encode())
            parts.append(b"\n")
            parts += [change.told(cleaned) for change in changes[number - 1] if change.path not in paths]
            parts.append(b"\n")
        return b"".join(parts)

    def _changes(self, commits: Sequence[str], parents: Sequence[Sequence[str]]) -> list[list[_Change]]:
        """Return what each commit changed against its first parent."""
        lines = "".join(f"{' '.join([commit, *first])}\n" for commit, first in zip(commits, parents, strict=True))
        options = ("--stdin", "-r", "-z", "--root", "--no-renames", "--full-index")
        fields = iter(self._repository.run("diff-tree", *options, stdin=lines.encode()).split(b"\0"))
        found: dict[str, list[_Change]] = {commit: [] for commit in commits}
        commit = ""
        for field in fields:
            if field.startswith(b":"):
                _, mode, _, blob, status = field.decode().lstrip(":").split()
                path = next(fields).decode(errors="surrogateescape")
                found[commit].append(_Change(path, mode, "" if status == "D" else blob))
            elif field:
                commit = field.decode().split()[0]
        return list(found.values())

    def _cleaned(self, blobs: Sequence[str], paths: Sequence[str]) -> Iterator[bytes]:
        for data in self._repository.contents(blobs):
            text = data.decode("utf-8", errors="surrogateescape")
            for path in paths:
                text = self._clean_index(text, path)
            yield text.encode("utf-8", errors="surrogateescape")

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
