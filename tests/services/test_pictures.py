"""Pictures: known by their bytes, bounded, and found in what a terminal pastes for a dropped file."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.services.pictures import MOST_BYTES, Shelf, on_clipboard, paths_in, size_of


def png(width: int, height: int, body: bytes = b"") -> bytes:
    """Return the first bytes of a PNG of that size."""
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", width, height, 8, 2, 0, 0, 0) + body


JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\0" * 10 + b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", 480, 640) + b"\3" * 9
WEBP = b"RIFF\x24\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + (639).to_bytes(3, "little") + (479).to_bytes(3, "little")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (png(640, 480), ("image/png", 640, 480)),
        (b"GIF89a" + struct.pack("<HH", 640, 480), ("image/gif", 640, 480)),
        (JPEG, ("image/jpeg", 640, 480)),
        (WEBP, ("image/webp", 640, 480)),
        (b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x7f\xc2\x77\0" + b"\0" * 8, ("image/webp", 640, 480)),
        (b"RIFF\0\0\0\0WEBPVP8 " + b"\0" * 10 + struct.pack("<HH", 640, 480), ("image/webp", 640, 480)),
        (b"\x89PNG\r\n", None),
        (b"\xff\xd8\xff\xe0\xff\xff", None),
        (b"<svg/>", None),
        (b"", None),
    ],
)
def test_a_picture_is_known_by_its_bytes(data: bytes, expected: tuple[str, int, int] | None) -> None:
    assert size_of(data) == expected


def test_a_kept_picture_is_found_by_its_hash_and_is_private(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "pictures")

    picture = shelf.keep(png(2, 1), "dot.png")

    assert shelf.find(picture.image.sha256) == png(2, 1)
    assert (tmp_path / "pictures" / picture.image.sha256).stat().st_mode & 0o777 == 0o600
    assert shelf.find("../../etc/passwd") is None


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"hello", "a.png is no PNG, JPEG, WebP or GIF."),
        (png(9000, 10), "a.png is too large: 9000×10"),
        (png(10, 10, b"\0" * MOST_BYTES), "a.png is too large: 10×10, 5.0 MB."),
    ],
)
def test_what_no_model_takes_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    with pytest.raises(UsageInvalid, match=said.replace(".", r"\.")):
        Shelf(tmp_path).keep(data, "a.png")


def test_dropped_files_are_found_however_the_terminal_quotes_them(tmp_path: Path) -> None:
    plain, spaced = tmp_path / "a.png", tmp_path / "my shot.PNG"
    plain.write_bytes(png(1, 1))
    spaced.write_bytes(png(1, 1))

    escaped = str(spaced).replace(" ", "\\ ")

    assert paths_in(f"{plain}\n") == (plain,)
    assert paths_in(f"'{spaced}' {plain}") == (spaced, plain)
    assert paths_in(escaped) == (spaced,)
    assert paths_in(spaced.as_uri()) == (spaced,)


@pytest.mark.parametrize("pasted", ["", "look at a.png", "/nowhere/a.png", "/etc/passwd", "a.png", "x" * 30_000])
def test_other_text_is_pasted_as_text(pasted: str) -> None:
    assert paths_in(pasted) == ()


def test_a_mention_is_a_picture_only_where_the_file_is(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(3, 4))
    shelf = Shelf(tmp_path / "pictures")

    found = shelf.mentioned("what is on @a.png, @a.png and @b.png or @a.py? mail me@a.png", tmp_path)

    assert [(picture.name, picture.width, picture.height) for picture in found] == [("a.png", 3, 4)]


def test_a_clipboard_that_nothing_can_read_says_what_to_install() -> None:
    with pytest.raises(UsageInvalid, match="cannot be read") as linux:
        on_clipboard({}, "linux")
    with pytest.raises(UsageInvalid) as apple:
        on_clipboard({}, "darwin")

    assert "wl-paste" in linux.value.hint
    assert "pngpaste" in apple.value.hint
