"""Anchors of the audit chains, kept outside the session files: what was once on record cannot be cut off unseen."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from hermes_tui.capabilities.state import checkpoints
from hermes_tui.capabilities.state.blobs import Blobs
from hermes_tui.capabilities.state.database import connect_reader
from hermes_tui.capabilities.state.follower import verify_chain
from hermes_tui.capabilities.state.journal import blob_folder
from hermes_tui.capabilities.state.ledger import Ledger
from hermes_tui.capabilities.state.reading import read_session
from hermes_tui.capabilities.state.rows import NO_MAC, SELECT, is_link, referred_hash
from hermes_tui.domain.errors import HermesError, JournalUnreadable
from hermes_tui.domain.ids import Seq
from hermes_tui.domain.state import fold_all
from hermes_tui.domain.values import frozen

EVERY_S: Final = 10.0
"""How long the newest records may go without an anchor while a session lives."""
FIRST_S: Final = 1.0
"""How long they may when it opens: what begins or wakes does not wait for the ledger's disk as well."""
_KEPT: Final = 50
_HEADER: Final = "hermes.audit/1"


@frozen(kw_only=False)
class Anchor:
    """Record `seq` of a session had the link `mac` at Unix second `at`."""

    session: str
    seq: int
    mac: bytes
    at: float


@frozen(kw_only=False)
class Break:
    """What is wrong with a chain, and from which record on."""

    session: str
    seq: Seq
    what: str


class AnchorKeeper:
    """Anchors a live session in the ledger: every `EVERY_S` seconds with something committed, and at its end."""

    def __init__(self, ledger: Ledger, session: str, *, now: Callable[[], float] = time.monotonic) -> None:
        self._ledger = ledger
        self._session = session
        self._now = now
        self._last: tuple[int, bytes] | None = None
        self._due = now() + FIRST_S

    def reached(self, seq: Seq, mac: bytes) -> None:
        """Take note of a commit; called on the writer's thread."""
        self._last = (seq, mac)
        if self._now() >= self._due:
            self.close()

    def close(self) -> None:
        """Anchor what was committed last. A ledger that cannot be written keeps no record from being made."""
        if self._last is None:
            return
        self._due = self._now() + EVERY_S
        with contextlib.suppress(HermesError, sqlite3.Error):
            keep(self._ledger, self._session, *self._last)
            self._last = None


def keep(ledger: Ledger, session: str, seq: int, mac: bytes) -> None:
    """Write an anchor; the newest ones of a session are kept.

    Raises:
        JournalPoisoned: the disk is full or fails.
    """
    with ledger.transaction() as connection:
        connection.execute("INSERT OR IGNORE INTO anchor VALUES(?, ?, ?, ?)", (session, seq, mac, time.time()))
        connection.execute(
            "DELETE FROM anchor WHERE session=?1 AND seq <= "
            "(SELECT seq FROM anchor WHERE session=?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)",
            (session, _KEPT),
        )


def anchors(ledger: Ledger) -> dict[str, list[Anchor]]:
    """Return the anchors of every session, oldest first."""
    found: dict[str, list[Anchor]] = {}
    with ledger.transaction() as connection:
        rows = connection.execute("SELECT session, seq, mac, at FROM anchor ORDER BY session, seq").fetchall()
    for session, seq, mac, at in rows:
        found.setdefault(session, []).append(Anchor(session, seq, bytes(mac), at))
    return found


def check(path: Path, known: Sequence[Anchor]) -> Break | None:
    """Return the first thing that is wrong with a session, by its own chain and by anchors kept elsewhere."""
    session = path.stem
    newest = known[-1] if known else None
    if not path.exists():
        return None if newest is None else Break(session, Seq(1), f"the file is gone; {_said(newest)}")
    try:
        links = _links(path)
    except JournalUnreadable as error:
        return Break(session, Seq(1), error.message)
    if not links:
        return None if newest is None else Break(session, Seq(1), f"every record is gone; {_said(newest)}")
    first = min(links)
    if first != 1:
        return Break(session, Seq(1), f"the first records are gone: it begins with {first}")
    broken = verify_chain(path)
    if newest is not None and max(links) < newest.seq:
        return Break(session, Seq(max(links) + 1), f"the end is cut off after record {max(links)}; {_said(newest)}")
    if broken is not None:
        return Break(session, broken, f"the chain breaks: record {broken} was changed, moved or removed")
    for anchor in known:
        if links.get(anchor.seq) != anchor.mac:
            return Break(session, Seq(anchor.seq), f"the chain was written anew: {_said(anchor)}, and it is another")
    return _misfold(path)


def _misfold(path: Path) -> Break | None:
    """Return that the stored fold of a session is not what its records come to, if so."""
    with contextlib.closing(connect_reader(path)) as connection:
        kept = checkpoints.find(connection)
    if kept is None:
        return None
    folded = fold_all(record for record in read_session(path) if record.seq <= kept.seq)
    if folded == kept:
        return None
    return Break(path.stem, kept.seq, f"the state stored at record {kept.seq} is not what the records come to")


def exported(path: Path, known: Sequence[Anchor]) -> Iterator[str]:
    """Yield a session's chain as lines of JSON, to be kept elsewhere: a header, then each record; `mac` is its link.

    A record that was not the last of its commit has none.

    Raises:
        JournalUnreadable: the file is damaged.
    """
    header = {"schema": _HEADER, "session": path.stem, "anchors": [{"seq": a.seq, "at": a.at} for a in known]}
    yield json.dumps(header)
    with contextlib.closing(connect_reader(path)) as connection:
        blobs = Blobs(connection, blob_folder(path))
        try:
            for row in connection.execute(SELECT, (0,)):
                yield json.dumps(_line(row, blobs), ensure_ascii=False)
        except sqlite3.Error as error:
            raise JournalUnreadable(f"{path} is damaged: {error}.", hint="Restore an export.") from error


def read_export(path: Path) -> list[Anchor]:
    """Return every link of an exported chain as an anchor.

    Raises:
        JournalUnreadable: it is no exported chain.
    """
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        if lines[0]["schema"] != _HEADER:
            raise JournalUnreadable(f"{path} is no exported audit chain.")
        session = str(lines[0]["session"])
        linked = [line for line in lines[1:] if line["mac"]]
        return [Anchor(session, int(line["seq"]), bytes.fromhex(line["mac"]), float(line["at"])) for line in linked]
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise JournalUnreadable(f"{path} is no exported audit chain: {error}.") from error


def _links(path: Path) -> dict[int, bytes]:
    with contextlib.closing(connect_reader(path)) as connection:
        try:
            rows = connection.execute("SELECT seq, mac FROM record")
            return {int(seq): mac if is_link(mac) else NO_MAC for seq, mac in rows}
        except sqlite3.Error as error:
            raise JournalUnreadable(f"{path} is damaged: {error}.", hint="Restore an export.") from error


def _line(row: tuple[object, ...], blobs: Blobs) -> dict[str, object]:
    names = ("seq", "v", "at", "session", "run", "turn", "task", "attempt", "agent", "cause", "type")
    body = row[11] if isinstance(row[11], bytes) else str(row[11]).encode()
    referred = referred_hash(body)
    whole = body if referred is None else blobs.find(referred)
    mac = row[-1]
    line: dict[str, object] = dict(zip(names, row, strict=False))
    line["sha256"] = referred or hashlib.sha256(body).hexdigest()
    line["body"] = None if whole is None else json.loads(whole)
    return line | {"mac": mac.hex() if is_link(mac) else ""}


def _said(anchor: Anchor) -> str:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(anchor.at))
    return f"record {anchor.seq} was anchored at {when} UTC"
