"""A stored fold saves the folding, and nothing hangs on it: a wrong or an old one is as if there were none."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from hermes_tui.capabilities.governance.redact import SecretRedactor
from hermes_tui.capabilities.state import checkpoints
from hermes_tui.capabilities.state.anchors import check
from hermes_tui.capabilities.state.checkpoints import BUSY_EVERY, EVERY, next_due
from hermes_tui.capabilities.state.follower import verify_chain
from hermes_tui.capabilities.state.reading import read_session
from hermes_tui.domain.ids import Seq
from hermes_tui.domain.state import SessionState, fold_all
from hermes_tui.domain.values import replace
from hermes_tui.services.sessions import owned
from tests.capabilities.state.samples import PLACE, StillClock, open_journal, said

STORED = 2 * EVERY
LATER = 7
RECORDS = STORED + LATER
Change = Callable[[sqlite3.Connection], object]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "sessions" / "s1.db"


def write(path: Path, *texts: str) -> None:
    """Let a process own the session, say something, and put it to rest."""
    with owned(path, redactor=SecretRedactor(), clock=StillClock(), readers=()) as own:
        for text in texts:
            own.session.emit(said(text), PLACE)


def many(path: Path, number: int = STORED, later: int = LATER) -> None:
    """Fill a session whose fold is stored, and go on with too few records to store another one."""
    for begin, end in ((0, number), (number, number + later)):
        write(path, *(f"text {at}" for at in range(begin, end)))


def opened(path: Path) -> tuple[SessionState, Seq]:
    """Return what a process that opens the session gets, and the record of the stored fold that it began with."""
    journal = open_journal(path)
    found = journal.resume()
    journal.close()
    return found


def whole(path: Path) -> SessionState:
    return fold_all(read_session(path))


def test_a_session_opens_from_its_last_fold_and_the_records_after_it(path: Path) -> None:
    many(path)

    state, begun = opened(path)

    assert (begun, state.seq) == (STORED, RECORDS)
    assert state == whole(path)
    assert (verify_chain(path), check(path, [])) == (None, None)


def test_one_that_rests_after_long_work_opens_from_where_it_stopped(path: Path) -> None:
    many(path, STORED, EVERY)

    assert opened(path)[1] == STORED + EVERY


def test_several_short_lives_are_stored_together_in_the_end(path: Path) -> None:
    for _ in range(3):
        write(path, *("text" for _ in range(EVERY // 2 - 1)))

    assert opened(path)[1] == 3 * (EVERY // 2 - 1)


def test_a_process_that_is_killed_leaves_the_folds_it_stored_on_its_way(path: Path) -> None:
    journal = open_journal(path)
    with contextlib.closing(sqlite3.connect(path)) as beside:
        state = SessionState()
        for at in range(3):
            state = fold_all([journal.append(said(f"text {at}"), PLACE)], state)
        journal.keep(state)
        journal.append(said("the commit that stores it"), PLACE)
        journal.close()
        stored = beside.execute("SELECT seq FROM checkpoint").fetchone()

    assert stored == (3,)


def test_a_fold_is_stored_at_every_doubling_so_that_what_is_written_grows_with_the_session() -> None:
    last, stored = 0, list[int]()
    for seq in range(1, 9_001):
        if seq >= next_due(last):
            last = seq
            stored.append(seq)

    assert stored == [BUSY_EVERY * times for times in (1, 2, 4, 8)]


def _other_version(connection: sqlite3.Connection) -> object:
    return connection.execute("UPDATE checkpoint SET version='0.0 older'")


def _other_body(connection: sqlite3.Connection) -> object:
    body = bytearray(connection.execute("SELECT body FROM checkpoint").fetchone()[0])
    body[len(body) // 2] ^= 1
    return connection.execute("UPDATE checkpoint SET body=?", (bytes(body),))


def _other_record(connection: sqlite3.Connection) -> object:
    return connection.execute("UPDATE record SET mac=x'00' WHERE seq=?", (STORED,))


def _later_record(connection: sqlite3.Connection) -> object:
    return connection.execute("UPDATE checkpoint SET seq=seq+1")


def _no_table(connection: sqlite3.Connection) -> object:
    return connection.execute("DROP TABLE checkpoint")


@pytest.mark.parametrize("change", [_other_version, _other_body, _other_record, _later_record, _no_table])
def test_one_that_does_not_fit_is_as_if_there_were_none(path: Path, change: Change) -> None:
    many(path)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        change(connection)

    state, begun = opened(path)

    assert begun == 0
    assert state == whole(path)


def test_one_whose_seal_holds_over_another_state_is_found_by_the_audit(path: Path) -> None:
    many(path)
    other = fold_all(read_session(path)[:-1])
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        checkpoints.keep(connection, replace(other, seq=Seq(RECORDS)))

    broken = check(path, [])

    assert broken is not None
    assert (broken.seq, "is not what the records come to" in broken.what) == (RECORDS, True)


def test_it_holds_no_secret(path: Path) -> None:
    write(path, *("sk-proj-" + "a1B2" * 12 for _ in range(STORED)))

    assert b"sk-proj-" not in path.read_bytes()
    assert opened(path)[1] == STORED
