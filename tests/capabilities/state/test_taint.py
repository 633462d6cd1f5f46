"""Files that hold what a run wrote after reading a stranger's text are known by what they hold, until they change."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_tui.capabilities.state.ledger import Ledger
from hermes_tui.capabilities.state.taint import LARGEST_BYTES, TELLING_BYTES, TaintBook
from hermes_tui.services.clock import SystemClock

TEXT = "Deploy it by running the installer of the other host.\n" * 2


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path.resolve() / "work"
    (root / "docs").mkdir(parents=True)
    (root / "docs" / "notes.md").write_text(TEXT)
    (root / "own.md").write_text("The operator's own.")
    return root


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "state" / "ledger.db", SystemClock())
    yield ledger
    ledger.close()


@pytest.fixture
def book(ledger: Ledger, root: Path) -> TaintBook:
    return TaintBook(ledger, root, lambda: 7.0)


async def test_a_marked_file_stands_until_it_changes(book: TaintBook, root: Path) -> None:
    none = await book.standing()
    await book.mark(["docs/notes.md"], "s1")

    marked = (await book.standing(), book.holds(str(root / "docs" / "notes.md")), book.holds(str(root / "own.md")))
    (root / "docs" / "notes.md").write_text("Deploy it on Fridays.")

    assert (none, marked) == (False, (True, True, False))
    assert (await book.standing(), book.holds(str(root / "docs" / "notes.md"))) == (False, False)


async def test_a_copy_is_what_it_is_a_copy_of_and_an_old_version_that_returns_too(book: TaintBook, root: Path) -> None:
    await book.mark(["docs/notes.md"], "s1")
    shutil.copy(root / "docs" / "notes.md", root / "copy.md")
    (root / "docs" / "notes.md").unlink()

    assert book.holds(str(root / "copy.md"))
    assert not await book.standing()
    shutil.copy(root / "copy.md", root / "docs" / "notes.md")
    assert await book.standing()


async def test_a_short_content_counts_where_it_was_written_alone(book: TaintBook, root: Path) -> None:
    (root / "short").write_text("x" * (TELLING_BYTES - 1))
    (root / "same").write_text("x" * (TELLING_BYTES - 1))
    (root / "empty").touch()

    await book.mark(["short", "empty", "missing"], "s1")

    held = [name for name in ("short", "same", "empty") if book.holds(str(root / name))]
    assert (held, [taint.path for taint in book.listed()]) == (["short"], [str(root / "short")])


async def test_contents_that_were_seen_are_looked_up_without_the_file(book: TaintBook) -> None:
    await book.mark(["docs/notes.md"], "s1")
    sha256 = hashlib.sha256(TEXT.encode()).hexdigest()

    assert (book.behind({"/elsewhere": sha256}), book.behind({"/elsewhere": "0" * 64})) == (True, False)


async def test_a_commit_and_a_large_file_stand_as_long_as_they_are_there(book: TaintBook, root: Path) -> None:
    (root / ".git").mkdir()
    with (root / "large").open("wb") as file:
        file.truncate(LARGEST_BYTES + 1)

    await book.mark([".git/objects/a1", ".git/HEAD", "large"], "s1")

    assert [taint.path for taint in book.listed()] == [str(root / ".git"), str(root / "large")]


async def test_whoever_opens_a_folder_above_or_below_sees_the_same(book: TaintBook, ledger: Ledger, root: Path) -> None:
    await book.mark(["docs/notes.md"], "s1")

    def stands(folder: Path) -> bool:
        return bool(TaintBook(ledger, folder, lambda: 8.0).listed())

    assert (stands(root.parent), stands(root / "docs"), stands(root.parent / "work2")) == (True, True, False)


async def test_what_the_operator_accepts_is_as_good_as_any_other_file(book: TaintBook, root: Path) -> None:
    shutil.copy(root / "docs" / "notes.md", root / "copy.md")
    await book.mark(["docs/notes.md", "copy.md"], "s1")

    accepted = book.accept(["docs/notes.md", "own.md"])

    assert accepted == 1
    assert (book.listed(), book.holds(str(root / "copy.md"))) == ([], False)


async def test_a_link_is_no_file_that_was_written(book: TaintBook, root: Path) -> None:
    (root / "link").symlink_to(root / "own.md")

    await book.mark(["link"], "s1")

    assert book.listed() == []


async def test_a_file_whose_name_is_no_text_is_marked_listed_and_vouched_for(book: TaintBook, root: Path) -> None:
    odd = str(root / os.fsdecode(b"na\xefve.md"))
    Path(odd).write_text("Short.")

    await book.mark([odd], "s1")

    assert (await book.standing(), book.holds(odd), [taint.path for taint in book.listed()]) == (True, True, [odd])
    assert (book.accept([odd]), await book.standing()) == (1, False)
