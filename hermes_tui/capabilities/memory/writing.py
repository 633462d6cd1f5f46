"""Writing well: nothing twice, nothing secret, no contradiction left standing, nothing lost without a word."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from hermes_tui.capabilities.memory import contents, frontmatter
from hermes_tui.capabilities.memory.absolute import absolute_dates
from hermes_tui.capabilities.memory.candidates import Filters
from hermes_tui.capabilities.memory.catalog import NoteRow
from hermes_tui.capabilities.memory.contents import Room
from hermes_tui.capabilities.memory.decoding import NEW, decode
from hermes_tui.capabilities.memory.ingress import Edit, Ingress, Reason
from hermes_tui.capabilities.memory.items import Layer
from hermes_tui.capabilities.memory.likeness import Likeness, compare
from hermes_tui.capabilities.memory.notes import Note, new_id, paths_for, read_note, write_note
from hermes_tui.capabilities.memory.ranking import Recall, Search
from hermes_tui.capabilities.memory.scopes import index_of_scope
from hermes_tui.capabilities.memory.vectors import Query
from hermes_tui.domain.errors import ToolError
from hermes_tui.domain.memory import Landing, NoteAuthor, NoteDraft, NoteStatus, Origin, Remembered
from hermes_tui.domain.ports import Redactor
from hermes_tui.domain.values import frozen, replace

MOST_CHARS: Final = 8_000
_MASKED: Final = "[SECRET:"
"""How a secret looks that was taken out before; what it stands for is a secret all the same."""
_NEIGHBOURS: Final = 8
NEAR_COSINE: Final = 0.85
"""From this cosine on two notes may say the same in other words. How near is near depends on the model, and a changed
value lies as near as a paraphrase: so nothing is decided by it, but it is asked about."""
_SUBJECT_CHARS: Final = 60


@frozen
class WritingPolicy:
    """What an agent's note becomes: `auto` live at once, `ask` after the operator accepts it, `off` nothing.

    `index_bytes` is the budget of the indexes that are in context.
    """

    agent: str = "auto"
    index_bytes: int = 4096


@frozen(kw_only=False)
class _Judged:
    """What a draft means for the notes that are there."""

    landing: Landing
    replaced: tuple[NoteRow, ...] = ()
    known: NoteRow | None = None
    why: str = ""
    beside: tuple[str, ...] = ()


class Writer:
    """Writes notes through the ingress of one home."""

    def __init__(self, ingress: Ingress, redactor: Redactor, policy: WritingPolicy, now: Callable[[], float]) -> None:
        self._ingress = ingress
        self._redactor = redactor
        self._policy = policy
        self._now = now
        self._recall = Recall(ingress.index)

    def remember(self, draft: NoteDraft, origin: Origin, scope: str, query: Query | None = None) -> Remembered:
        """Write a note, durable and searchable on return, unless it is known; say what became of it.

        `query` is the vector of its text, where there is an embedder: notes that say the same in other words are then
        asked about too.

        Raises:
            ToolError: it is empty, too long, holds a secret, is forbidden by policy, or may contradict a note and
                nobody said which of them holds.
        """
        text = self.check(draft, origin)
        files = self._ingress.files
        with files.locked():
            self._ingress.glance()
            note_id = new_id(origin.key)
            if origin.key and (row := self._ingress.catalog.get(note_id)) is not None:
                return _known(row)
            note = self._note(note_id, text, draft, origin, scope)
            judged = self._judge(note, draft, origin, query)
            if judged.known is not None:
                return _known(judged.known)
            return self._write(note, judged, origin)

    def room(self, scope: str = "") -> Room:
        """Return how much of the budget the indexes in context use."""
        paths = dict.fromkeys((index_of_scope(""), index_of_scope(scope)))
        used = sum(len(self._ingress.files.read(path) or b"") for path in paths)
        return Room(used, self._policy.index_bytes)

    def accept(self, row: NoteRow, origin: Origin) -> str:
        """Let a note that waited hold, in the place of what it supersedes.

        Raises:
            ToolError: it does not wait.
        """
        if row.status != NoteStatus.REVIEW:
            raise ToolError(f"{row.id} does not wait for review.", kind="review")
        note = self.read(row)
        note = replace(note, status=NoteStatus.LIVE, updated=self._stamp())
        replaced = [found for other in note.supersedes if (found := self._ingress.catalog.get(other)) is not None]
        head = {"status": None, "updated": note.updated}
        edits = [Edit(row.path, lambda data: _with_head(data, head)), *self._ends(replaced, note)]
        edits += self._lines(note, replaced)
        self._ingress.change(edits, _reason(origin, f"accept: {note.title}", note.id))
        return f"{note.id} holds from now on."

    def reject(self, row: NoteRow, origin: Origin) -> None:
        """Remove a note that waits for review.

        Raises:
            ToolError: it does not wait.
        """
        if row.status != NoteStatus.REVIEW:
            raise ToolError(f"{row.id} does not wait for review.", kind="review", hint="To remove it: forget")
        self.forget(row, origin)

    def read(self, row: NoteRow) -> Note:
        """Return a note from its file, under the id by which it is listed."""
        data = self._ingress.files.read(row.path) or b""
        return replace(read_note(row.path, decode(data).text), id=row.id)

    def forget(self, row: NoteRow, origin: Origin) -> None:
        """Remove a note's file and its line in the index; history keeps them."""
        edits = [Edit(row.path, lambda _: None), *self._without_lines([row])]
        self._ingress.change(edits, _reason(origin, f"forget: {row.title}", row.id))

    def pin(self, row: NoteRow, origin: Origin, *, on: bool) -> None:
        """Pin a note, so that it is never archived and always has its line in the index; or unpin it."""
        note = replace(self.read(row), pin=on)
        edits = [Edit(row.path, lambda data: _with_head(data, {"pin": True if on else None}))]
        if on and row.live:
            edits += self._lines(note, [row])
        self._ingress.change(edits, _reason(origin, f"{'pin' if on else 'unpin'}: {row.title}", row.id))

    def lines_of(self, note: Note) -> list[Edit]:
        """Return the edits that list a live note which deserves a line and has none, where there is room."""
        index = index_of_scope(note.scope)
        text = decode(self._ingress.files.read(index) or b"").text
        listed = contents.without_line(text, note.path) != text
        return [] if listed or not note.holds(self._now()) else self._lines(note, [])

    def check(self, draft: NoteDraft, origin: Origin) -> str:
        """Return the text as it would be written.

        Raises:
            ToolError: it is empty, too long, holds a secret, or is forbidden by policy.
        """
        text = draft.text.strip()
        if origin.author is not NoteAuthor.OPERATOR and self._policy.agent == "off":
            raise ToolError("The operator's config forbids notes (memory.policy: off).", kind="policy")
        if not text:
            raise ToolError("There is nothing to remember.", kind="arguments")
        if len(text) > MOST_CHARS:
            raise ToolError(f"A note has at most {MOST_CHARS:,} characters, not {len(text):,}.", kind="too_large")
        if _MASKED in text or self._redactor.redact(text) != text:
            message = "The text holds a secret; secrets are never remembered."
            raise ToolError(message, hint="Say where the secret is kept instead.", kind="secret")
        return absolute_dates(text, datetime.fromtimestamp(self._now(), UTC).date())

    def _note(self, note_id: str, text: str, draft: NoteDraft, origin: Origin, scope: str) -> Note:
        now = self._stamp()
        path, spare = paths_for(note_id, text.split("\n", 1)[0], draft.kind, scope if draft.workspace else "")
        source = origin.source or " ".join(filter(None, (origin.session, origin.run)))
        return Note(
            id=note_id,
            path=path if self._ingress.files.read(path) is None else spare,
            body=text,
            scope=scope if draft.workspace else "",
            kind=draft.kind,
            author=origin.author,
            created=now,
            updated=now,
            valid_from=now[:10],
            expires=draft.expires,
            source=source,
            provenance=origin.provenance,
            about=draft.about,
            pin=draft.pin,
            tags=draft.tags,
        )

    def _judge(self, note: Note, draft: NoteDraft, origin: Origin, query: Query | None) -> _Judged:
        catalog = self._ingress.catalog
        if draft.replaces:
            row = catalog.get(draft.replaces)
            if row is None or not row.live:
                raise ToolError(f"There is no live note {draft.replaces} to replace.", kind="missing")
            return self._replacing([row], origin)
        for row in catalog.same_words(note.words):
            if row.status != NoteStatus.PAST and row.scope in ("", note.scope):
                return _Judged(Landing.KNOWN, known=row)
        if note.about:
            rows = [row for row in catalog.telling_of(note.about) if row.live and row.scope == note.scope]
            if rows:
                return self._replacing(rows, origin)
        return self._compared(note, draft, origin, query)

    def _compared(self, note: Note, draft: NoteDraft, origin: Origin, query: Query | None) -> _Judged:
        replaced: list[NoteRow] = []
        beside: list[str] = []
        for row, cosine in self._neighbours(note, query):
            likeness = compare(note.body, self.read(row).body)
            match Likeness.UNSURE if likeness is Likeness.OTHER and cosine >= NEAR_COSINE else likeness:
                case Likeness.SAME:
                    return _Judged(Landing.KNOWN, known=row)
                case Likeness.OTHER:
                    pass
                case _ if draft.beside:
                    beside.append(row.id)
                case Likeness.UNSURE:
                    raise _unsure(row, self.read(row))
                case _:
                    replaced.append(row)
        judged = self._replacing(replaced, origin) if replaced else self._judged_new(origin)
        return replace(judged, beside=tuple(beside))

    def _neighbours(self, note: Note, query: Query | None) -> Sequence[tuple[NoteRow, float]]:
        """Return the live notes that may be about the same, each with the cosine of its nearest part, 0 without one."""
        filters = Filters(scopes=tuple({"", note.scope}))
        search = Search(
            text=note.body, now=self._now(), most=_NEIGHBOURS, layers=(Layer.NOTE,), filters=filters, query=query
        )
        cosines: dict[str, float] = {}
        for hit in self._recall.search(search):
            note_id = hit.item.id.split(".")[0]
            near = next((reason.value for reason in hit.reasons if reason.feature == "vector"), 0.0)
            cosines[note_id] = max(near, cosines.get(note_id, 0.0))
        rows = [(row, near) for note_id, near in cosines.items() if (row := self._ingress.catalog.get(note_id))]
        return [(row, near) for row, near in rows if row.live and row.scope == note.scope]

    def _judged_new(self, origin: Origin) -> _Judged:
        if origin.author is not NoteAuthor.OPERATOR and self._policy.agent == "ask":
            return _Judged(Landing.REVIEW, why="the config asks for it (memory.policy: ask)")
        return _Judged(Landing.WRITTEN)

    def _replacing(self, rows: Sequence[NoteRow], origin: Origin) -> _Judged:
        """Supersede `rows`; what the operator wrote or pinned is superseded by the operator only."""
        judged = self._judged_new(origin)
        protected = [row for row in rows if row.pin or row.author == NoteAuthor.OPERATOR]
        if origin.author is not NoteAuthor.OPERATOR and protected:
            judged = _Judged(Landing.REVIEW, why=f"{protected[0].id} is the operator's own")
        elif origin.provenance and (vouched := [row for row in rows if not self.read(row).provenance]):
            why = f"it was written after reading the {origin.provenance}, which {vouched[0].id} was not"
            judged = _Judged(Landing.REVIEW, why=why)
        landing = Landing.SUPERSEDED if judged.landing is Landing.WRITTEN else judged.landing
        return _Judged(landing, tuple(rows), why=judged.why)

    def _write(self, note: Note, judged: _Judged, origin: Origin) -> Remembered:
        waits = judged.landing is Landing.REVIEW
        note = replace(
            note,
            status=NoteStatus.REVIEW if waits else NoteStatus.LIVE,
            supersedes=tuple(row.id for row in judged.replaced),
            beside=judged.beside,
        )
        edits = [Edit(note.path, _creating(note))]
        if not waits:
            edits += [*self._ends(judged.replaced, note), *self._lines(note, judged.replaced)]
        self._ingress.change(edits, _reason(origin, f"remember: {note.title}", note.id))
        return Remembered(landing=judged.landing, note_id=note.id, path=note.path, message=self._told(note, judged))

    def _told(self, note: Note, judged: _Judged) -> str:
        index = (self._ingress.files.read(index_of_scope(note.scope)) or b"").decode(errors="replace")
        said = [f"Kept as {note.id} ({note.path})."]
        if judged.landing is Landing.REVIEW:
            return f"{said[0]} It waits for the operator's review: {judged.why}."
        said += [f"It replaces {row.id}: {row.title}." for row in judged.replaced]
        room = self.room(note.scope)
        if contents.deserves_a_line(note) and contents.line_of(note) not in index:
            said.append("The index has no room for its line; recall still finds it.")
        return " ".join([*said, room.told()])

    def _ends(self, replaced: Sequence[NoteRow], note: Note) -> list[Edit]:
        head = {"valid_to": note.updated[:10], "superseded_by": note.id, "updated": note.updated, "status": "past"}
        return [Edit(row.path, lambda data: _with_head(data, head)) for row in replaced]

    def _lines(self, note: Note, replaced: Sequence[NoteRow]) -> list[Edit]:
        """Return the edit of each index: old lines go, a new one comes where there is room."""
        edits = {path: list(rows) for path, rows in self._rows_by_index(replaced).items()}
        edits.setdefault(index_of_scope(note.scope), [])
        left = self.room(note.scope).left
        return [
            Edit(path, _relisting(rows, note if path == index_of_scope(note.scope) else None, left))
            for path, rows in edits.items()
        ]

    def _without_lines(self, rows: Sequence[NoteRow]) -> list[Edit]:
        return [Edit(path, _relisting(gone, None, 0)) for path, gone in self._rows_by_index(rows).items()]

    def _rows_by_index(self, rows: Sequence[NoteRow]) -> dict[str, list[NoteRow]]:
        found: dict[str, list[NoteRow]] = {}
        for row in rows:
            found.setdefault(index_of_scope(row.scope), []).append(row)
        return found

    def _stamp(self) -> str:
        return datetime.fromtimestamp(self._now(), UTC).isoformat(timespec="seconds")


def _creating(note: Note) -> Callable[[bytes | None], bytes]:
    def make(data: bytes | None) -> bytes:
        if data is not None:
            raise ToolError(f"{note.path} is there already.", kind="exists")
        return NEW.encode(write_note(note))

    return make


def _with_head(data: bytes | None, values: Mapping[str, frontmatter.Value | None]) -> bytes | None:
    """Return a note with keys of its head changed, in the encoding and with the line ends it has."""
    if data is None:
        return None
    found = decode(data)
    return found.encode(frontmatter.change(found.text, values))


def _relisting(gone: Sequence[NoteRow], note: Note | None, left: int) -> Callable[[bytes | None], bytes | None]:
    def make(data: bytes | None) -> bytes | None:
        found = decode(data or b"")
        text = found.text
        for row in gone:
            text = contents.without_line(text, row.path)
        freed = len(found.text.encode()) - len(text.encode())
        if note is not None and contents.deserves_a_line(note):
            text = contents.with_line(contents.without_line(text, note.path), note, left + freed) or text
        return data if text == found.text else found.encode(text)

    return make


def _known(row: NoteRow) -> Remembered:
    waits = " It waits for review." if row.status == NoteStatus.REVIEW else ""
    message = f"Known already as {row.id} ({row.path}); nothing was written.{waits}"
    return Remembered(landing=Landing.KNOWN, note_id=row.id, path=row.path, message=message)


def _unsure(row: NoteRow, note: Note) -> ToolError:
    message = f"This may contradict or repeat {row.id}, written {row.updated[:10] or 'by hand'}: {note.body[:300]!r}."
    hint = (
        f"Nothing was written. If it takes its place, say: replaces {row.id}; if both hold: replaces none (--beside)."
    )
    return ToolError(message, hint=hint, kind="conflict")


def _reason(origin: Origin, subject: str, note_id: str) -> Reason:
    given = {"Hermes-Note": note_id, "Hermes-Session": origin.session, "Hermes-Run": origin.run}
    if origin.source:
        given["Hermes-Source"] = " ".join(origin.source.split())[:200]
    trailers = tuple((name, value) for name, value in given.items() if value)
    return Reason(author=origin.author, subject=subject[: _SUBJECT_CHARS + 12], trailers=trailers)
