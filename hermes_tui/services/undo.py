"""Take back what a run changed in files, from the images that were made before each of its calls."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hermes_tui.capabilities.state.images import ImageStore
from hermes_tui.domain.errors import ToolError, UsageInvalid
from hermes_tui.domain.events import FileChange, MessageGiven, SessionOpened, ToolIntended
from hermes_tui.domain.ids import RunId, SessionId
from hermes_tui.domain.messages import Source
from hermes_tui.domain.records import Place, Record
from hermes_tui.domain.values import frozen
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
        ToolError: an image is gone.
    """
    folder = station.sessions()
    path = history.path_of(folder, session)
    if control.is_live(folder, path.stem):
        raise UsageInvalid(f"Session {path.stem} is running.", hint=f"`hermes runs stop {path.stem}` first.")
    records = history.records(folder, session)
    workspace = _workspace(records, station.root)
    own = (station.home.root, station.home.state)
    store = ImageStore(station.home.state / "images" / path.stem, workspace, skip=own)
    steps = [(image, "undo")] if image is not None else _steps(records, last)
    if not steps:
        raise UsageInvalid(f"Session {path.stem} changed no files.", hint="`hermes runs show` says what it did.")
    present = await store.take([target for name, _ in steps for target in store.targets(name)])
    left: list[str] = []
    for name, _ in steps:
        try:
            await store.restore(name)
        except ToolError as error:
            if error.kind != "not_kept":
                raise
            left.append(error.message)
    undone = Undone(tuple(call for _, call in steps), _by_path(await store.changes(present)), tuple(left), present)
    with station.own(SessionId(path.stem), []) as owned:
        owned.session.emit(MessageGiven(text=_note(undone), source=Source.KERNEL), _place(path.stem))
    return undone


def _steps(records: Sequence[Record], last: int | None) -> list[tuple[str, str]]:
    """Return the images to put back, newest first, each with its call."""
    intents = [record.body for record in records if isinstance(record.body, ToolIntended)]
    found = [(intent.before_image, str(intent.call_id)) for intent in reversed(intents) if intent.before_image]
    return found if last is None else found[:last]


def _workspace(records: Sequence[Record], here: Path) -> Path:
    opened = [record.body.workspace for record in records if isinstance(record.body, SessionOpened)]
    return Path(opened[-1]) if opened else here


def _by_path(changes: Sequence[FileChange]) -> tuple[FileChange, ...]:
    return tuple(sorted(changes, key=lambda change: change.path))


def _place(session: str) -> Place:
    return Place(session=SessionId(session), run=RunId("r1"))


def _note(undone: Undone) -> str:
    files = ", ".join(f"{change.path} ({change.change})" for change in undone.changed[:20]) or "none"
    return (
        f"The operator took back the files of {len(undone.calls)} calls. Changed by that: {files}. "
        f"The state before is image {undone.image}."
    )
