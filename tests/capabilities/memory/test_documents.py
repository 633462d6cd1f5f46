"""PDF files: each page's text with its number, and what is said of those that give none."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from hermes_tui.capabilities.memory.documents import DocumentUnreadable, passages_of
from hermes_tui.capabilities.memory.index import MemoryIndex
from hermes_tui.capabilities.memory.items import Layer
from hermes_tui.capabilities.memory.pages import pages_of
from hermes_tui.services.memory import documents
from hermes_tui.services.memory.documents import Documents, Quota


def pdf(pages: Sequence[str]) -> bytes:
    """Return a PDF with one line on each page; an empty one holds only a box, as a scan does."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, text in enumerate(pages):
        drawn = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET" if text else "72 72 100 100 re f"
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * number} 0 R >>"
        )
        objects.append(f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream")
    body, places = b"%PDF-1.4\n", list[int]()
    for number, text in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{text}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    head = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n"
    return body + f"{head}<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n".encode()


PAGES = ("The kettle whistles at dawn", "The ladder leans on the barn")


def test_each_passage_of_a_pdf_says_on_which_page_it_stands() -> None:
    found = passages_of("tales.pdf", pdf(PAGES))

    assert [(passage.anchor, " ".join(passage.text.split())) for passage in found] == [
        ("p. 1", PAGES[0]),
        ("p. 2", PAGES[1]),
    ]


def test_pages_are_read_without_poppler_too() -> None:
    assert [" ".join(page.split()) for page in pages_of(pdf(PAGES))] == list(PAGES)


@pytest.mark.parametrize("data", [b"", b"%PDF-1.4\nnothing of the kind", pdf(PAGES)[:200]])
def test_a_damaged_pdf_is_no_crash(data: bytes) -> None:
    with pytest.raises(ValueError, match="damaged"):
        pages_of(data)
    with pytest.raises(DocumentUnreadable, match="PDF: damaged"):
        passages_of("broken.pdf", data)


def test_a_scan_is_told_from_a_text() -> None:
    with pytest.raises(DocumentUnreadable, match="scanned"):
        passages_of("scan.pdf", pdf(["", ""]))


def test_every_file_of_a_folder_has_a_status_and_a_hit_its_page(index: MemoryIndex, tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    for name, data in (("good.pdf", pdf(PAGES)), ("scan.pdf", pdf([""])), ("torn.pdf", pdf(PAGES)[:200])):
        (folder / name).write_bytes(data)
    with (folder / "vast.txt").open("wb") as file:
        file.truncate(documents.MOST_FILE_BYTES + 1)
    shelf = Documents(index, tmp_path / "documents.json", lambda: 0.0)

    done = shelf.ingest(folder)

    assert {Path(each.path).name: (each.status, each.passages) for each in shelf.status(folder)} == {
        "good.pdf": ("ok", 2),
        "scan.pdf": ("scanned: its pages hold no text", 0),
        "torn.pdf": (done.problems[1].status, 0),
        "vast.txt": ("larger than 20 MB", 0),
    }
    assert done.problems[1].status.startswith("PDF: damaged")
    anchors = {item.anchor for item in index.get([row for (row,) in _ids(index)]).values()}
    assert anchors == {"p. 1", "p. 2"}


def _ids(index: MemoryIndex) -> list[tuple[str]]:
    with index.database.reading() as connection:
        return connection.execute("SELECT id FROM item WHERE layer=?", (Layer.DOCUMENT.value,)).fetchall()


def test_a_file_that_was_only_touched_is_the_same_and_one_that_changed_is_read_again(
    index: MemoryIndex, tmp_path: Path
) -> None:
    shelf, folder = Documents(index, tmp_path / "documents.json", lambda: 0.0), tmp_path / "papers"
    folder.mkdir()
    (folder / "tides.md").write_text("Spring tides come at new moon.\n")
    (folder / "locks.md").write_text("A lock lifts barges.\n")
    shelf.ingest(folder)
    os.utime(folder / "tides.md", (1.0, 1.0))
    (folder / "locks.md").write_text("A lock lowers barges.\n")

    done = shelf.ingest(folder)

    assert (done.new, done.same, done.gone) == (1, 1, 0)
    assert {item.text for item in index.get([row for (row,) in _ids(index)]).values()} == {
        "Spring tides come at new moon.",
        "A lock lowers barges.",
    }


def test_what_is_over_the_quota_says_so_and_is_read_once_there_is_room(index: MemoryIndex, tmp_path: Path) -> None:
    shelf, folder = Documents(index, tmp_path / "documents.json", lambda: 0.0, Quota(files=2)), tmp_path / "papers"
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.md").write_text(f"The tale called {name}.\n")

    full = shelf.ingest(folder)
    (folder / "a.md").unlink()
    roomy = shelf.ingest(folder)

    assert [(Path(each.path).name, each.status) for each in full.problems] == [("c.md", "over the quota")]
    assert roomy.problems == ()
    assert (roomy.new, roomy.same, roomy.gone) == (1, 1, 1)


def test_a_file_that_is_too_large_to_be_read_takes_no_room_from_the_others(index: MemoryIndex, tmp_path: Path) -> None:
    shelf, folder = Documents(index, tmp_path / "documents.json", lambda: 0.0, Quota(total=100)), tmp_path / "papers"
    folder.mkdir()
    with (folder / "a.txt").open("wb") as file:
        file.truncate(documents.MOST_FILE_BYTES + 1)
    (folder / "b.md").write_text("A lock lifts barges.\n")
    (folder / "c.md").write_text("A lock lifts barges. " * 10)

    done = shelf.ingest(folder)

    assert [each.status for each in done.problems] == ["larger than 20 MB", "over the quota"]
