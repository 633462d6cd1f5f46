"""The run's board: values that its agents share, each with a version; a change names the version it is based on."""

from __future__ import annotations

import json
from typing import Final

from hermes_tui.domain.errors import ToolError
from hermes_tui.domain.events import BoardSet
from hermes_tui.domain.ids import CallId
from hermes_tui.domain.ports import ToolOutcome
from hermes_tui.domain.records import Place
from hermes_tui.domain.state import SessionState
from hermes_tui.domain.state.agents import AgentsState, BoardEntry
from hermes_tui.kernel.kit import Kit

MOST_ENTRIES: Final = 200
MOST_CHARACTERS: Final = 20_000
KEY_CHARACTERS: Final = 100


def shown(state: AgentsState, key: str) -> ToolOutcome:
    """Return one entry, or without a key every key with its version.

    Raises:
        ToolError: there is no such entry.
    """
    if key:
        entry = state.board.get(key)
        if entry is None:
            known = ", ".join(state.board) or "nothing"
            raise ToolError(f"The board has no {key!r}.", hint=f"There is: {known}.", kind="missing")
        return _outcome(key, entry)
    rows = {name: {"version": entry.version, "by": entry.by} for name, entry in state.board.items()}
    listing = [f"{name}  version {entry.version} by {entry.by}" for name, entry in state.board.items()]
    listing.append(f"The board is at revision {state.revision}." if rows else "The board is empty.")
    return ToolOutcome(output="\n".join(listing), data=json.dumps(rows))


async def changes(kit: Kit, key: str, since: int, wait_s: float, place: Place) -> ToolOutcome:
    """Return what changed after revision `since`, of one entry or of all; wait for it, no longer than `wait_s`.

    A word to the agent ends the wait, so that it is read.
    """

    def found(state: SessionState) -> dict[str, BoardEntry]:
        board = state.agents.board
        return {name: one for name, one in board.items() if one.revision > since and key in ("", name)}

    def news(state: SessionState) -> bool:
        return bool(found(state) or state.talk.of(place.agent).unread)

    if wait_s and kit.crew is not None:
        await kit.crew.until(news, wait_s)
    state = kit.session.state
    changed = found(state)
    said = [_outcome(name, entry).output for name, entry in changed.items()] or ["Nothing changed."]
    fields = {name: {"version": one.version, "by": one.by, "value": one.value} for name, one in changed.items()}
    return ToolOutcome(
        output="\n".join([*said, f"The board is at revision {state.agents.revision}."]),
        data=json.dumps({"revision": state.agents.revision, "changed": fields}, ensure_ascii=False),
    )


async def write(kit: Kit, call_id: CallId, change: tuple[str, str, int | None], place: Place) -> ToolOutcome:
    """Set an entry durably; `change` is its key, its value, and the version that the caller knows (0 or None: new).

    A call that already did so, before a crash, changes nothing.

    Raises:
        ToolError: the entry has moved on, or is too large; the message says what it is now.
    """
    key, value, version = change
    if not key or len(key) > KEY_CHARACTERS or len(value) > MOST_CHARACTERS:
        limits = f"A key has 1 to {KEY_CHARACTERS} characters, a value at most {MOST_CHARACTERS:,}."
        raise ToolError(limits, hint="Keep long text in a file and put its path here.", kind="too_large")
    with kit.session.deciding:
        board = kit.session.state.agents.board
        old = board.get(key)
        if old is not None and old.call_id == call_id:
            return _outcome(key, old)
        _check(key, old, version, len(board))
        event = BoardSet(key=key, value=value, version=(old.version if old else 0) + 1, call_id=call_id)
        record = kit.session.emit(event, place)
        entry = kit.session.state.agents.board[key]
    await kit.session.commit(record)
    return _outcome(key, entry)


def _check(key: str, old: BoardEntry | None, version: int | None, entries: int) -> None:
    now = old.version if old is not None else 0
    if now != (version or 0):
        said = f"{key!r} is at version {now}, not {version or 0}."
        value = f" It is now, by {old.by}: {old.value[:1000]}" if old is not None else ""
        raise ToolError(f"{said}{value}", hint="Take that into account and write again.", kind="conflict")
    if old is None and entries >= MOST_ENTRIES:
        raise ToolError(f"The board has {MOST_ENTRIES} entries already.", kind="too_large")


def _outcome(key: str, entry: BoardEntry) -> ToolOutcome:
    fields = {"key": key, "version": entry.version, "by": entry.by, "value": entry.value}
    return ToolOutcome(
        output=f"{key}, version {entry.version} by {entry.by}:\n{entry.value}",
        data=json.dumps(fields, ensure_ascii=False),
    )
