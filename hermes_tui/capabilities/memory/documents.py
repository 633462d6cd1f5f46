"""Documents in pieces: markdown, text, source and HTML, each piece with the place where it stands."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import PurePath
from typing import Final

from hermes_tui.capabilities import registry
from hermes_tui.capabilities.memory.decoding import decode
from hermes_tui.capabilities.memory.pieces import Piece, pieces_of
from hermes_tui.capabilities.programs import program
from hermes_tui.domain.values import frozen

PROSE: Final = frozenset({".md", ".markdown", ".txt", ".rst", ".adoc", ".org", ".tex", ".log", ""})
PAGES: Final = frozenset({".html", ".htm", ".xhtml"})
SOURCE: Final = frozenset(
    """
    .py .pyi .js .jsx .ts .tsx .go .rs .c .h .cc .cpp .hpp .cs .java .kt .scala .rb .php .pl .lua .sh .bash .zsh .fish
    .sql .yaml .yml .toml .json .jsonl .ini .cfg .conf .css .scss .swift .m .r .jl .ex .exs .erl .hs .ml .clj .el .vim
    .dockerfile .tf .proto .graphql .csv .tsv .xml
    """.split()  # noqa: SIM905 - a list of words reads best as text
)
PDF: Final = ".pdf"
PDF_TIMEOUT_S: Final = 60.0
_SILENT: Final = frozenset({"script", "style", "template", "noscript", "svg", "head"})
_BREAKS: Final = frozenset(
    """
    p div br li ul ol tr table section article header footer main nav aside pre blockquote dt dd figure figcaption
    """.split()  # noqa: SIM905 - see above
)
_HEADING: Final = re.compile(r"h([1-6])")


class DocumentUnreadable(Exception):
    """A document gave no text; the message says why."""


@frozen(kw_only=False)
class Passage:
    """A piece of a document, and where it stands: `L12` or `p. 3`."""

    text: str
    anchor: str


def is_document(name: str) -> bool:
    """Whether a file of this name can be read."""
    suffix = PurePath(name).suffix.lower()
    return suffix in PROSE | PAGES | SOURCE | {PDF}


def passages_of(name: str, data: bytes) -> list[Passage]:
    """Return the passages of a document.

    Raises:
        DocumentUnreadable: it is binary, has no text, or is a PDF that cannot be read here.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix == PDF:
        return list(_of_pages(pdf_pages(data)))
    found = decode(data)
    if found.problem.startswith("binary"):
        raise DocumentUnreadable("binary")
    text = _page_text(found.text) if suffix in PAGES else found.text
    if not text.strip():
        raise DocumentUnreadable("no text in it")
    return [Passage(_headed(piece), f"L{piece.line}") for piece in pieces_of(text)]


def _of_pages(pages: Sequence[str]) -> Iterator[Passage]:
    if not any(page.strip() for page in pages):
        raise DocumentUnreadable("scanned: its pages hold no text")
    for number, page in enumerate(pages, 1):
        yield from (Passage(piece.text, f"p. {number}") for piece in pieces_of(page))


def pdf_pages(data: bytes) -> list[str]:
    """Return the text of each page of a PDF, as poppler's `pdftotext` reads it, or pypdf where that is not installed.

    Raises:
        DocumentUnreadable: neither is installed, or it cannot be read.
    """
    poppler = program("pdftotext")
    if poppler is None:
        return _by_pypdf(data)
    argv = [poppler, "-q", "-enc", "UTF-8", "-layout", "-", "-"]
    try:
        done = subprocess.run(argv, input=data, capture_output=True, timeout=PDF_TIMEOUT_S, check=False, env={})  # noqa: S603 - fixed arguments
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DocumentUnreadable(f"PDF: {type(error).__name__}") from error
    if done.returncode:
        raise DocumentUnreadable("PDF: damaged or locked")
    pages = done.stdout.decode("utf-8", errors="replace").split("\f")
    return pages[:-1] if len(pages) > 1 and not pages[-1].strip() else pages


def _by_pypdf(data: bytes) -> list[str]:
    try:
        found: list[str] = registry.load_private("memory", "pages").pages_of(data)
    except ImportError as error:
        raise DocumentUnreadable("PDF: install poppler-utils or hermes-tui[pdf] to read it") from error
    except ValueError as error:
        raise DocumentUnreadable(f"PDF: {error}") from error
    return found


def _headed(piece: Piece) -> str:
    """Return the piece under its heading, so that it can be found by both."""
    return piece.text if not piece.heading or piece.heading in piece.text else f"{piece.heading}\n\n{piece.text}"


class _Text(HTMLParser):
    """Collects the text that a reader of a page sees."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the base's signature
        if tag in _SILENT:
            self._silent += 1
        elif level := _HEADING.fullmatch(tag):
            self.parts.append("\n\n" + "#" * int(level[1]) + " ")
        elif tag in _BREAKS:
            self.parts.append("\n" if tag in ("br", "li", "tr", "dt", "dd") else "\n\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BREAKS or _HEADING.fullmatch(tag):
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(re.sub(r"\s+", " ", data))


def _page_text(text: str) -> str:
    reader = _Text()
    reader.feed(text)
    reader.close()
    return re.sub(r"\n{3,}", "\n\n", "".join(reader.parts)).strip()
