"""Texts of notes that were not saved: kept in a file each, for their operator's eyes."""

from __future__ import annotations

from pathlib import Path

from hermes_tui.services.unsaved_notes import UnsavedNote, UnsavedNotes

NOTE = UnsavedNote(path="memory/a.md", before="a\n", mine="日本\n", at=12.5)
OTHER = UnsavedNote(path="memory/b.md", before="", mine="b\n", at=1.0)


def test_what_is_kept_is_there_until_it_is_dropped(tmp_path: Path) -> None:
    kept = UnsavedNotes(tmp_path / "notes")
    kept.keep(OTHER)
    kept.keep(UnsavedNote(path=NOTE.path, before="", mine="earlier", at=0.0))
    kept.keep(NOTE)
    both = kept.every()

    kept.drop(NOTE.path)
    kept.drop(NOTE.path)

    assert both == [NOTE, OTHER]
    assert kept.every() == [OTHER]
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "notes").iterdir()] == [0o600]
    assert (tmp_path / "notes").stat().st_mode & 0o777 == 0o700


def test_what_cannot_be_read_is_left_out_and_harms_nothing(tmp_path: Path) -> None:
    kept = UnsavedNotes(tmp_path)
    kept.keep(NOTE)
    for number, text in enumerate(("{", "[]", '{"path": 1}', '{"path": "memory/c.md", "before": "", "mine": null}')):
        (tmp_path / f"{number}.json").write_text(text, encoding="utf-8")

    assert kept.every() == [NOTE]
    assert UnsavedNotes(tmp_path / "nowhere").every() == []
