"""Cutting a session's records off, at either end or all of them, shows: anchors are kept outside of its file."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hermes_tui.capabilities.state.anchors import AnchorKeeper, anchors, check, exported, keep, read_export
from hermes_tui.capabilities.state.journal import JournalOptions
from hermes_tui.capabilities.state.ledger import Ledger
from hermes_tui.domain.errors import JournalUnreadable
from hermes_tui.domain.ids import Seq
from tests.capabilities.state.samples import PLACE, StillClock, open_journal, said

RECORDS = 8


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    found = Ledger(tmp_path / "state" / "ledger.db", StillClock())
    yield found
    found.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "sessions" / "s1.db"


def write(path: Path, ledger: Ledger | None, texts: list[str]) -> None:
    """Append a record per text, anchored as a run anchors them."""
    keeper = None if ledger is None else AnchorKeeper(ledger, path.stem)
    journal = open_journal(path, JournalOptions(on_committed=None if keeper is None else keeper.reached))
    for text in texts:
        journal.append(said(text), PLACE)
    journal.close()
    if keeper is not None:
        keeper.close()


def alter(path: Path, *statements: str) -> None:
    """Change a session file as somebody would who may write it."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def resealed(path: Path, kept: int) -> None:
    """Keep the first records and seal them anew: a chain that holds by itself, only shorter."""
    copy = path.with_name("copy.db")
    write(copy, None, [f"text {number}" for number in range(1, kept + 1)])
    shutil.move(copy, path)


def emptied(path: Path) -> None:
    """Put a fresh session file without any record in its place."""
    path.unlink()
    open_journal(path).close()


def replaced(path: Path) -> None:
    """Put a session with other records in its place, sealed by itself."""
    path.unlink()
    write(path, None, ["something else"] * (RECORDS + 1))


TAMPERED: dict[str, tuple[Callable[[Path], None], str]] = {
    "the first record": (lambda path: alter(path, "DELETE FROM record WHERE seq=1"), "first records are gone"),
    "the first three": (lambda path: alter(path, "DELETE FROM record WHERE seq<=3"), "begins with 4"),
    "the last record": (lambda path: alter(path, "DELETE FROM record WHERE seq=8"), "cut off after record 7"),
    "the last three": (lambda path: alter(path, "DELETE FROM record WHERE seq>5"), "cut off after record 5"),
    "the last three, sealed anew": (lambda path: resealed(path, 5), "cut off after record 5"),
    "all records": (lambda path: alter(path, "DELETE FROM record"), "every record is gone"),
    "all records and the head": (lambda path: alter(path, "DELETE FROM record", "DELETE FROM meta"), "schema version"),
    "all records, an empty file": (emptied, "every record is gone"),
    "the file": (lambda path: path.unlink(), "the file is gone"),
    "a record in the middle": (lambda path: alter(path, "DELETE FROM record WHERE seq=4"), "record 4"),
    "a body": (lambda path: alter(path, 'UPDATE record SET body=\'{"text":"z"}\' WHERE seq=2'), "record 2"),
    "a time": (lambda path: alter(path, "UPDATE record SET at=at+1 WHERE seq=3"), "record 3"),
    "everything, a chain of its own": (replaced, "written anew"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_what_was_done_to_a_session_is_named(name: str, path: Path, ledger: Ledger) -> None:
    change, named = TAMPERED[name]
    write(path, ledger, [f"text {number}" for number in range(1, RECORDS + 1)])
    known = anchors(ledger)["s1"]
    assert check(path, known) is None

    change(path)

    found = check(path, known)
    assert found is not None
    assert named in found.what


def test_a_session_that_went_on_still_fits_its_older_anchors(path: Path, ledger: Ledger) -> None:
    write(path, ledger, ["one"])
    write(path, ledger, ["two", "three"])

    known = anchors(ledger)["s1"]

    assert [anchor.seq for anchor in known][-1] == 3
    assert check(path, known) is None


def test_anchors_are_few_and_the_newest_ones(ledger: Ledger) -> None:
    for seq in range(1, 201):
        keep(ledger, "s1", seq, bytes([seq]))

    found = [anchor.seq for anchor in anchors(ledger)["s1"]]

    assert found == list(range(151, 201))


def test_a_live_session_is_anchored_at_times_not_at_every_commit(ledger: Ledger) -> None:
    seconds = [0.0]
    keeper = AnchorKeeper(ledger, "s1", now=lambda: seconds[0])

    for seq in range(1, 31):
        keeper.reached(Seq(seq), bytes([seq]))
        seconds[0] += 1.0

    assert [anchor.seq for anchor in anchors(ledger)["s1"]] == [2, 12, 22]
    keeper.close()
    assert anchors(ledger)["s1"][-1].seq == 30


def test_a_full_ledger_keeps_no_record_from_being_made(path: Path, ledger: Ledger) -> None:
    ledger.close()

    write(path, ledger, ["one", "two"])

    assert check(path, []) is None


def test_an_exported_chain_finds_what_a_tampered_ledger_hides(path: Path, ledger: Ledger, tmp_path: Path) -> None:
    write(path, ledger, [f"text {number}" for number in range(1, RECORDS + 1)])
    out = tmp_path / "chain.jsonl"
    out.write_text("\n".join(exported(path, anchors(ledger)["s1"])), encoding="utf-8")

    resealed(path, 5)

    found = check(path, read_export(out))
    assert check(path, []) is None
    assert found is not None
    assert "cut off after record 5" in found.what
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert (lines[0]["schema"], len(lines), lines[1]["body"]["text"]) == ("hermes.audit/1", RECORDS + 1, "text 1")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema": "other"}', '{"schema": "hermes.audit/1"}', "x"])
def test_what_is_no_exported_chain_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "chain.jsonl"
    file.write_text(text)

    with pytest.raises(JournalUnreadable, match="no exported audit chain"):
        read_export(file)
