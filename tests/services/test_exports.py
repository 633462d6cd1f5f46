"""An exported session: one file, whole while its owner writes on, readable anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from hermes_tui.capabilities.state.follower import verify_chain
from hermes_tui.capabilities.state.reading import read_session
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.services import history
from hermes_tui.services.exports import export
from tests.capabilities.state.samples import EVENTS, PLACE, open_journal, said


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home" / "state" / "sessions"


async def test_an_export_of_a_live_session_holds_every_durable_record_and_every_blob(
    folder: Path, tmp_path: Path
) -> None:
    journal = open_journal(folder / "s1.db")
    for event in EVENTS:
        journal.append(event, PLACE)
    journal.append(said("m" * 200_000), PLACE)
    last = journal.append(said("x" * 1_500_000), PLACE)
    await journal.durable(last.seq)

    path, size = export(folder, "s1", tmp_path / "out" / "copy.db")
    written = list(journal.read(last.seq.__class__(0)))
    journal.append(said("after the export"), PLACE)
    journal.close()
    moved = tmp_path / "elsewhere.db"
    path.rename(moved)

    assert size == moved.stat().st_size
    assert read_session(moved) == written
    assert verify_chain(moved) is None
    assert [one.name for one in tmp_path.glob("*.db*")] == ["elsewhere.db"]
    assert list((tmp_path / "out").iterdir()) == []


async def test_an_exported_file_is_read_on_a_read_only_medium_and_found_by_its_path(
    folder: Path, tmp_path: Path
) -> None:
    journal = open_journal(folder / "s1.db")
    await journal.durable(journal.append(said("one"), PLACE).seq)
    journal.close()
    path, _ = export(folder, "s1", tmp_path / "medium" / "s1.hermes.db")
    path.chmod(0o400)
    path.parent.chmod(0o500)

    found = history.records(tmp_path / "other-home", str(path))

    path.parent.chmod(0o700)
    assert [record.body for record in found] == [said("one")]


async def test_an_export_never_replaces_what_is_there(folder: Path, tmp_path: Path) -> None:
    journal = open_journal(folder / "s1.db")
    await journal.durable(journal.append(said("one"), PLACE).seq)
    journal.close()
    (tmp_path / "mine.db").write_text("mine", encoding="utf-8")

    with pytest.raises(UsageInvalid, match="exists already"):
        export(folder, "s1", tmp_path / "mine.db")

    assert (tmp_path / "mine.db").read_text("utf-8") == "mine"


def test_a_file_that_was_begun_and_never_got_its_tables_is_an_empty_session(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "s1.db").touch()

    rows = history.rows(folder)
    journal = open_journal(folder / "s1.db")
    seq = journal.append(said("one"), PLACE).seq
    journal.close()

    assert [(row.session, row.status) for row in rows] == [("s1", "empty")]
    assert (seq, len(read_session(folder / "s1.db"))) == (1, 1)


@pytest.mark.parametrize(
    ("given", "said_to_operator"),
    [
        ("ab12cd34-9", "Did you mean ab12cd34-1 or ab12cd34-2?"),
        ("ab", "Did you mean ab12cd34-1 or ab12cd34-2?"),
        ("zz", "`hermes sessions list` names them."),
        ("", "`hermes sessions list` names them."),
        ("../no-such-session", "`hermes sessions list` names them."),
    ],
)
def test_an_unknown_session_names_the_nearest(folder: Path, given: str, said_to_operator: str) -> None:
    folder.mkdir(parents=True)
    for name in ("ab12cd34-1", "ab12cd34-2", "ff00ff00-1"):
        (folder / f"{name}.db").touch()

    with pytest.raises(UsageInvalid) as refused:
        history.path_of(folder, given)

    assert refused.value.hint == said_to_operator


def test_the_beginning_of_an_id_is_enough(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name in ("ab12cd34-1", "ff00ff00-1"):
        (folder / f"{name}.db").touch()

    assert history.path_of(folder, "ff") == folder / "ff00ff00-1.db"
