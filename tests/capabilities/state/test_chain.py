"""The chain of a session file: a link per commit, and checksums that name the record that was changed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import time
from pathlib import Path
from zlib import adler32, crc32

import pytest

from hermes_tui.capabilities.state.anchors import exported
from hermes_tui.capabilities.state.batch import MOST
from hermes_tui.capabilities.state.follower import verify_chain
from hermes_tui.capabilities.state.journal import CROWDED, JournalOptions, SessionJournal
from tests.capabilities.state.samples import PLACE, open_journal, said

KEY = b"k"
ENVELOPE = "seq, v, at, session, run, turn, task, attempt, agent, cause, type"
FIRST, LAST = 2, 5
"""The records of the second commit."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a session of three commits: one record, four that belong together, one."""
    path = tmp_path / "state" / "sessions" / "s1.db"
    journal = open_journal(path, JournalOptions(key=KEY))
    journal.append(said("first"), PLACE)
    journal.close()
    journal = open_journal(path, JournalOptions(key=KEY))
    with journal.together():
        for number in range(FIRST, LAST + 1):
            journal.append(said(str(number)), PLACE)
    journal.close()
    journal = open_journal(path, JournalOptions(key=KEY))
    journal.append(said("last"), PLACE)
    journal.close()
    return path


def asked(path: Path, sql: str, *values: object) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(sql, values).fetchall()


def covered(path: Path, seq: int) -> bytes:
    """Return what a link covers of a record, worked out anew: its envelope and its body's hash."""
    (envelope,) = asked(path, f"SELECT {ENVELOPE} FROM record WHERE seq=?", seq)  # noqa: S608 - a constant
    ((body,),) = asked(path, "SELECT body FROM record WHERE seq=?", seq)
    assert isinstance(body, bytes)
    return json.dumps(envelope, separators=(",", ":")).encode() + hashlib.sha256(body).digest()


def macs(path: Path) -> list[object]:
    return [mac for (mac,) in asked(path, "SELECT mac FROM record ORDER BY seq")]


def test_the_last_record_of_a_commit_holds_a_link_over_all_of_it(path: Path) -> None:
    link, links = b"", list[bytes]()
    for commit in ([1], range(FIRST, LAST + 1), [LAST + 1]):
        content = b"".join(covered(path, seq) for seq in commit)
        link = hashlib.blake2b(link + content, digest_size=32, key=KEY).digest()
        links.append(link)

    checksums = [adler32(covered(path, seq)) for seq in range(FIRST, LAST)]
    assert macs(path) == [links[0], *checksums, links[1], links[2]]
    assert verify_chain(path, key=KEY) is None


def test_a_session_with_a_link_in_each_record_holds_as_well(path: Path) -> None:
    link = b""
    for seq in range(1, LAST + 2):
        link = hashlib.blake2b(link + covered(path, seq), digest_size=32, key=KEY).digest()
        asked(path, "UPDATE record SET mac=? WHERE seq=?", link, seq)
    seal = hashlib.blake2b((LAST + 1).to_bytes(8, "big") + link, digest_size=32, key=KEY, person=b"hermes.head")
    asked(path, "UPDATE meta SET value=? WHERE key='head'", f"{LAST + 1} {seal.hexdigest()}")

    whole = verify_chain(path, key=KEY)
    asked(path, "UPDATE record SET at=at+1 WHERE seq=4")

    assert (whole, verify_chain(path, key=KEY)) == (None, 4)


def test_records_with_the_checksum_of_earlier_versions_hold_as_well(path: Path) -> None:
    for seq in range(FIRST, LAST):
        asked(path, "UPDATE record SET mac=? WHERE seq=?", crc32(covered(path, seq)), seq)

    assert verify_chain(path, key=KEY) is None


def test_a_change_that_fits_its_checksum_breaks_the_link_of_its_commit(path: Path) -> None:
    asked(path, "UPDATE record SET at=at+1 WHERE seq=4")
    named = verify_chain(path, key=KEY)
    asked(path, "UPDATE record SET mac=? WHERE seq=4", adler32(covered(path, 4)))

    assert (named, verify_chain(path, key=KEY)) == (4, FIRST)


@pytest.mark.parametrize("mac", [b"", b"\x00" * 32, 0, "x"])
def test_a_link_that_was_put_in_or_taken_out_shows(path: Path, mac: object) -> None:
    asked(path, "UPDATE record SET mac=? WHERE seq=4", mac)
    inner = verify_chain(path, key=KEY)
    asked(path, "UPDATE record SET mac=? WHERE seq=4", adler32(covered(path, 4)))
    asked(path, "UPDATE record SET mac=? WHERE seq=?", adler32(covered(path, LAST)), LAST)

    assert inner in (FIRST, 4)
    assert verify_chain(path, key=KEY) == FIRST


def test_an_exported_chain_has_the_link_of_each_commit(path: Path) -> None:
    lines = [json.loads(line) for line in list(exported(path, []))[1:]]

    linked = {line["seq"]: bytes.fromhex(line["mac"]) for line in lines if line["mac"]}
    assert linked == {seq: mac for seq, mac in enumerate(macs(path), start=1) if isinstance(mac, bytes)}
    assert list(linked) == [1, LAST, LAST + 1]


def test_a_session_that_was_cut_within_a_commit_goes_on_and_the_cut_shows(path: Path) -> None:
    asked(path, "DELETE FROM record WHERE seq>3")

    journal = open_journal(path, JournalOptions(key=KEY))
    journal.append(said("more"), PLACE)
    journal.close()

    assert [seq for (seq,) in asked(path, "SELECT seq FROM record")] == [1, 2, 3, 4]
    assert verify_chain(path, key=KEY) == FIRST


def sealed_upto(path: Path) -> int:
    found = asked(path, "SELECT value FROM meta WHERE key='head'")
    return int(str(found[0][0]).partition(" ")[0]) if found else 0


def crowd(journal: SessionJournal, count: int) -> None:
    """Append records that go in one commit."""
    with journal.together():
        for number in range(count):
            journal.append(said(str(number)), PLACE)


@pytest.mark.parametrize("count", [2, 4, 5, 63, 64, 65, 257, MOST - 1, MOST, MOST + 1, 2 * MOST + 3])
def test_a_commit_of_any_size_is_one_link(path: Path, count: int) -> None:
    journal = open_journal(path, JournalOptions(key=KEY))
    crowd(journal, count)
    journal.close()

    stored = asked(path, "SELECT json_extract(body, '$.text') FROM record WHERE seq>? ORDER BY seq", LAST + 1)
    assert stored == [(str(number),) for number in range(count)]
    assert [isinstance(mac, bytes) for mac in macs(path)[6:]] == [False] * (count - 1) + [True]
    assert (verify_chain(path, key=KEY), sealed_upto(path)) == (None, LAST + 1 + count)


def test_a_crowded_commit_is_sealed_when_nothing_more_comes(path: Path) -> None:
    journal = open_journal(path, JournalOptions(key=KEY))
    crowd(journal, CROWDED)
    while sealed_upto(path) != LAST + 1 + CROWDED:
        time.sleep(0.01)

    assert verify_chain(path, key=KEY) is None
    journal.close()


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ("UPDATE meta SET value=value", None),
        ("DELETE FROM record WHERE seq>5", 6),
        ("UPDATE meta SET value='6 00' WHERE key='head'", 9),
        ("DELETE FROM meta WHERE key='head'", 1),
        ("UPDATE record SET at=at+1 WHERE seq=7", 7),
    ],
)
def test_a_seal_may_be_behind_and_never_ahead(path: Path, change: str, broken: int | None) -> None:
    (seal,) = asked(path, "SELECT value FROM meta WHERE key='head'")[0]
    journal = open_journal(path, JournalOptions(key=KEY))
    crowd(journal, 2)
    journal.close()
    asked(path, "UPDATE meta SET value=? WHERE key='head'", seal)

    asked(path, change)

    assert verify_chain(path, key=KEY) == broken
