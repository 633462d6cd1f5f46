"""Take back what a run changed in files, from the images that were made before each of its calls."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hermes_tui.capabilities.state.images import ImageStore
from hermes_tui.domain.errors import ToolError, UsageInvalid
from hermes_tui.domain.events import FileChange, MessageGiven, SessionOpened, ToolIntended
from hermes_tui.domain.ids import RunId, Seq, SessionId
from hermes_tui.domain.messages import Source
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.values import frozen
from hermes_tui.kernel.session import Session
from hermes_tui.services import control, history
from hermes_tui.services.workstation import Workstation


@frozen(kw_only=False)
class Undone:
    """What an undo did: the calls taken back, the files put back or left, and the image by which it is undone."""

    calls: tuple[str, ...]
    changed: tuple[FileChange, ...]
    left: tuple[str, ...]
    image: str


async def undo(station: Workstation, session: str, *, last: int | None = None, image: str | None = None) -> Undone:
    """Put files back as they were before the session's calls, or its `last` ones; or exactly as in `image`.

    The present state is kept as an image first, so that an undo can itself be undone; both are put on record.

    Raises:
        UsageInvalid: there is no such session, it is running, or it changed nothing.
        SessionLocked: it has just been begun to run.
        ToolError: an image is gone.
    """
    folder = station.sessions()
    path = history.path_of(folder, session)
    if control.is_live(folder, path.stem):
        raise UsageInvalid(f"Session {path.stem} is running.", hint=f"`hermes runs stop {path.stem}` first.")
    records = history.records(folder, session)
    steps = [(image, "undo")] if image is not None else _steps(records)[:last]
    if not steps:
        raise UsageInvalid(f"Session {path.stem} changed no files.", hint="`hermes runs show` says what it did.")
    # Owned from before the first file is touched: in a large folder it takes a while, and a run may be begun meanwhile.
    with station.own(SessionId(path.stem), []) as owned:
        undone = await _taken_back(station, records, path.stem, steps)
        _note(owned.session, SessionId(path.stem), undone)
    return undone


async def undo_since(station: Workstation, session: Session, name: SessionId, after: Seq) -> Undone:
    """Put files back as they were at record `after` of a session that is owned here; nothing of it may be running.

    Raises:
        ToolError: an image is gone.
    """
    records = history.records(station.sessions(), name)
    steps = _steps([record for record in records if record.seq > after])
    undone = await _taken_back(station, records, name, steps)
    if undone.calls:
        _note(session, name, undone)
    return undone


async def _taken_back(
    station: Workstation, records: Sequence[Record], name: str, steps: Sequence[tuple[str, str]]
) -> Undone:
    """Put the images of `steps` back in order; the present state becomes an image of its own."""
    own = (station.home.root, station.home.state)
    store = ImageStore(station.home.state / "images" / name, _workspace(records, station.root), skip=own)
    present = await store.take([target for image, _ in steps for target in store.targets(image)])
    left: list[str] = []
    for image, _ in steps:
        try:
            await store.restore(image)
        except ToolError as error:
            if error.kind != "not_kept":
                raise
            left.append(error.message)
    return Undone(tuple(call for _, call in steps), _by_path(await store.changes(present)), tuple(left), present)


def _steps(records: Sequence[Record]) -> list[tuple[str, str]]:
    """Return the images to put back, newest first, each with its call."""
    intents = [record.body for record in records if isinstance(record.body, ToolIntended)]
    return [(intent.before_image, str(intent.call_id)) for intent in reversed(intents) if intent.before_image]


def _workspace(records: Sequence[Record], here: Path) -> Path:
    opened = [record.body.workspace for record in records if isinstance(record.body, SessionOpened)]
    return Path(opened[-1]) if opened else here


def _by_path(changes: Sequence[FileChange]) -> tuple[FileChange, ...]:
    return tuple(sorted(changes, key=lambda change: change.path))


def _note(session: Session, name: SessionId, undone: Undone) -> None:
    """Let the session's model read what was taken back."""
    run = session.state.run.run or RunId("r1")
    files = ", ".join(f"{change.path} ({change.change})" for change in undone.changed[:20]) or "none"
    said = (
        f"The operator took back the files of {len(undone.calls)} calls. Changed by that: {files}. "
        f"The state before is image {undone.image}."
    )
    session.emit(MessageGiven(text=said, source=Source.KERNEL), Place(session=name, run=run))
