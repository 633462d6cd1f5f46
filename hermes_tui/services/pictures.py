"""Pictures that an operator shows a model: recognised by their bytes, bounded, and kept by their hash."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from hermes_tui.capabilities.programs import program
from hermes_tui.domain.errors import UsageInvalid
from hermes_tui.domain.late import late
from hermes_tui.domain.messages import Image
from hermes_tui.domain.patterns import later
from hermes_tui.domain.values import frozen

if TYPE_CHECKING:
    import hashlib
else:
    hashlib = late("hashlib")

MOST_BYTES: Final = 5_000_000
MOST_SIDE: Final = 8000
"""Pixels of the longer side; what hosted models take at most."""
MOST: Final = 20
"""How many go with one message."""
CLIPBOARD_S: Final = 3.0
ENDINGS: Final = (".png", ".jpg", ".jpeg", ".webp", ".gif")
_MENTION: Final = later(r"(?:^|(?<=\s))@(\S+)")
_CLIPBOARDS: Final = (
    ("WAYLAND_DISPLAY", ("wl-paste", "--no-newline", "--type", "image/png")),
    ("DISPLAY", ("xclip", "-selection", "clipboard", "-target", "image/png", "-out")),
)
_JPEG_SIZES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})


@frozen
class Picture:
    """A picture that may be sent; `image` is how a message names it."""

    image: Image
    name: str
    width: int
    height: int


def size_of(data: bytes) -> tuple[str, int, int] | None:
    """Return media type, width and height of a PNG, JPEG, WebP or GIF by its first bytes; None if it is none."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        return ("image/png", *struct.unpack(">II", data[16:24]))
    if data[:6] in (b"GIF87a", b"GIF89a") and len(data) >= 10:
        return ("image/gif", *struct.unpack("<HH", data[6:10]))
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP" and len(data) >= 30:
        return _webp(data)
    return _jpeg(data) if data.startswith(b"\xff\xd8\xff") else None


def _webp(data: bytes) -> tuple[str, int, int] | None:
    """Return the size in a WebP's first chunk (RFC 9649): lossy, lossless or extended."""
    match data[12:16]:
        case b"VP8 ":
            width, height = struct.unpack("<HH", data[26:30])
            return "image/webp", width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            return "image/webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X":
            wide, high = int.from_bytes(data[24:27], "little"), int.from_bytes(data[27:30], "little")
            return "image/webp", wide + 1, high + 1
        case _:
            return None


def _jpeg(data: bytes) -> tuple[str, int, int] | None:
    """Return the size in a JPEG's start of frame (ITU T.81, B.2.2)."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        if data[at + 1] in _JPEG_SIZES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return "image/jpeg", width, height
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


class Shelf:
    """The pictures of a home, each a file named by the hash of its bytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, sha256: str) -> bytes | None:
        """Return a picture's bytes, None if it is not here."""
        try:
            return (self.folder / Path(sha256).name).read_bytes()
        except OSError:
            return None

    def keep(self, data: bytes, name: str) -> Picture:
        """Keep a picture.

        Raises:
            UsageInvalid: it is none that models take, or too large.
        """
        found = size_of(data)
        if found is None:
            raise UsageInvalid(f"{name} is no PNG, JPEG, WebP or GIF.", hint="Convert it first.")
        media_type, width, height = found
        if len(data) > MOST_BYTES or max(width, height) > MOST_SIDE:
            said = f"{name} is too large: {width}×{height}, {len(data) / 1e6:.1f} MB."
            raise UsageInvalid(said, hint=f"At most {MOST_SIDE:,} pixels a side and {MOST_BYTES // 10**6} MB.")
        sha256 = hashlib.sha256(data).hexdigest()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / sha256
        if not path.exists():
            new = path.with_suffix(".new")
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
                stream.write(data)
            new.replace(path)
        return Picture(image=Image(media_type=media_type, sha256=sha256), name=name, width=width, height=height)

    def keep_file(self, path: Path) -> Picture:
        """Keep the picture in a file.

        Raises:
            UsageInvalid: it cannot be read, is no picture, or too large.
        """
        try:
            with path.open("rb") as stream:
                data = stream.read(MOST_BYTES + 1)
        except OSError as error:
            raise UsageInvalid(f"{path.name} cannot be read: {error.strerror}.", hint="Look at its path.") from error
        return self.keep(data, path.name)

    def mentioned(self, text: str, root: Path) -> list[Picture]:
        """Keep and return the pictures that a text mentions as `@path`; what is no file is only a word.

        Raises:
            UsageInvalid: one is no picture, too large, or there are too many.
        """
        named = dict.fromkeys(found[1].rstrip(",;:.?!)'\"") for found in _MENTION.finditer(text))
        paths = [root / name for name in named if name.lower().endswith(ENDINGS)]
        found = [self.keep_file(path) for path in paths if path.is_file()]
        if len(found) > MOST:
            raise UsageInvalid(f"{len(found)} pictures are more than {MOST}.", hint="Send some of them.")
        return found


def shelf_of(state: Path) -> Shelf:
    """Return where the pictures of a home are kept; `state` is its folder of state."""
    return Shelf(state / "pictures")


def paths_in(pasted: str) -> tuple[Path, ...]:
    """Return the picture files that a pasted text consists of, as terminals paste what is dropped; else nothing."""
    words = re.findall(r"'([^']*)'|\"([^\"]*)\"|((?:\\.|\S)+)", pasted.strip()) if len(pasted) < 20_000 else []
    named = [quoted or double or re.sub(r"\\(.)", r"\1", bare) for quoted, double, bare in words]
    paths = [Path(unquote(urlsplit(name).path) if name.startswith("file://") else name) for name in named]
    pictures = all(path.is_absolute() and path.suffix.lower() in ENDINGS for path in paths)
    return tuple(paths) if paths and pictures and all(path.is_file() for path in paths) else ()


def on_clipboard(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> bytes:
    """Return the picture on the clipboard.

    Raises:
        UsageInvalid: there is none, or nothing here can read it.
    """
    reader = _reader(environ, platform)
    found = program(reader[0]) if reader else None
    if found is None:
        wanted = "pngpaste" if platform == "darwin" else "wl-paste (Wayland) or xclip (X11)"
        raise UsageInvalid("The clipboard cannot be read for pictures here.", hint=f"Install {wanted}, or drop a file.")
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            [found, *reader[1:]], capture_output=True, check=False, timeout=CLIPBOARD_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageInvalid(f"{reader[0]} does not answer.", hint="Drop the file instead.") from error
    if done.returncode != 0 or not done.stdout:
        raise UsageInvalid("There is no picture on the clipboard.", hint="Text is pasted with your terminal's key.")
    return done.stdout


def _reader(environ: Mapping[str, str], platform: str) -> Sequence[str]:
    if platform == "darwin":
        return ("pngpaste", "-")
    return next((command for variable, command in _CLIPBOARDS if environ.get(variable)), ())
