"""Before-images: what files and folders were before a call, stored by content and put back on demand."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from hermes_tui.capabilities.regular import read_real
from hermes_tui.capabilities.state.digest import FIRST_HASH, HASH, digest, digest_big
from hermes_tui.capabilities.state.durable import sync_folder, write_durably
from hermes_tui.capabilities.state.early_writes import EarlyWrites
from hermes_tui.capabilities.state.pathtext import kept, path_of
from hermes_tui.capabilities.state.restore import put_back
from hermes_tui.capabilities.state.survey import GLANCE_BYTES, HELD_BYTES, Entry, Kind, Survey, Surveyor
from hermes_tui.domain.errors import PathRefused, ToolError
from hermes_tui.domain.events.tool import FileChange

_WRITERS: Final = 8


class _Image(msgspec.Struct, frozen=True):
    targets: tuple[str, ...]
    entries: dict[str, Entry]
    whole: bool
    hash: str = FIRST_HASH


_IMAGE: Final = msgspec.json.Decoder(_Image)
_ENCODE: Final = msgspec.json.Encoder().encode


class ImageStore:
    """The `BeforeImages` of a workspace, kept under `folder` (`state/images`).

    Changes name their path relative to `root`, or absolute outside it.
    """

    def __init__(self, folder: Path, root: Path, *, skip: Sequence[Path] = ()) -> None:
        """Keep images in `folder`; what lies in `skip`, such as a home inside the workspace, is no part of them."""
        self._kept = folder / "kept"
        self._first = folder
        self._root = root
        self._skip = tuple(skip)
        self._surveyor = Surveyor(skip=skip)
        self._turn = asyncio.Lock()
        self._named = False
        self._pool = ThreadPoolExecutor(_WRITERS, thread_name_prefix="images")

    async def take(self, targets: Sequence[Path]) -> str:
        """Store the present state of files and folders durably; return the name of the image."""
        async with self._turn:
            return self._taken_before(tuple(targets)) or await asyncio.to_thread(self._take, tuple(targets))

    async def restore(self, image: str, *, entirely: bool = False) -> tuple[FileChange, ...]:
        """Put every file back as it was; return what that changed.

        Raises:
            ToolError: the image is gone; or a file was too big to be kept, or may not be put back: all others that can
                be are, or with `entirely` none where one was not kept.
        """
        async with self._turn:
            return await asyncio.to_thread(self._restore, image, entirely=entirely)

    async def changes(self, image: str) -> tuple[FileChange, ...]:
        """Compare the present with the image.

        Raises:
            ToolError: the image is gone.
        """
        async with self._turn:
            found = self._changes_at_a_glance(image)
            return await asyncio.to_thread(self._changes, image) if found is None else found

    def targets(self, image: str) -> tuple[Path, ...]:
        """Return the files and folders that an image is of.

        Raises:
            ToolError: the image is gone.
        """
        return tuple(Path(target) for target in self._load(image).targets)

    def _taken_before(self, targets: tuple[Path, ...]) -> str:
        """Return the image of what stands there now if a glance shows that all of it is stored already, else nothing.

        A command that changed nothing is mostly followed by another one.
        """
        # What another process named, perhaps just before it was killed, may be in memory only.
        survey = self._surveyor.glance(targets) if self._named else None
        if survey is None or not all(entry.kept for entry in survey.entries.values()):
            return ""
        name, _ = described(targets, survey)
        return name if self._manifest(name).exists() and not self._missing(survey) else ""

    def _changes_at_a_glance(self, name: str) -> tuple[FileChange, ...] | None:
        """Compare the present with a small image without a thread; None where it is more than that."""
        with contextlib.suppress(OSError):
            if self._manifest(name).stat().st_size > GLANCE_BYTES:
                return None
        image = self._load(name)
        if image.hash != HASH:
            return None
        now = self._surveyor.glance(tuple(Path(target) for target in image.targets))
        return None if now is None else self._compare(now, image.entries, now.entries, created=image.whole)

    def _take(self, targets: tuple[Path, ...]) -> str:
        self._kept.mkdir(parents=True, exist_ok=True, mode=0o700)
        early = EarlyWrites(self._kept, self._pool)
        try:
            # Of a whole tree most is stored already; of single files, hardly any.
            begin = None if any(map(os.path.isdir, targets)) else early.begin
            survey = self._surveyor.survey(targets, held_bytes=HELD_BYTES, begin=begin)
            name, manifest = described(targets, survey)
            self._keep(survey, self._manifest(name), manifest, early)
            return name
        finally:
            early.clear()

    def _keep(self, survey: Survey, place: Path, manifest: bytes, early: EarlyWrites) -> None:
        """Store the manifest and the contents that are not yet stored; all of it is on disk when this returns.

        What has a name is on disk but for the name itself, and all names are in one folder: the disk is waited for
        twice. An image of which a crash left only the manifest was never named to anyone.
        """
        wanted = self._missing(survey)
        linked = self._link_big(survey)
        if self._named and not wanted and not linked and place.exists():
            return
        fresh = {key: path for key, path in wanted.items() if not early.has(survey.contents.get(key, b""))}
        written = [self._pool.submit(self._keep_one, key, path, survey.contents) for key, path in fresh.items()]
        write_durably(place, manifest, sync_names=False)
        for key in wanted.keys() - fresh.keys():
            early.name(survey.contents[key], self._object(key))
        for each in written:
            each.result()
        sync_folder(self._kept)
        self._named = True

    def _missing(self, survey: Survey) -> dict[str, Path]:
        """Return the contents that are to be stored and are not yet, by their hash, and where each is found."""
        return {
            entry.sha256: Path(path)
            for path, entry in survey.entries.items()
            if entry.kind is Kind.FILE and entry.kept and not self._object(entry.sha256).exists()
        }

    def _link_big(self, survey: Survey) -> bool:
        """Give each file that is too big to be copied a second name here, so that its deletion is none.

        Return whether there is a new name.
        """
        linked = False
        for path, entry in survey.entries.items():
            if entry.kind is Kind.FILE and not entry.kept:
                with contextlib.suppress(OSError):
                    os.link(path, self._object(entry.sha256), follow_symlinks=False)
                    linked = True
        return linked

    def _keep_one(self, sha256: str, path: Path, read: Mapping[str, bytes]) -> None:
        content = read.get(sha256)
        if content is None:
            content = read_real(str(path))
            if digest(content) != sha256:
                said = f"{path} changed while its before-image was taken."
                raise ToolError(said, hint="Try again.", kind="file_changed")
        write_durably(self._object(sha256), content, sync_names=False)

    def _restore(self, name: str, *, entirely: bool) -> tuple[FileChange, ...]:
        image = self._load(name)
        for target in image.targets:
            parent = Path(target).parent
            if parent.exists() and parent.resolve() != parent:
                raise PathRefused(f"{parent} leads elsewhere now; nothing was put back.")
        now = self._present(image)
        lost = put_back(
            image.entries,
            now.entries,
            lambda entry: self._stored(entry, image.hash),
            remove_new=image.whole and now.whole,
            entirely=entirely,
        )
        if lost:
            said = ", ".join(f"{path} ({why})" for path, why in lost.items())
            raise ToolError(f"Not put back: {said}.", kind="not_kept")
        return tuple(
            FileChange(path=change.path, change=_UNDONE[change.change])
            for change in self._compare(now, image.entries, now.entries, created=image.whole and now.whole)
        )

    def _changes(self, name: str) -> tuple[FileChange, ...]:
        image = self._load(name)
        now = self._present(image)
        return self._compare(now, image.entries, now.entries, created=image.whole and now.whole)

    def _present(self, image: _Image) -> Survey:
        """Survey what the image is of, by its own hash."""
        surveyor = self._surveyor if image.hash == HASH else Surveyor(skip=self._skip, hash_=image.hash)
        return surveyor.survey(tuple(Path(target) for target in image.targets))

    def _stored(self, entry: Entry, hash_: str) -> Path | None:
        """Return where a content is kept; a big file is only linked, and whole unless it was written in place."""
        first = self._first / "objects" / entry.sha256[:2] / entry.sha256
        place = first if hash_ == FIRST_HASH else self._object(entry.sha256)
        if not place.exists():
            return None
        if entry.kept:
            return place
        with place.open("rb", buffering=0) as file:
            return place if digest_big(file, hash_) == entry.sha256 else None

    def _compare(
        self, survey: Survey, before: Mapping[str, Entry], after: Mapping[str, Entry], *, created: bool
    ) -> tuple[FileChange, ...]:
        found: list[FileChange] = []
        for path in sorted(before.keys() | after.keys()):
            old, new = before.get(path), after.get(path)
            was, stands = old is not None and old.kind.content, new is not None and new.kind.content
            if was and stands and old != new:
                found.append(FileChange(path=self._name(path), change="modified"))
            elif was and not stands and (survey.whole or not Path(path).exists()):
                found.append(FileChange(path=self._name(path), change="deleted"))
            elif stands and not was and created:
                found.append(FileChange(path=self._name(path), change="created"))
        return tuple(found)

    def _name(self, path: str) -> str:
        full = Path(path)
        return str(full.relative_to(self._root)) if full.is_relative_to(self._root) else path

    def _manifest(self, name: str) -> Path:
        return self._kept / f"{Path(name).name}.json"

    def _object(self, sha256: str) -> Path:
        return self._kept / sha256

    def _load(self, name: str) -> _Image:
        place = self._manifest(name)
        try:
            found = (place if place.exists() else self._first / "manifests" / place.name).read_bytes()
            image = _IMAGE.decode(found)
        except (OSError, msgspec.DecodeError) as error:
            raise ToolError(f"The before-image {name} cannot be read.", kind="image") from error
        return _spelled(image, path_of) if b"\\u0000" in found else image


def described(targets: tuple[Path, ...], survey: Survey) -> tuple[str, bytes]:
    """Return the name of an image and what is stored under it; the same things have the same name in any order."""
    # Not in msgspec's own order: its sort takes the square of the time, and then the whole stack, for names that are
    # sorted but for the first one, as of a file and of the folder that it is in.
    entries = dict(sorted(survey.entries.items()))
    image = _Image(tuple(str(target) for target in targets), entries, survey.whole, HASH)
    try:
        manifest = _ENCODE(image)
    except UnicodeEncodeError:
        manifest = _ENCODE(_spelled(image, kept))
    return digest(manifest)[:32], manifest


def _spelled(image: _Image, spell: Callable[[str], str]) -> _Image:
    """Return an image with each path and link in it as `spell` makes it."""
    targets = tuple(map(spell, image.targets))
    entries = {spell(path): replace(entry, link=spell(entry.link)) for path, entry in image.entries.items()}
    return _Image(targets, entries, image.whole, image.hash)


_UNDONE: Final[Mapping[str, Literal["created", "modified", "deleted"]]] = {
    "created": "deleted",
    "deleted": "created",
    "modified": "modified",
}
