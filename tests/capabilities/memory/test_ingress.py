"""Files are the truth: whatever happens to them outside is taken in, and nothing on disk is overwritten unseen."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest

from hermes_tui.capabilities.memory.files import NoteUnreadable
from hermes_tui.capabilities.memory.ingress import Edit
from hermes_tui.domain.errors import HermesError
from hermes_tui.domain.memory import NoteAuthor
from tests.capabilities.memory.vaults import AGENT, TestVault, note, open_vault


def history(vault: TestVault) -> list[tuple[str, str, bytes | None]]:
    return [(change.author.value, change.path, change.after) for change in vault.outbox.pending()]


def test_a_note_written_by_hand_is_found(vault: TestVault) -> None:
    vault.put(
        "memory/facts/kettle.md", note("# Kettle\n\nThe kettle stands in the pantry.", id="m-kettle", kind="fact")
    )

    assert vault.found("where is the kettle?") == ["m-kettle"]
    row = vault.ingress.catalog.get("m-kettle")
    assert row is not None
    assert (row.title, row.kind, row.status, row.problem) == ("Kettle", "fact", "live", "")


def test_an_edit_a_rename_and_a_removal_outside_are_followed(vault: TestVault) -> None:
    vault.put("memory/a.md", note("The kettle is red.", id="m-one"))
    vault.found("kettle")
    vault.put("memory/a.md", note("The kettle is blue, and dented.", id="m-one"))
    assert vault.index.get(["m-one"]) != {}
    assert vault.found("dented") == ["m-one"]

    (vault.home / "memory" / "a.md").rename(vault.home / "memory" / "b.md")
    assert vault.found("kettle") == ["m-one"]
    assert vault.index.get(["m-one"])["m-one"].source == "memory/b.md"

    (vault.home / "memory" / "b.md").unlink()
    assert vault.found("kettle") == []
    assert [(path, after is None) for _, path, after in history(vault)] == [
        *(("memory/a.md", False), ("memory/a.md", False), ("memory/b.md", False), ("memory/a.md", True)),
        ("memory/b.md", True),
    ]


def test_an_editor_that_saves_by_rename_is_followed(vault: TestVault) -> None:
    vault.put("memory/a.md", note("The kettle is red.", id="m-one"))
    vault.found("kettle")

    vault.put("memory/a.md~", note("The kettle is green.", id="m-one"))
    (vault.home / "memory" / "a.md~").replace(vault.home / "memory" / "a.md")

    assert vault.found("green") == ["m-one"]


def test_a_truncated_file_is_told_and_its_text_is_still_on_record(vault: TestVault) -> None:
    text = note("The kettle is red.", id="m-one")
    vault.put("memory/a.md", text)
    vault.found("kettle")

    vault.put("memory/a.md", "")

    assert vault.found("kettle") == []
    row = vault.ingress.catalog.at("memory/a.md")
    assert row is not None
    assert "empty" in row.problem
    assert history(vault)[0] == ("operator", "memory/a.md", text.encode())


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\xef\xbb\xbf---\nid: m-one\n---\nThe caf\xc3\xa9 opens\n", ""),
        (b"---\r\nid: m-one\r\n---\r\nThe caf\xc3\xa9 opens\r\n", ""),
        ("\ufeff---\nid: m-one\n---\nThe café opens\n".encode("utf-16-le"), ""),
        (b"---\nid: m-one\n---\nThe caf\xe9 opens\n", "Windows-1252"),
        (b"---\nid: m-one\nthis is no head\n---\nThe caf\xc3\xa9 opens\n", "line 3"),
        (b"---\nid: m-one\n---\n<<<<<<< HEAD\nThe caf\xc3\xa9 opens\n=======\nshut\n>>>>>>> x\n", "conflict"),
        (b"---\nid: m-one\nkind: nonsense\n---\nThe caf\xc3\xa9 opens\n", "nonsense"),
    ],
)
def test_odd_files_are_read_and_what_is_odd_is_said(vault: TestVault, data: bytes, problem: str) -> None:
    vault.put("memory/a.md", data)

    assert vault.found("when opens the café?") == ["m-one"]
    row = vault.ingress.catalog.get("m-one")
    assert row is not None
    assert problem in row.problem
    assert bool(problem) == bool(row.problem)


def test_binary_files_links_and_giants_are_not_read(vault: TestVault, tmp_path: Path) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text("The kettle is elsewhere")
    vault.put("memory/binary.md", b"kettle\0\1\2")
    vault.put("memory/giant.md", b"kettle " * 200_000)
    (vault.home / "memory" / "link.md").symlink_to(secret)

    assert vault.found("kettle") == []
    assert "larger than 1 MB" in {source.name: source.status for source in vault.index.seen()}["memory/giant.md"]


def test_a_copied_note_gets_an_id_of_its_own_until_the_first_is_gone(vault: TestVault) -> None:
    vault.put("memory/b.md", note("The kettle is red.", id="m-one"))
    vault.found("kettle")
    shutil.copy(vault.home / "memory" / "b.md", vault.home / "memory" / "c.md")

    found = vault.found("kettle")

    assert len(found) == 2
    copy = vault.ingress.catalog.at("memory/c.md")
    assert copy is not None
    assert copy.id != "m-one"
    assert "memory/b.md" in copy.problem
    (vault.home / "memory" / "b.md").unlink()
    vault.put("memory/d.md", note("Something else.", id="m-two"))
    assert vault.found("kettle") == ["m-one"]


def test_a_note_that_expires_is_not_brought_any_more(vault: TestVault) -> None:
    vault.put("memory/a.md", note("The kettle is on loan.", id="m-one", expires="2026-01-05"))

    assert vault.found("kettle") == ["m-one"]
    vault.clock.at += 10 * 86_400
    assert vault.found("kettle") == []
    assert vault.found("kettle", past=True) == ["m-one"]


def test_a_long_note_is_found_by_each_of_its_parts(vault: TestVault) -> None:
    parts = [f"## Part {number}\n\n" + f"{word} " * 150 for number, word in enumerate(("lamp", "tower", "bridge"))]
    vault.put("memory/a.md", note("\n\n".join(parts), id="m-one"))

    assert vault.found("bridge")[0] == "m-one.3"
    assert vault.index.get(["m-one.3"])["m-one.3"].anchor.startswith("L")


def test_entries_of_the_index_are_found_but_links_to_notes_are_not_twice(vault: TestVault) -> None:
    vault.put("MEMORY.md", "# Memory\n\n- The kettle whistles in F\n- [Kettle](memory/kettle.md): red\n")

    found = vault.found("kettle")

    assert len(found) == 1
    assert vault.index.get(found)[found[0]].text == "The kettle whistles in F"


def test_our_own_write_keeps_what_was_edited_outside_a_moment_before(vault: TestVault) -> None:
    vault.put("memory/a.md", note("The kettle is red.", id="m-one"))
    vault.found("kettle")
    by_hand = note("The kettle is red and mine.", id="m-one")
    vault.put("memory/a.md", by_hand)

    seen: list[bytes | None] = []

    def add(now: bytes | None) -> bytes:
        seen.append(now)
        return (now or b"") + b"More.\n"

    vault.ingress.change([Edit("memory/a.md", add)], AGENT)

    assert seen == [by_hand.encode()]
    assert history(vault)[-2:] == [
        ("operator", "memory/a.md", by_hand.encode()),
        ("agent", "memory/a.md", by_hand.encode() + b"More.\n"),
    ]
    assert (vault.home / "memory/a.md").read_bytes() == by_hand.encode() + b"More.\n"


def test_an_edit_that_refuses_changes_nothing(vault: TestVault) -> None:
    def refuse(_: bytes | None) -> bytes:
        raise HermesError("no")

    with pytest.raises(HermesError):
        vault.ingress.change([Edit("memory/a.md", lambda _: b"a"), Edit("memory/b.md", refuse)], AGENT)

    assert not (vault.home / "memory").exists()
    assert vault.outbox.pending() == []


def test_no_write_leaves_the_vault(vault: TestVault, tmp_path: Path) -> None:
    (vault.home / "memory").mkdir(parents=True)
    (vault.home / "memory" / "out").symlink_to(tmp_path)

    with pytest.raises(NoteUnreadable, match="leads out"):
        vault.change("memory/out/note.md", b"x")

    assert not (tmp_path / "note.md").exists()


def test_a_write_that_was_cut_off_before_the_file_is_finished_by_the_next_process(vault: TestVault) -> None:
    vault.change("memory/a.md", note("The kettle is red.", id="m-one").encode())
    with vault.files.locked():
        change = vault.ingress.change
        assert change is not None
        planned = [
            vault.ingress._file_change(path, "", note(f"{word} arrived", id=f"m-{word}").encode(), AGENT)
            for path, word in (("memory/b.md", "lamp"), ("memory/c.md", "tower"))
        ]
        mark = vault.files.changing()
        mark.__enter__()
        vault.outbox.put(planned)
        vault.files.write("memory/b.md", planned[0].after)
        (vault.home / "memory" / ".hermes-left").write_bytes(b"half")

    other = open_vault(vault.home)
    assert other.found("arrived lamp tower") == ["m-lamp", "m-tower"]
    assert not (vault.home / "memory" / ".hermes-left").exists()
    assert [author for author, _, _ in history(other)] == ["agent"] * 3
    other.close()


def test_an_edit_back_to_the_old_text_is_the_operators_and_not_a_write_cut_off(vault: TestVault) -> None:
    old = note("The kettle is red.", id="m-one").encode()
    vault.change("memory/a.md", old)
    vault.change("memory/a.md", note("The kettle is blue.", id="m-one").encode())

    vault.put("memory/a.md", old)

    assert vault.found("red") == ["m-one"]
    assert history(vault)[-1] == (NoteAuthor.OPERATOR.value, "memory/a.md", old)


def test_a_new_index_equals_the_one_that_grew(vault: TestVault) -> None:
    for number in range(40):
        vault.put(
            f"memory/n{number}.md", note(f"The {number % 7} kettle and lamp number {number}", id=f"m-{number:03}")
        )
        vault.ingress.sync()
    for number in range(0, 40, 3):
        (vault.home / f"memory/n{number}.md").rename(vault.home / f"memory/x{number}.md")
    (vault.home / "memory/n1.md").unlink()
    vault.put("memory/n2.md", note("A tower instead", id="m-002"))
    vault.ingress.sync()
    grown = [vault.found(text) for text in ("kettle", "lamp number 12", "tower")]
    rows = vault.ingress.catalog.every()

    vault.index.database.start_over()

    assert [vault.found(text) for text in ("kettle", "lamp number 12", "tower")] == grown
    assert vault.ingress.catalog.every() == rows


def test_a_look_at_what_was_handed_over_does_not_wait_for_who_writes_the_ledger(vault: TestVault) -> None:
    vault.change("memory/facts/door.md", note("The door is green").encode())
    with contextlib.closing(sqlite3.connect(vault.ledger.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        recorded, pending = vault.outbox.recorded(), vault.outbox.pending()

    assert list(recorded) == [change.path for change in pending] == ["memory/facts/door.md"]


def test_a_glance_between_two_looks_sees_what_was_added_renamed_and_saved_by_rename(vault: TestVault) -> None:
    vault.put("memory/facts/kettle.md", note("The kettle stands left", id="kettle"))
    vault.ingress.sync()
    vault.change("memory/facts/lamp.md", note("The lamp hangs low", id="lamp").encode())
    vault.put("memory/facts/.new", note("The kettle stands right", id="kettle"))

    (vault.home / "memory/facts/.new").replace(vault.home / "memory/facts/kettle.md")
    vault.put("memory/persons/ada.md", note("Ada feeds the cat", id="ada"))
    vault.ingress.glance()
    (vault.home / "memory/facts/lamp.md").rename(vault.home / "memory/facts/light.md")
    vault.ingress.glance()

    rows = {row.id: (row.path, row.title) for row in vault.ingress.catalog.every()}
    assert rows == {
        "kettle": ("memory/facts/kettle.md", "The kettle stands right"),
        "lamp": ("memory/facts/light.md", "The lamp hangs low"),
        "ada": ("memory/persons/ada.md", "Ada feeds the cat"),
    }
