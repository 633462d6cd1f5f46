"""Rows of the memory: folders and notes, what a search found, changes of a note, and lines of a diff and of a blame."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from typing import Final

from hermes_tui.domain.memory import Recalled
from hermes_tui.domain.values import frozen
from hermes_tui.interfaces.tui.drawing import wording
from hermes_tui.interfaces.tui.drawing.cells import Line, Span, ends, fit, foreign, harmless, one_line
from hermes_tui.interfaces.tui.drawing.glyphs import NEEDS_YOU
from hermes_tui.interfaces.tui.drawing.row_window import Room, Row
from hermes_tui.services.listed import Authored
from hermes_tui.services.memory.notebook import FOLDER, Change, Note

_GROUND: Final = {"+": "add", "-": "del"}
_ROLE: Final = {"+": "ok", "-": "fail", "@": "accent"}


@frozen(kw_only=False)
class NoteRow:
    """One note; `waits` is its id where it waits for an answer, `two` that yours and theirs of it are both kept."""

    note: Note
    waits: str = ""
    pinned: bool = False
    two: bool = False
    live: bool = False

    @property
    def key(self) -> Hashable:
        """Its path."""
        return self.note.path

    def lines(self, room: Room) -> tuple[Line, ...]:
        """Draw its title, and where it stands and how old it is."""
        stands = ("pinned · " if self.pinned else "") + wording.age(room.now - self.note.changed_at)
        named = self.note.path if self.waits else self.note.path.rpartition("/")[2]
        path = fit(one_line(named), max(room.width - len(stands) - 7, 4))
        title = fit(one_line(self.note.title), max(room.width - 5, 4))
        right: tuple[Span, ...] = (("yours and theirs ", "warn"),) if self.two else ((f"{stands} ", "muted"),)
        under = ends(((f"     {path}", "muted"),), right, room.width)
        if self.waits:
            asked = ((f"{NEEDS_YOU.glyph} ", NEEDS_YOU.role), *foreign(title))
            return (ends(asked, (("y accept · d refuse ", "warn"),), room.width), under)
        return (Line((("   ", ""), *foreign(title))), under)

    def copy(self) -> str:
        """Return its title and path."""
        return f"{self.note.title}\n{self.note.path}"


@frozen(kw_only=False)
class FolderRow:
    """A folder of notes."""

    folder: str
    count: int
    folded: bool
    live: bool = False

    @property
    def key(self) -> Hashable:
        """Its path."""
        return ("folder", self.folder)

    @property
    def name(self) -> str:
        """Its path below the folder of all notes."""
        return self.folder.removeprefix(f"{FOLDER}/")

    def lines(self, room: Room) -> tuple[Line, ...]:
        """Draw whether it is folded, its name and how many notes are in it."""
        name = fit(one_line(self.name), max(room.width - 10, 4))
        left: tuple[Span, ...] = ((" ► " if self.folded else " ▼ ", "muted"), *foreign(name, "text bold"))
        return (ends(left, ((f"{self.count:,} ", "muted"),), room.width),)

    def copy(self) -> str:
        """Return its path."""
        return self.folder


@frozen(kw_only=False)
class HitRow:
    """What a search found; the parts of its score add up to it."""

    hit: Recalled
    live: bool = False

    @property
    def key(self) -> Hashable:
        """Its id."""
        return ("hit", self.hit.id)

    def lines(self, room: Room) -> tuple[Line, ...]:
        """Draw score, first words and age; below them what makes up the score."""
        hit, age = self.hit, wording.age(room.now - self.hit.at) if self.hit.at else ""
        first = next((line for line in hit.text.splitlines() if line.strip()), hit.source).lstrip("# ")
        head = ((f" {hit.score:.2f} ", "accent"), *foreign(one_line(first)))
        parts = "  ".join(f"{one_line(name)} {share:.2f}" for name, share in hit.features)
        said = (*map(one_line, hit.warnings), parts)
        why = ((f"      {'  '.join(said)}", "warn" if hit.warnings else "muted"),)
        return (ends(head, ((f"{age} ", "muted"),), room.width), ends(why, (), room.width))

    def copy(self) -> str:
        """Return its words and where they are."""
        return f"{self.hit.text}\n{self.hit.source}"


@frozen(kw_only=False)
class ChangeRow:
    """One change of a note."""

    change: Change
    live: bool = False

    @property
    def key(self) -> Hashable:
        """Its commit."""
        return ("commit", self.change.commit)

    def lines(self, room: Room) -> tuple[Line, ...]:
        """Draw commit, time, author and subject."""
        change = self.change
        sign: Span = (f" {change.commit or 'pending':<8} ", "muted" if change.commit else "warn")
        who = ((f"{wording.day(change.at, room.now):<7}", "muted"), (f"{fit(one_line(change.author), 9):<10}", "text"))
        return (ends((sign, *who, *foreign(one_line(change.subject))), ((" ", ""),), room.width),)

    def copy(self) -> str:
        """Return commit and subject."""
        return f"{self.change.commit} {self.change.subject}"


def diff_line(line: str) -> Line:
    """Return a line of a diff, coloured by its sign."""
    sign = line[:1]
    return Line(((f" {harmless(line)}", _ROLE.get(sign, "muted")),), _GROUND.get(sign, ""))


def tree(rows: Sequence[NoteRow], folded: Collection[str]) -> list[Row]:
    """Return notes as they lie in folders; those that wait for an answer stand before all others."""
    shown: list[Row] = [row for row in rows if row.waits]
    lying = [row for row in rows if not row.waits]
    shown += [row for row in lying if "/" not in row.note.path]
    folders: dict[str, list[NoteRow]] = {}
    for row in lying:
        if "/" in row.note.path:
            folders.setdefault(row.note.path.rpartition("/")[0], []).append(row)
    for folder in sorted(folders):
        shown.append(FolderRow(folder, len(folders[folder]), folder in folded))
        shown += [] if folder in folded else folders[folder]
    return shown


def blame_line(line: Authored, now: float) -> Line:
    """Return a line of a note with the commit, day and author that wrote it."""
    wrote = f" {line.commit[:7]} {wording.day(line.at, now):<7}{fit(one_line(line.author), 9):<10}"
    return Line(((wrote, "muted"), *foreign(line.text)))
