"""Only the records of a session that may hold some words are decoded."""

from __future__ import annotations

from pathlib import Path

from hermes_tui.capabilities.state.blobs import INLINE_BYTES
from hermes_tui.capabilities.state.reading import read_holding
from tests.capabilities.state.samples import PLACE, open_journal, said


async def test_records_with_every_word_are_found_in_any_case_and_long_ones_are_always_among_them(
    tmp_path: Path,
) -> None:
    path = tmp_path / "sessions" / "s1.db"
    journal = open_journal(path)
    texts = ("A lamp\nSWORDFISH", "swordfish alone", r'{"text": "swordfish\nlamp"}', "x" * 2 * INLINE_BYTES, "tea")
    last = [journal.append(said(text), PLACE) for text in texts][-1]
    await journal.durable(last.seq)

    assert [record.seq for record in read_holding(path, ["swordfish", "lamp"])] == [1, 3, 4]
    assert len(read_holding(path, [])) == len(texts)
    journal.close()
