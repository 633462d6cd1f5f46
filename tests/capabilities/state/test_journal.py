"""The journal: durable, in order, sealed, without secrets, and owned by one process."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hermes_tui.capabilities.governance.redact import SecretRedactor
from hermes_tui.capabilities.state.batch import MOST
from hermes_tui.capabilities.state.database import connect_owner, connect_reader, refuse_network
from hermes_tui.capabilities.state.follower import tail, verify_chain
from hermes_tui.capabilities.state.journal import JournalOptions
from hermes_tui.capabilities.state.lock import SessionLock, is_free, owner_of
from hermes_tui.domain.errors import JournalPoisoned, JournalUnreadable, SessionLocked
from hermes_tui.domain.events import MessageGiven
from hermes_tui.domain.ids import AgentId, RunId, Seq, TaskId, TurnId
from hermes_tui.domain.records import Place, Record
from tests.capabilities.state.samples import EVENTS, PLACE, StillClock, open_journal, said

ROOT = Path(__file__).parents[3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "sessions" / "s1.db"


def listed(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}


class GatedConnection(sqlite3.Connection):
    """Holds each commit until `gate` is set; fails it while `broken`."""

    gate = threading.Event()
    reached = threading.Event()
    broken = False
    commits = 0

    def execute(self, sql: str, /, *args: object) -> sqlite3.Cursor:
        if sql == "COMMIT" or (sql.startswith("INSERT INTO record") and not self.in_transaction):
            type(self).reached.set()
            assert type(self).gate.wait(30)
            if type(self).broken:
                raise sqlite3.OperationalError("disk I/O error")
            type(self).commits += 1
        return super().execute(sql, *args)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def gated(path: Path) -> sqlite3.Connection:
    connect_owner(path).close()
    GatedConnection.gate, GatedConnection.reached = threading.Event(), threading.Event()
    GatedConnection.broken, GatedConnection.commits = False, 0
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=GatedConnection)
    connection.execute("PRAGMA synchronous=FULL")
    return connection


async def test_every_event_is_published_stored_and_read(path: Path) -> None:
    place = Place(
        session=PLACE.session,
        run=RunId("r"),
        turn=TurnId("u"),
        task=TaskId("t"),
        attempt=2,
        agent=AgentId("a"),
        cause=Seq(1),
    )
    live: list[Record] = []
    journal = open_journal(path, publish=live.append)
    records = [journal.append(event, place) for event in EVENTS]
    await journal.durable(records[-1].seq)
    assert journal.last_durable == len(EVENTS)
    assert list(journal.read(Seq(0))) == records == live
    assert [record.seq for record in journal.read(Seq(5))] == list(range(6, len(EVENTS) + 1))
    journal.close()
    again = open_journal(path)
    assert again.append(said("more"), PLACE).seq == len(EVENTS) + 1
    again.close()
    assert listed(path.parent) == {"s1.db": 0o600, "s1.lock": 0o600}
    assert verify_chain(path) is None


async def test_a_place_without_a_run_turn_or_task_is_another_than_one_with_empty_names(path: Path) -> None:
    without = Place(session=PLACE.session)
    empty = Place(session=PLACE.session, run=RunId(""), turn=TurnId(""), task=TaskId(""))
    naught = Place(session=PLACE.session, run=RunId("0"), turn=TurnId("0"), task=TaskId("0"))
    journal = open_journal(path)

    records = [journal.append(said("hello"), place) for place in (without, empty, naught, without)]
    await journal.durable(records[-1].seq)

    assert [record.place for record in journal.read(Seq(0))] == [without, empty, naught, without]
    journal.close()
    assert verify_chain(path) is None


async def test_what_waits_goes_in_one_commit(path: Path) -> None:
    journal = open_journal(path, JournalOptions(connect=gated))
    journal.append(said("first"), PLACE)
    await asyncio.to_thread(GatedConnection.reached.wait, 30)
    waiting = [asyncio.ensure_future(journal.durable(journal.append(said(str(n)), PLACE).seq)) for n in range(300)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    GatedConnection.gate.set()
    await asyncio.gather(*waiting)
    assert GatedConnection.commits == 2
    journal.close()


@pytest.mark.parametrize("before", [MOST - 2, MOST - 1])
async def test_what_belongs_together_is_in_one_commit_also_where_a_batch_would_end(path: Path, before: int) -> None:
    ends: list[int] = []
    options = JournalOptions(connect=gated, on_committed=lambda seq, _: ends.append(seq))
    journal = open_journal(path, options)
    journal.append(said("first"), PLACE)
    await asyncio.to_thread(GatedConnection.reached.wait, 30)
    for n in range(before):
        journal.append(said(str(n)), PLACE)

    with journal.together():
        records = [journal.append(said(text), PLACE) for text in ("goal", "plan", "picture")]
    last = journal.append(said("after"), PLACE)
    GatedConnection.gate.set()
    await journal.durable(last.seq)
    journal.close()

    assert not set(ends) & {record.seq for record in records[:-1]}
    assert len(ends) > 1


async def test_a_failed_commit_poisons(path: Path) -> None:
    told: list[JournalPoisoned] = []
    published: list[Record] = []
    options = JournalOptions(connect=gated, on_poisoned=told.append)
    journal = open_journal(path, options, publish=published.append)
    GatedConnection.gate.set()
    await journal.durable(journal.append(said("good"), PLACE).seq)
    GatedConnection.broken = True
    lost = journal.append(said("lost"), PLACE)
    with pytest.raises(JournalPoisoned, match="disk I/O error"):
        await journal.durable(lost.seq)
    with pytest.raises(JournalPoisoned):
        journal.append(said("after"), PLACE)
    with pytest.raises(JournalPoisoned):
        await journal.durable(Seq(99))
    await journal.durable(Seq(1))
    assert len(published) == 2
    journal.close()
    assert len(told) == 1
    GatedConnection.broken = False
    again = open_journal(path)
    assert [record.seq for record in again.read(Seq(0))] == [1]
    again.close()


async def test_a_cancelled_waiter_does_no_harm(path: Path) -> None:
    journal = open_journal(path, JournalOptions(connect=gated))
    record = journal.append(said("x"), PLACE)
    waiting = asyncio.ensure_future(journal.durable(record.seq))
    await asyncio.sleep(0)
    waiting.cancel()
    GatedConnection.gate.set()
    await journal.durable(record.seq)
    journal.close()
    with pytest.raises(JournalPoisoned):
        journal.append(said("closed"), PLACE)


SECRETS = {
    "openai": "sk-proj-Ab3dEfGhIjKlMnOpQrStUvWx",
    "anthropic": "sk-ant-api03-Zy9xWvUtSrQpOnMlKjIhGf",
    "openrouter": "sk-or-v1-0123456789abcdef0123456789abcdef",
    "github": "ghp_0123456789abcdefghijABCDEFGHIJ012345",
    "aws": "AKIAIOSFODNN7EXAMPLE",
    "google": "AIzaSyA0123456789abcdefghijklmnopqrstuv",
    "slack": "xoxb-123456789012-abcdefghijkl",
    "stripe": "sk_live_0123456789abcdefghijklmn",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJlLWhlcmU",
    "own": "correct horse battery staple",
}


async def test_no_secret_reaches_the_disk(path: Path) -> None:
    live: list[Record] = []
    journal = open_journal(path, publish=live.append, redactor=SecretRedactor([SECRETS["own"]]))
    for secret in SECRETS.values():
        journal.append(said(f"The key is\n{secret} and {secret}."), PLACE)
    long = journal.append(said("x" * 70_000 + " " + SECRETS["openai"]), PLACE)
    await journal.durable(long.seq)
    assert list(journal.read(Seq(0))) == live
    body = live[0].body
    assert isinstance(body, MessageGiven)
    assert body.text == "The key is\n[SECRET:openai:1] and [SECRET:openai:1]."
    assert long.seq == len(SECRETS) + 1
    journal.close()
    stored = b"".join(file.read_bytes() for file in path.parent.parent.rglob("*") if file.is_file())
    assert [name for name, secret in SECRETS.items() if secret.encode() in stored] == []


@pytest.mark.parametrize("size", [65_000, 66_000, 999_000, 1_100_000])
async def test_long_bodies(path: Path, size: int) -> None:
    journal = open_journal(path)
    record = journal.append(said("ü" + "x" * size), PLACE)
    await journal.durable(record.seq)
    assert list(journal.read(Seq(0))) == [record]
    journal.close()
    files = [file for file in (path.parent.parent / "blobs").rglob("*") if file.is_file()]
    assert len(files) == (1 if size > 1_000_000 else 0)
    assert verify_chain(path) is None


def filled(path: Path, count: int = 5, key: bytes = b"k") -> None:
    journal = open_journal(path, JournalOptions(key=key))
    for number in range(count):
        journal.append(said(str(number) + "y" * (70_000 if number == 3 else 0)), PLACE)
    journal.close()


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ('UPDATE record SET body=\'{"text":"z"}\' WHERE seq=2', 2),
        ("UPDATE record SET at=at+1 WHERE seq=3", 3),
        ("UPDATE record SET agent='x' WHERE seq=1", 1),
        ("DELETE FROM record WHERE seq=2", 2),
        ("DELETE FROM record WHERE seq=5", 5),
        ("DELETE FROM record WHERE seq>3", 4),
        ("DELETE FROM record", 1),
        ("DELETE FROM meta WHERE key='head'", 1),
        ("UPDATE blob SET body='x'", 4),
        ("DELETE FROM blob", None),
        ("UPDATE meta SET value=value", None),
    ],
)
def test_a_broken_chain_shows(path: Path, change: str, broken: int | None) -> None:
    filled(path)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(change)
    assert verify_chain(path, key=b"k") == broken


def test_an_erased_body_leaves_the_chain_whole_and_another_key_does_not_fit(path: Path) -> None:
    filled(path)
    assert verify_chain(path, key=b"other") == 1
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        (body,) = connection.execute("SELECT body FROM record WHERE seq=2").fetchone()
        digest = hashlib.sha256(body).hexdigest()
        connection.execute("UPDATE record SET body=? WHERE seq=2", (f"#{digest}".encode(),))
    assert verify_chain(path, key=b"k") is None


async def test_followers_see_what_is_durable(path: Path) -> None:
    journal = open_journal(path)
    records = [journal.append(said(str(number)), PLACE) for number in range(600)]
    await journal.durable(records[-1].seq)
    clock = StillClock()
    seen: list[Record] = []
    follower = tail(path, Seq(10), clock=clock)
    async for record in follower:
        seen.append(record)
        if len(seen) == 590:
            break
    assert seen == records[10:]
    late = journal.append(said("late"), PLACE)
    assert await anext(follower) == late
    journal.close()
    await follower.aclose()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    assert [record.seq async for record in _first(path, 3)] == [1, 2, 3]


async def _first(path: Path, count: int):  # type: ignore[no-untyped-def]  # noqa: ANN202
    async for record in tail(path, Seq(0), clock=StillClock()):
        yield record
        if record.seq == count:
            return


def test_a_reader_cannot_write(path: Path) -> None:
    filled(path)
    with contextlib.closing(connect_reader(path)) as connection, pytest.raises(sqlite3.OperationalError):
        connection.execute("DELETE FROM record")


def test_files_that_are_no_sessions(tmp_path: Path) -> None:
    text = tmp_path / "text.db"
    text.write_text("not a database, but quite long enough to look at " * 20)
    other = tmp_path / "other.db"
    with contextlib.closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE t(x)")
    newer = tmp_path / "newer.db"
    connect_owner(newer).close()
    with contextlib.closing(sqlite3.connect(newer)) as connection, connection:
        connection.execute("UPDATE meta SET value='2' WHERE key='schema'")
    for file, words in ((text, "not a database"), (other, "not a session"), (newer, "newer Hermes")):
        for opener in (connect_owner, connect_reader):
            with pytest.raises(JournalUnreadable, match=words) as caught:
                opener(file)
            assert caught.value.hint
    with pytest.raises(JournalUnreadable, match="no session file"):
        connect_reader(tmp_path / "none.db")
    with pytest.raises(JournalUnreadable):
        open_journal(text)
    assert is_free(text.with_suffix(".lock"))


def test_a_damaged_page_is_said(path: Path) -> None:
    journal = open_journal(path)
    for number in range(400):
        journal.append(said(f"{number}" * 40), PLACE)
    journal.close()
    content = bytearray(path.read_bytes())
    content[8192:] = b"\x5a" * (len(content) - 8192)
    path.write_bytes(content)
    with pytest.raises(JournalUnreadable):
        verify_chain(path)


def test_network_file_systems_are_refused(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda / ext4 rw 0 0\nhost:/x {tmp_path}/net nfs4 rw 0 0\n")
    refuse_network(tmp_path / "a.db", mounts)
    (tmp_path / "net").mkdir()
    with pytest.raises(JournalUnreadable, match="nfs4"):
        refuse_network(tmp_path / "net" / "a.db", mounts)


def test_one_owner_across_processes(path: Path) -> None:
    file = path.with_suffix(".lock")
    assert is_free(file)
    journal = open_journal(path, JournalOptions(control="/run/x.sock"))
    with pytest.raises(SessionLocked, match=str(os.getpid())):
        open_journal(path)
    code = (
        "import sys; from pathlib import Path; from hermes_tui.capabilities.state.lock import *\n"
        "p = Path(sys.argv[1]); print(is_free(p), owner_of(p)['control'])\n"
        "try: SessionLock.take(p)\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, file], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("False /run/x.sock\nSessionLocked The session is in use by process ")
    assert str(os.getpid()) in done.stdout
    waits = [sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(waits, stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False) as child:
        # What is not inherited is closed one by one: `Popen` returns when one of them is, not when the lock is.
        assert child.stdout is not None
        child.stdout.readline()
        journal.close()
        assert is_free(file)
        child.communicate(b"\n")
    assert owner_of(file) == {}
    SessionLock.take(file).release()


APPENDER = """
import asyncio, sys
from pathlib import Path
from tests.capabilities.state.samples import PLACE, open_journal, said
async def main():
    journal = open_journal(Path(sys.argv[1]))
    async def one():
        while True:
            record = journal.append(said("x" * 500), PLACE)
            await journal.durable(record.seq)
            print(record.seq, flush=True)
    await asyncio.gather(*(one() for _ in range(20)))
asyncio.run(main())
"""


@pytest.mark.parametrize("lines", [1, 57, 400])
def test_what_was_acknowledged_survives_kill_9(path: Path, lines: int) -> None:
    arguments = [sys.executable, "-c", APPENDER, str(path)]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        seen = [int(child.stdout.readline()) for _ in range(lines)]
        child.send_signal(signal.SIGKILL)
        seen += [int(line) for line in child.stdout if line.endswith("\n")]
    journal = open_journal(path)
    stored = [record.seq for record in journal.read(Seq(0))]
    journal.close()
    assert stored == list(range(1, len(stored) + 1))
    assert max(seen) <= len(stored)
    assert verify_chain(path) is None
